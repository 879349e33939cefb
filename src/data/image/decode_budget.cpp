#include <data/image/decode_budget.hpp>

namespace lrfind::data {

namespace {

// Of smaller images no number of threads makes many bytes.
constexpr std::uint64_t uncounted = std::uint64_t{256} << 10U;

std::uint64_t whole_mib(std::uint64_t bytes) { return (bytes + (std::uint64_t{1} << 20U) - 1) >> 20U; }

}  // namespace

std::string DecodeBudget::refusal(std::uint64_t bytes) const {
  if (bytes <= bytes_ || bytes <= uncounted) return {};
  return "takes " + std::to_string(whole_mib(bytes)) + " MiB to decode, more than --decode-mb " +
         std::to_string(bytes_ >> 20U) + " allows";
}

void DecodeBudget::take(std::uint64_t bytes) {
  if (bytes <= uncounted) return;
  std::unique_lock lock(mutex_);
  const std::uint64_t place = next_place_++;
  changed_.wait(lock, [&] { return place == served_ && used_ + bytes <= bytes_; });
  used_ += bytes;
  ++served_;
  lock.unlock();
  changed_.notify_all();
}

void DecodeBudget::give_back(std::uint64_t bytes) {
  if (bytes <= uncounted) return;
  {
    const std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  changed_.notify_all();
}

}  // namespace lrfind::data
