// Memory that decoders may take together, however many threads decode.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace lrfind::data {

/// Thread-safe. Whoever decodes takes a share first and waits, in the order of asking, until it is there.
class DecodeBudget {
 public:
  static constexpr std::uint64_t usual_bytes = std::uint64_t{512} << 20U;

  explicit DecodeBudget(std::uint64_t bytes = usual_bytes) : bytes_(bytes) {}
  DecodeBudget(const DecodeBudget&) = delete;
  DecodeBudget& operator=(const DecodeBudget&) = delete;

  /// Why an image that takes `bytes` to decode is not decoded at all, one clause; empty where they fit.
  std::string refusal(std::uint64_t bytes) const;

  /// Part of the budget, for its own lifetime. `bytes` must fit (refusal()).
  class Share {
   public:
    Share(DecodeBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) { budget_.take(bytes_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { budget_.give_back(bytes_); }

   private:
    DecodeBudget& budget_;
    std::uint64_t bytes_;
  };

 private:
  void take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);

  const std::uint64_t bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t used_ = 0;
  // Places in the queue, so that small images do not keep a large one waiting for ever.
  std::uint64_t next_place_ = 0;
  std::uint64_t served_ = 0;
};

}  // namespace lrfind::data
