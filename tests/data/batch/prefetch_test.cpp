#include <data/batch/prefetch.hpp>

#include "data/coloured_images.hpp"
#include "data/files.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::find_all;
using test::shape;
using test::TempFolder;
using test::with;
using test::write_images;

TEST(Prefetch, DecodesWhatALoaderOfItsSeedAsksForAndMarksNothingAsUsed) {
  TempFolder folder;
  write_images(folder, 10);
  folder.write("a/100.png", FileBytes{1, 2, 3});
  const Dataset dataset = find_all(folder);
  const auto store = std::make_shared<ImageStore>(dataset, StoreOptions{.shape = shape});
  {
    const Prefetch prefetch(store, 1, 8, 1);
    for (int wait = 0; wait < 2000 && store->decoded_images() < 8; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  EXPECT_EQ(store->decoded_images(), 8U);
  EXPECT_EQ(store->images_used(), 0U);
  EXPECT_TRUE(store->unreadable().empty());
  Loader ahead(dataset, Split::train, with(4, 0), store);
  Loader plain(dataset, Split::train, with(4, 0));
  for (int batch = 0; batch < 2; ++batch) {
    const auto a = ahead.next(), b = plain.next();
    EXPECT_EQ(a.pixels, b.pixels);
    EXPECT_EQ(a.labels, b.labels);
  }
  // An unreadable image among them is replaced by one that may have to be decoded.
  EXPECT_LE(store->decoded_images(), 9U);
  EXPECT_EQ(store->unreadable().size(), plain.unreadable().size());
}

TEST(Prefetch, KeepsToTheStoresBudget) {
  TempFolder folder;
  write_images(folder, 10);
  const auto store =
      std::make_shared<ImageStore>(find_all(folder), StoreOptions{.shape = shape, .cache_bytes = 3 * shape.bytes()});
  {
    const Prefetch prefetch(store, 1, 20, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_LE(store->decoded_images(), 3U);
}

}  // namespace
}  // namespace lrfind::data
