#include <data/batch/statistics.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

#include <data/batch/random.hpp>
#include <data/dataset/inspect.hpp>
#include <platform/parallel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

namespace lrfind::data {
namespace {

constexpr std::uint64_t sample_salt = 21;

// A fixed sample of n out of `all`, in rising order.
std::vector<std::uint32_t> sample(std::size_t all, std::size_t n, std::uint64_t seed) {
  const Permutation order(static_cast<std::uint32_t>(all), seed_of(seed, sample_salt));
  std::vector<std::uint32_t> chosen(std::min(all, n));
  for (std::uint32_t i = 0; i < chosen.size(); ++i) chosen[i] = order[i];
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

ChannelStatistics channel_statistics(ImageStore& store, std::size_t images, std::uint64_t seed, unsigned threads,
                                     const std::stop_token& stop) {
  const Samples& samples = store.samples(Split::train);
  const auto chosen = sample(samples.size(), images, seed);
  const auto channels = static_cast<std::size_t>(store.shape().channels);
  // Sums of whole numbers: exact, so the order of threads cannot show.
  struct Sums {
    std::array<std::uint64_t, 3> values{};
    std::array<std::uint64_t, 3> squares{};
    bool readable = false;
  };
  std::vector<Sums> sums(chosen.size());
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  parallel_for(
      chosen.size(), threads,
      [&](std::size_t n) {
        std::vector<std::uint8_t> scratch(store.shape().bytes());
        const std::uint8_t* pixels = store.fetch(Split::train, chosen[n], scratch.data());
        if (pixels == nullptr) return;
        sums[n].readable = true;
        for (std::size_t i = 0; i < scratch.size(); i += channels) {
          for (std::size_t c = 0; c < channels; ++c) {
            const std::uint64_t value = pixels[i + c];
            sums[n].values[c] += value;
            sums[n].squares[c] += value * value;
          }
        }
      },
      stop);
  store.mark_used(Split::train, chosen);
  ChannelStatistics result;
  Sums total;
  for (const Sums& one : sums) {
    if (!one.readable) continue;
    ++result.images;
    for (std::size_t c = 0; c < channels; ++c) {
      total.values[c] += one.values[c];
      total.squares[c] += one.squares[c];
    }
  }
  if (result.images == 0) {
    const auto bad = store.unreadable();
    throw data_error("none of the " + std::to_string(chosen.size()) + " training images looked at can be read" +
                     (bad.empty() ? "" : ", for instance '" + bad.front().path + "' " + bad.front().error));
  }
  const std::size_t values_per_channel = result.images * (store.shape().bytes() / channels);
  const auto count = static_cast<double>(values_per_channel);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(total.values[c]) / count;
    const double variance = static_cast<double>(total.squares[c]) / count - mean * mean;
    result.mean.push_back(mean / 255);
    result.std.push_back(std::max(std::sqrt(std::max(variance, 0.0)), 1.0) / 255);
  }
  return result;
}

ImageShape typical_shape(const Dataset& dataset, std::size_t images, std::uint64_t seed) {
  if (dataset.native) return *dataset.native;
  std::vector<std::uint32_t> widths;
  std::vector<std::uint32_t> heights;
  bool grey = true;
  std::vector<std::uint8_t> file;
  std::string first_error;
  for (const std::uint32_t i : sample(dataset.train.size(), images, seed)) {
    ImageHeader header;
    header.error = dataset.train.read(i, file);
    if (header.ok()) header = read_image_header(file);
    if (!header.ok()) {
      if (first_error.empty()) first_error.append("'").append(dataset.train.path(i)).append("' ").append(header.error);
      continue;
    }
    const bool turned = header.orientation >= 5;
    widths.push_back(turned ? header.height : header.width);
    heights.push_back(turned ? header.width : header.height);
    if (header.channels > 2) grey = false;
  }
  if (widths.empty()) throw data_error("no training image looked at can be read, for instance " + first_error);
  return {static_cast<int>(range_of(heights).median), static_cast<int>(range_of(widths).median), grey ? 1 : 3};
}

}  // namespace lrfind::data
