// Everything about a dataset that a person should know before training on it.
#pragma once

#include <data/dataset/dataset.hpp>
#include <data/image/decode_budget.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lrfind::data {

struct ClassCount {
  std::string name;
  std::size_t train = 0;
  std::size_t val = 0;
};

/// Smallest, median (the upper of two in the middle) and largest.
struct Range {
  std::uint32_t min = 0;
  std::uint32_t median = 0;
  std::uint32_t max = 0;
};

/// All 0 for no values.
Range range_of(std::vector<std::uint32_t> values);

struct Inspection {
  std::string path;
  std::string format;
  std::vector<ClassCount> classes;
  std::size_t train_images = 0;
  std::size_t val_images = 0;
  std::string val_origin;
  double imbalance = 1;  ///< training images of the largest class over those of the smallest
  Range width;           ///< of readable images, after orientation
  Range height;
  std::map<std::string, std::size_t> formats;   ///< "JPEG", ... or "IDX" and how many
  std::map<std::string, std::size_t> channels;  ///< "grey", "grey+alpha", "colour", "colour+alpha", "CMYK"
  std::vector<Unreadable> unreadable;
  std::vector<Misnamed> misnamed;
  std::size_t ignored_files = 0;
  std::size_t hidden = 0;
  std::vector<std::string> notes;
};

/// Reads and decodes every image. `on_progress` is told how many are done, from worker threads, at most once per image.
/// Throws Interrupted.
Inspection inspect(const Dataset& dataset, DecodeBudget& budget, unsigned threads = 0, const std::stop_token& stop = {},
                   const std::function<void(std::size_t done)>& on_progress = {});

}  // namespace lrfind::data
