#include <data/batch/check.hpp>
#include <lrfind/error.hpp>

#include <platform/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <map>
#include <thread>
#include <utility>

namespace lrfind::data {
namespace {

// Enough for a whole-image decode to find damage, and small enough to cost little.
constexpr ImageShape check_shape{32, 32, 3};

std::string percent(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * fraction);
  return text;
}

std::string rounded_up(double fraction) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::ceil(100 * fraction) / 100);
  return text;
}

// Sizes and places differ from file to file where the reason is the same.
std::string without_numbers(const std::string& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) {
      result += text[i];
    } else if (i == 0 || !is_digit(text[i - 1])) {
      result += 'N';
    }
  }
  return result;
}

struct Candidate {
  Split split;
  std::uint32_t image;
};

std::vector<Candidate> never_used(const ImageStore& store, const CheckOptions& options, CheckResult& result) {
  std::vector<Candidate> chosen;
  std::uint64_t bytes = 0;
  bool full = false;
  for (const Split split : {Split::train, Split::val}) {
    const Samples& samples = store.samples(split);
    if (samples.empty() || samples.pixels(0) != nullptr) continue;  // pixels in memory were checked when they were read
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (store.used(split, i)) continue;
      if (!full) {
        bytes += samples.file_bytes(i);
        full = chosen.size() >= options.max_images || bytes > options.max_bytes;
      }
      if (full) {
        ++result.not_checked;
      } else {
        chosen.push_back({split, static_cast<std::uint32_t>(i)});
      }
    }
  }
  return chosen;
}

}  // namespace

void require_readable(const std::vector<Unreadable>& unreadable, std::size_t used, double max_fraction, bool all_used) {
  constexpr std::size_t enough = 32;
  if (unreadable.empty() || used == 0) return;
  if (used < enough && unreadable.size() < used && !all_used) return;
  const double fraction = static_cast<double>(unreadable.size()) / static_cast<double>(used);
  if (fraction <= max_fraction && unreadable.size() < used) return;
  std::string message;
  if (unreadable.size() == used) {
    message = "none of the " + std::to_string(used) + " images looked at can be read:";
  } else {
    message = std::to_string(unreadable.size()) + " of the " + std::to_string(used) +
              " images looked at cannot be read (" + percent(fraction) + ", the limit is " + percent(max_fraction) +
              "); --max-unreadable " + rounded_up(fraction) + " would leave them out and go on:";
  }
  // One line, since a line's end in a name is not to be told from one that was meant.
  const char* separator = " ";
  for (const std::string& line : by_reason(unreadable)) message += std::exchange(separator, "; ") + line;
  throw data_error(message);
}

std::vector<std::string> by_reason(const std::vector<Unreadable>& unreadable) {
  struct Group {
    std::string reason;
    std::vector<std::string> paths;
  };
  std::map<std::string, Group> found;
  for (const Unreadable& file : unreadable) {
    Group& group = found[without_numbers(file.error)];
    if (group.paths.empty()) group.reason = file.error;
    if (group.reason != file.error) group.reason = without_numbers(file.error);
    group.paths.push_back(file.path);
  }
  std::vector<Group> groups;
  for (const auto& [key, group] : found) groups.push_back(group);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.paths.size() > b.paths.size(); });
  const std::size_t examples = std::max<std::size_t>(3, 10 / std::max<std::size_t>(1, groups.size()));
  std::vector<std::string> lines;
  for (const auto& [reason, paths] : groups) {
    std::string line = std::to_string(paths.size()) + (paths.size() == 1 ? " file " : " files, each ") + reason + ": ";
    for (std::size_t i = 0; i < std::min(examples, paths.size()); ++i) line += (i == 0 ? "" : ", ") + paths[i];
    if (paths.size() > examples) line += " and " + std::to_string(paths.size() - examples) + " more";
    lines.push_back(std::move(line));
  }
  return lines;
}

CheckResult check_remaining(ImageStore& store, const CheckOptions& options) {
  CheckResult result;
  const std::vector<Candidate> chosen = never_used(store, options, result);
  const unsigned threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  struct Finding {
    std::uint64_t pixels = 0;
    std::string error;
    std::string other_format;
  };
  std::vector<Finding> findings(chosen.size());
  parallel_for(
      chosen.size(), threads,
      [&](std::size_t i) {
        thread_local std::vector<std::uint8_t> file;
        const Samples& samples = store.samples(chosen[i].split);
        Finding& finding = findings[i];
        finding.error = samples.read(chosen[i].image, file);
        if (!finding.error.empty()) return;
        const ImageHeader header = read_image_header(file);
        finding.error = header.error;
        finding.pixels = header.ok() ? std::uint64_t{header.width} * header.height : 0;
        if (header.ok() && header.format != format_of_name(samples.path(chosen[i].image)))
          finding.other_format = to_string(header.format);
      },
      options.stop);
  // The whole decode costs far more, so it has a bound of its own, in pixels that the headers declare.
  std::vector<std::size_t> to_decode;
  std::uint64_t pixels = 0;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (!findings[i].error.empty()) continue;
    pixels += findings[i].pixels;
    if (pixels > options.max_decoded_pixels) break;
    to_decode.push_back(i);
  }
  parallel_for(
      to_decode.size(), threads,
      [&](std::size_t i) {
        thread_local std::vector<std::uint8_t> file;
        const Candidate& candidate = chosen[to_decode[i]];
        std::string& error = findings[to_decode[i]].error;
        error = store.samples(candidate.split).read(candidate.image, file);
        if (error.empty()) error = decode(file, {check_shape}, store.decode_budget()).error;
      },
      options.stop);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto& [split, image] = chosen[i];
    if (!findings[i].error.empty()) {
      store.mark_unreadable(split, image, findings[i].error);
    } else if (!findings[i].other_format.empty()) {
      store.mark_misnamed(split, image, findings[i].other_format);
    }
    store.mark_used(split, {&chosen[i].image, 1});
  }
  result.checked = chosen.size();
  result.decoded = to_decode.size();
  return result;
}

}  // namespace lrfind::data
