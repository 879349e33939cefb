#include <data/dataset/inspect.hpp>
#include <stop_token>

#include <data/image/decode.hpp>
#include <platform/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace lrfind::data {
namespace {

struct Seen {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  ImageFormat format = ImageFormat::unknown;
  std::string channels;
  std::string error;
  bool misnamed = false;
};

std::string describe_channels(const ImageHeader& header) {
  const bool grey = header.channels <= 2;
  if (header.format == ImageFormat::jpeg && header.channels == 4) return "CMYK";
  return std::string(grey ? "grey" : "colour") + (header.alpha ? "+alpha" : "");
}

// Small, so that large images need not exist whole to be looked at for damage.
constexpr ImageShape looked_at{32, 32, 3};

Seen look_at(const Samples& samples, std::size_t i, DecodeBudget& budget) {
  thread_local std::vector<std::uint8_t> file;
  Seen seen;
  seen.error = samples.read(i, file);
  if (!seen.error.empty()) return seen;
  const Decoded decoded = decode(file, {.shape = looked_at}, budget);
  seen.error = decoded.error;
  seen.format = decoded.header.format;
  seen.channels = describe_channels(decoded.header);
  seen.misnamed = decoded.ok() && seen.format != format_of_name(samples.path(i));
  seen.width = decoded.header.width;
  seen.height = decoded.header.height;
  if (decoded.header.orientation >= 5) std::swap(seen.width, seen.height);
  return seen;
}

void add_classes(const Dataset& dataset, Inspection& result) {
  const auto train = dataset.train.count_by_class(dataset.classes.size());
  const auto val = dataset.val.count_by_class(dataset.classes.size());
  for (std::size_t i = 0; i < dataset.classes.size(); ++i)
    result.classes.push_back({dataset.classes[i], train[i], val[i]});
  const auto [smallest, largest] = std::minmax_element(train.begin(), train.end());
  result.imbalance = *smallest == 0 ? 0 : static_cast<double>(*largest) / static_cast<double>(*smallest);
}

}  // namespace

Range range_of(std::vector<std::uint32_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

Inspection inspect(const Dataset& dataset, DecodeBudget& budget, unsigned threads, const std::stop_token& stop,
                   const std::function<void(std::size_t done)>& on_progress) {
  Inspection result;
  result.path = dataset.path;
  result.format = dataset.format;
  result.train_images = dataset.train.size();
  result.val_images = dataset.val.size();
  result.val_origin = dataset.val_origin;
  result.ignored_files = dataset.ignored_files;
  result.hidden = dataset.hidden;
  result.notes = dataset.notes;
  add_classes(dataset, result);
  const std::size_t total = dataset.train.size() + dataset.val.size();
  if (dataset.native) {
    const auto width = static_cast<std::uint32_t>(dataset.native->width);
    const auto height = static_cast<std::uint32_t>(dataset.native->height);
    result.width = {width, width, width};
    result.height = {height, height, height};
    result.formats["IDX"] = total;
    result.channels[dataset.native->channels == 1 ? "grey" : "colour"] = total;
    return result;
  }

  const auto in_split = [&](std::size_t i, const auto& use) {
    const bool in_train = i < dataset.train.size();
    return use(in_train ? dataset.train : dataset.val, in_train ? i : i - dataset.train.size());
  };
  const auto path_of = [&](std::size_t i) {
    return in_split(i, [](const Samples& samples, std::size_t at) { return samples.path(at); });
  };
  std::vector<Seen> seen(total);
  std::atomic<std::size_t> done{0};
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  parallel_for(
      total, threads,
      [&](std::size_t i) {
        seen[i] = in_split(i, [&](const Samples& samples, std::size_t at) { return look_at(samples, at, budget); });
        const std::size_t now = ++done;
        if (on_progress) on_progress(now);
      },
      stop);

  std::vector<std::uint32_t> widths;
  std::vector<std::uint32_t> heights;
  for (std::size_t i = 0; i < total; ++i) {
    if (!seen[i].error.empty()) {
      result.unreadable.push_back({path_of(i), seen[i].error});
      continue;
    }
    widths.push_back(seen[i].width);
    heights.push_back(seen[i].height);
    ++result.formats[std::string(to_string(seen[i].format))];
    ++result.channels[seen[i].channels];
    if (seen[i].misnamed) result.misnamed.push_back({path_of(i), std::string(to_string(seen[i].format))});
  }
  result.width = range_of(std::move(widths));
  result.height = range_of(std::move(heights));
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  std::sort(result.unreadable.begin(), result.unreadable.end(), by_path);
  std::sort(result.misnamed.begin(), result.misnamed.end(), by_path);
  return result;
}

}  // namespace lrfind::data
