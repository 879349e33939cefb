// A small data set whose images are told apart by their colour.
#pragma once

#include <data/batch/loader.hpp>

#include "data/files.hpp"

#include <string>

namespace lrfind::data::test {

inline constexpr ImageShape shape{8, 8, 3};

// Two classes of n images, image i of class c of one colour (10 i + 5, 100 c, 7).
inline void write_images(const TempFolder& folder, int n) {
  for (int c = 0; c < 2; ++c) {
    for (int i = 0; i < n; ++i) {
      folder.write(std::string(1, static_cast<char>('a' + c)) + "/" + std::to_string(100 + i) + ".png",
                   plain_png(16, 16, 10 * i + 5, 100 * c, 7));
    }
  }
}

inline Dataset find_all(const TempFolder& folder) {
  FindOptions options;
  options.val_split = 0;
  return find_dataset(folder.path(), options);
}

inline LoaderOptions with(int batch_size, unsigned workers, std::uint64_t seed = 1) {
  LoaderOptions options;
  options.shape = shape;
  options.batch_size = batch_size;
  options.workers = workers;
  options.seed = seed;
  return options;
}

}  // namespace lrfind::data::test
