#include <data/batch/check.hpp>
#include <data/batch/loader.hpp>
#include <data/batch/statistics.hpp>
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "data/coloured_images.hpp"
#include "data/files.hpp"

#include <atomic>
#include <chrono>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::operator+;
using test::find_all;
using test::shape;
using test::TempFolder;
using test::with;
using test::write_images;

struct Flat {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
  std::vector<std::uint32_t> indices;
  bool operator==(const Flat&) const = default;
};

Flat first_batches(Loader& loader, int count) {
  Flat all;
  for (int i = 0; i < count; ++i) {
    const Batch batch = loader.next();
    all.pixels.insert(all.pixels.end(), batch.pixels.begin(), batch.pixels.end());
    all.labels.insert(all.labels.end(), batch.labels.begin(), batch.labels.end());
    all.indices.insert(all.indices.end(), batch.indices.begin(), batch.indices.end());
  }
  return all;
}

TEST(Loader, PutsEveryImageWithItsLabelInEveryEpoch) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  Loader loader(dataset, Split::train, with(5, 2));
  std::vector<std::uint32_t> first_epoch;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::uint32_t> seen;
    for (int b = 0; b < 4; ++b) {
      const Batch batch = loader.next();
      ASSERT_EQ(batch.size, 5);
      ASSERT_EQ(batch.shape, shape);
      ASSERT_EQ(batch.pixels.size(), 5 * shape.bytes());
      for (std::size_t i = 0; i < 5; ++i) {
        const int image = static_cast<int>(batch.indices[i]);
        EXPECT_EQ(batch.labels[i], image / 10);
        EXPECT_EQ(batch.pixels[i * shape.bytes()], 10 * (image % 10) + 5);
        EXPECT_EQ(batch.pixels[(i + 1) * shape.bytes() - 2], 100 * (image / 10));
        seen.push_back(batch.indices[i]);
      }
    }
    if (epoch == 0) first_epoch = seen;
    if (epoch == 1) {
      EXPECT_NE(seen, first_epoch);
    }
    std::sort(seen.begin(), seen.end());
    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(seen[i], i);
  }
}

TEST(Loader, BatchesAreTheSameForAnyNumberOfWorkersAndAnyCache) {
  const TempFolder folder;
  write_images(folder, 20);
  folder.write("a/105.png", FileBytes{});
  folder.write("b/103.png", test::first_part(test::plain_png(16, 16, 1, 1, 1), 60));
  folder.write("b/107.png", "not an image");
  const Dataset dataset = find_all(folder);
  std::optional<Flat> reference;
  std::vector<Unreadable> unreadable;
  for (const unsigned workers : {0U, 1U, 2U, 4U}) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{5000}, std::size_t{1} << 20U}) {
      LoaderOptions options = with(7, workers);
      options.cache_bytes = cache;
      options.prefetch = static_cast<int>(workers) + 1;
      options.augmentations = parse_augmentations("random-resized-crop,flip,color-jitter");
      Loader loader(dataset, Split::train, options);
      const Flat batches = first_batches(loader, 20);
      if (!reference) {
        reference = batches;
        unreadable = loader.unreadable();
      }
      EXPECT_TRUE(batches == *reference) << workers << " workers, cache " << cache;
      EXPECT_EQ(loader.unreadable(), unreadable);
    }
  }
  EXPECT_EQ(unreadable.size(), 3U);
}

TEST(Loader, OtherSeedsGiveOtherBatches) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  Loader one(dataset, Split::train, with(10, 0, 1));
  Loader two(dataset, Split::train, with(10, 0, 2));
  EXPECT_NE(first_batches(one, 1).indices, first_batches(two, 1).indices);
}

TEST(Loader, MakesBatchesLargerThanTheDataset) {
  const TempFolder folder;
  write_images(folder, 2);
  const Dataset dataset = find_all(folder);
  Loader loader(dataset, Split::train, with(11, 2));
  const Batch batch = loader.next();
  std::vector<int> counts(4);
  for (const std::uint32_t i : batch.indices) ++counts[i];
  for (const int count : counts) EXPECT_TRUE(count == 2 || count == 3);
}

TEST(Loader, DrawsFromGivenImagesOnly) {
  const TempFolder folder;
  write_images(folder, 10);
  folder.write("a/103.png", FileBytes{});
  const Dataset dataset = find_all(folder);
  LoaderOptions options = with(6, 2);
  options.indices = {1, 3, 12};
  Loader loader(dataset, Split::train, options);
  for (int b = 0; b < 5; ++b) {
    const Batch batch = loader.next();
    for (const std::uint32_t i : batch.indices) EXPECT_TRUE(i == 1 || i == 12) << i;
  }
}

TEST(Loader, ReplacesUnreadableImagesAndNamesThem) {
  const TempFolder folder;
  write_images(folder, 10);
  const std::string empty = folder.write("a/102.png", FileBytes{});
  const std::string text = folder.write("b/104.png", "GIF89a, really");
  const Dataset dataset = find_all(folder);
  Loader loader(dataset, Split::train, with(20, 2));
  const Batch batch = loader.next();
  EXPECT_EQ(batch.size, 20);
  for (const std::uint32_t i : batch.indices) EXPECT_TRUE(i != 2 && i != 14);
  EXPECT_EQ(loader.unreadable(),
            (std::vector<Unreadable>{{empty, "is empty (0 bytes)"}, {text, "is a GIF image, which is not supported"}}));
}

TEST(Loader, NamesOnlyFilesOfBatchesThatWereAskedFor) {
  const TempFolder folder;
  for (int i = 0; i < 50; ++i) {
    folder.write("a/" + std::to_string(i) + ".png", test::plain_png(8, 8, 1, 1, 1));
    folder.write("b/" + std::to_string(i) + ".png", FileBytes{});
  }
  const Dataset dataset = find_all(folder);
  std::optional<std::vector<Unreadable>> reference;
  for (const int prefetch : {0, 8}) {
    LoaderOptions options = with(4, 2);
    options.prefetch = prefetch;
    Loader loader(dataset, Split::train, options);
    loader.next();
    loader.next();
    if (!reference) reference = loader.unreadable();
    EXPECT_EQ(loader.unreadable(), *reference);
  }
}

TEST(Loader, EndsWhenTooManyImagesAreUnreadable) {
  const TempFolder folder;
  write_images(folder, 20);
  for (int i = 0; i < 12; ++i) folder.write("a/" + std::to_string(100 + i) + ".png", FileBytes{});
  const Dataset dataset = find_all(folder);
  LoaderOptions options = with(20, 2);
  options.max_unreadable = 0.05;
  Loader loader(dataset, Split::train, options);
  try {
    for (int i = 0; i < 10; ++i) loader.next();
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("12 of the 40 images looked at cannot be read (30 %, the limit is 5 %)"), std::string::npos)
        << message;
    EXPECT_NE(message.find("12 files, each is empty (0 bytes): "), std::string::npos) << message;
    EXPECT_NE(message.find("a/109.png"), std::string::npos) << message;
    EXPECT_EQ(message.find("a/110.png"), std::string::npos) << message;
    EXPECT_NE(message.find("and 2 more"), std::string::npos) << message;
  }
}

TEST(Loader, EndsWhenNothingIsReadable) {
  const TempFolder folder;
  for (const char* name : {"a/1.png", "a/2.png", "b/1.png"}) folder.write(name, FileBytes{});
  const Dataset dataset = find_all(folder);
  for (const unsigned workers : {0U, 2U}) {
    Loader loader(dataset, Split::train, with(2, workers));
    try {
      loader.next();
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("none of the 3 images looked at can be read"), std::string::npos)
          << error.what();
    }
  }
}

TEST(Loader, LeavesAugmentationToTheCaller) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  LoaderOptions options = with(4, 2);
  options.augmentations = parse_augmentations("crop-flip,color-jitter");
  Loader here(dataset, Split::train, options);
  options.augment_later = true;
  Loader later(dataset, Split::train, options);
  for (int number = 0; number < 8; ++number) {
    const Batch done = here.next();
    Batch left = later.next();
    EXPECT_TRUE(done.augmentations.empty());
    ASSERT_EQ(left.augmentations.size(), 4U * 2U);
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t k = 0; k < 2; ++k) apply(left.augmentations[2 * i + k], &left.pixels[i * shape.bytes()], shape);
    }
    EXPECT_EQ(left.pixels, done.pixels);
    EXPECT_EQ(left.labels, done.labels);
  }
  EXPECT_TRUE(later.load(std::vector<std::uint32_t>{1, 2}).augmentations.empty());
}

TEST(Loader, LoadsGivenImagesAndLeavesOutUnreadableOnes) {
  const TempFolder folder;
  write_images(folder, 10);
  const std::string bad = folder.write("a/103.png", FileBytes{});
  const Dataset dataset = find_all(folder);
  for (const unsigned workers : {0U, 3U}) {
    LoaderOptions options = with(4, workers);
    options.augmentations = parse_augmentations("crop-flip");
    Loader loader(dataset, Split::train, options);
    const std::vector<std::uint32_t> wanted{15, 3, 0, 15, 7};
    const Batch batch = loader.load(wanted);
    EXPECT_EQ(batch.size, 4);
    EXPECT_EQ(batch.indices, (std::vector<std::uint32_t>{15, 0, 15, 7}));
    EXPECT_EQ(batch.labels, (std::vector<std::int64_t>{1, 0, 1, 0}));
    ASSERT_EQ(batch.pixels.size(), 4 * shape.bytes());
    EXPECT_EQ(batch.pixels[shape.bytes()], 5);
    EXPECT_EQ(batch.pixels[4 * shape.bytes() - 3], 75);
    EXPECT_EQ(loader.unreadable(), (std::vector<Unreadable>{{bad, "is empty (0 bytes)"}}));
    EXPECT_EQ(loader.load({}).size, 0);
  }
}

TEST(Loader, DecodesEveryImageOnceForAllTrials) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  const auto store = std::make_shared<ImageStore>(dataset, StoreOptions{shape, Resize::stretch, std::size_t{1} << 20U});
  for (std::uint64_t trial = 0; trial < 3; ++trial) {
    Loader loader(dataset, Split::train, with(10, 2, trial), store);
    first_batches(loader, 6);
  }
  EXPECT_EQ(store->decoded_images(), 20U);
  EXPECT_EQ(store->cached_images(), 20U);
}

TEST(Loader, KeepsNoMoreThanTheBudget) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  const auto store = std::make_shared<ImageStore>(dataset, StoreOptions{shape, Resize::stretch, 7 * shape.bytes() + 5});
  Loader loader(dataset, Split::train, with(10, 2), store);
  first_batches(loader, 6);
  EXPECT_EQ(store->cached_images(), 7U);
}

TEST(Loader, UsesItsBuffersAgain) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  LoaderOptions options = with(5, 2);
  options.prefetch = 2;
  Loader loader(dataset, Split::train, options);
  std::set<const std::uint8_t*> buffers;
  for (int i = 0; i < 30; ++i) buffers.insert(loader.next().pixels.data());
  EXPECT_LE(buffers.size(), 4U);
}

TEST(Loader, OutlivedByItsBatches) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  Batch batch;
  {
    Loader loader(dataset, Split::train, with(5, 2));
    batch = loader.next();
    batch = loader.next();
  }
  EXPECT_EQ(batch.pixels.size(), 5 * shape.bytes());
}

TEST(Loader, StopsSoonWhenAskedEvenAmongSlowImages) {
  const TempFolder folder;
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"}) {
    folder.write(name, test::encode(".jpg", cv::Mat(3000, 3000, CV_8UC3, cv::Scalar(1, 2, 3))));
  }
  const Dataset dataset = find_all(folder);
  std::stop_source stop;
  LoaderOptions options = with(64, 1);
  options.cache_bytes = 0;
  options.stop = stop.get_token();
  using Clock = std::chrono::steady_clock;
  Clock::time_point asked;
  {
    Loader loader(dataset, Split::train, options);
    const std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      asked = Clock::now();
      stop.request_stop();
    });
    EXPECT_THROW(loader.next(), Interrupted);
    EXPECT_THROW(loader.next(), Interrupted);
  }
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - asked).count(), 1.5);
}

TEST(Loader, ServesPixelsInMemory) {
  const std::string path = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const Dataset dataset = find_dataset(path);
  LoaderOptions options = with(64, 2);
  options.shape = {28, 28, 1};
  Loader loader(dataset, Split::train, options);
  const Batch batch = loader.next();
  EXPECT_EQ(loader.store()->decoded_images(), 0U);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_TRUE(std::equal(batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * 784),
                           batch.pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * 784),
                           dataset.train.pixels(batch.indices[i])));
    EXPECT_EQ(batch.labels[i], dataset.train.label(batch.indices[i]));
  }
}

TEST(RequireReadable, WaitsForEnoughImages) {
  const std::vector<Unreadable> one{{"x.png", "is empty (0 bytes)"}};
  EXPECT_NO_THROW(require_readable({}, 10, 0.05));
  EXPECT_NO_THROW(require_readable(one, 3, 0.05));
  EXPECT_NO_THROW(require_readable(one, 40, 0.05));
  EXPECT_THROW(require_readable(one, 3, 0.05, true), Error);
  EXPECT_THROW(require_readable(one, 1, 0.05), Error);
  EXPECT_THROW(require_readable(one, 32, 0.03), Error);
}

std::string refusal(const std::vector<Unreadable>& unreadable, std::size_t used) {
  try {
    require_readable(unreadable, used, 0.05);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(RequireReadable, GroupsTheFilesByReasonAndNamesTheOption) {
  std::vector<Unreadable> unreadable;
  for (int i = 0; i < 2; ++i) {
    unreadable.push_back({"a/" + std::to_string(i) + ".bmp",
                          "is cut off: the BMP data need " + std::to_string(100 + i) + " bytes and the file has 60"});
  }
  for (int i = 0; i < 5; ++i) unreadable.push_back({"b/" + std::to_string(i) + ".jpg", "is a GIF image"});
  unreadable.push_back({"c.png", "is empty (0 bytes)"});
  unreadable.push_back({"d.png", "is not an image"});
  EXPECT_EQ(refusal(unreadable, 100),
            "9 of the 100 images looked at cannot be read (9 %, the limit is 5 %); --max-unreadable 0.09 would leave "
            "them out and go on: "
            "5 files, each is a GIF image: b/0.jpg, b/1.jpg, b/2.jpg and 2 more; "
            "2 files, each is cut off: the BMP data need N bytes and the file has N: a/0.bmp, a/1.bmp; "
            "1 file is empty (0 bytes): c.png; "
            "1 file is not an image: d.png");
}

TEST(RequireReadable, NamesTenFilesOfASingleReason) {
  std::vector<Unreadable> unreadable(15, {"x.png", "is empty (0 bytes)"});
  EXPECT_EQ(refusal(unreadable, 15),
            "none of the 15 images looked at can be read: "
            "15 files, each is empty (0 bytes): x.png, x.png, x.png, x.png, x.png, x.png, x.png, x.png, x.png, x.png "
            "and 5 more");
}

// A folder salted with every kind of bad file; returns their paths.
std::vector<std::string> salt(const TempFolder& folder) {
  const FileBytes jpeg = test::encode(".jpg", test::photo(60, 40, 1));
  FileBytes huge = test::encode(".png", test::photo(60, 40, 1));
  huge[18] = 0xEA, huge[19] = 0x60, huge[22] = 0xEA, huge[23] = 0x60;
  FileBytes damaged = test::plain_png(30, 30, 1, 2, 3);
  damaged[45] ^= 0xFFU;
  std::vector<std::string> bad{
      folder.write("a/001 empty.png", FileBytes{}),
      folder.write("a/002 cut.jpg", test::first_part(jpeg, jpeg.size() / 2)), folder.write("a/003 huge.png", huge),
      folder.write("b/004 text.jpeg", "<html>404</html>"), folder.write("b/005 damaged.png", damaged)};
  folder.write("b/006 really a png.jpg", test::plain_png(8, 8, 1, 1, 1));
  return bad;
}

TEST(CheckRemaining, NamesEveryBadFileOfASaltedFolder) {
  const TempFolder folder;
  write_images(folder, 100);
  const std::vector<std::string> bad = salt(folder);
  const Dataset dataset = find_all(folder);
  std::optional<std::vector<Unreadable>> reference;
  for (const int batches : {1, 3, 30}) {
    for (const unsigned workers : {0U, 3U}) {
      Loader loader(dataset, Split::train, with(16, workers));
      first_batches(loader, batches);
      CheckOptions options;
      options.threads = workers;
      const CheckResult result = check_remaining(*loader.store(), options);
      EXPECT_EQ(result.not_checked, 0U);
      std::vector<std::string> named;
      for (const Unreadable& file : loader.unreadable()) named.push_back(file.path);
      EXPECT_EQ(named, bad);
      EXPECT_EQ(loader.store()->misnamed(), (std::vector<Misnamed>{{folder / "b/006 really a png.jpg", "PNG"}}));
      EXPECT_EQ(loader.store()->images_used(), 206U);
      if (!reference) reference = loader.unreadable();
      EXPECT_EQ(loader.unreadable(), *reference);
    }
  }
  EXPECT_NE((*reference)[2].error.find("60000 x 60000"), std::string::npos);
}

TEST(CheckRemaining, StaysWithinItsBounds) {
  const TempFolder folder;
  write_images(folder, 10);
  const Dataset dataset = find_all(folder);
  CheckOptions options;
  options.max_images = 6;
  options.max_decoded_pixels = 2 * 256;
  ImageStore store(dataset, {shape});
  const CheckResult by_count = check_remaining(store, options);
  EXPECT_EQ(by_count.checked, 6U);
  EXPECT_EQ(by_count.decoded, 2U);
  EXPECT_EQ(by_count.not_checked, 14U);
  options.max_images = 1000;
  options.max_bytes = 3 * std::filesystem::file_size(dataset.train.path(7)) + 1;
  const CheckResult by_bytes = check_remaining(store, options);
  EXPECT_EQ(by_bytes.checked, 3U);
  EXPECT_EQ(by_bytes.not_checked, 11U);
}

TEST(Statistics, AreMeanAndStandardDeviationOfThePixels) {
  const TempFolder folder;
  write_images(folder, 10);
  folder.write("a/105.png", FileBytes{});
  const Dataset dataset = find_all(folder);
  // Red is 10 i + 5 without one 55; green is 0 nine times and 100 ten times; blue is always 7.
  std::vector<double> red;
  for (int i = 0; i < 20; ++i) {
    if (i != 5) red.push_back((10 * (i % 10) + 5) / 255.0);
  }
  const double mean = std::accumulate(red.begin(), red.end(), 0.0) / 19;
  double squares = 0;
  for (const double value : red) squares += (value - mean) * (value - mean);
  for (const unsigned threads : {1U, 4U}) {
    ImageStore store(dataset, {shape});
    const ChannelStatistics statistics = channel_statistics(store, 512, 0, threads);
    EXPECT_EQ(statistics.images, 19U);
    ASSERT_EQ(statistics.mean.size(), 3U);
    EXPECT_NEAR(statistics.mean[0], mean, 1e-12);
    EXPECT_NEAR(statistics.std[0], std::sqrt(squares / 19), 1e-12);
    EXPECT_NEAR(statistics.mean[1], 1000.0 / 19 / 255, 1e-12);
    EXPECT_NEAR(statistics.mean[2], 7 / 255.0, 1e-12);
    EXPECT_EQ(statistics.std[2], 1 / 255.0);
    EXPECT_EQ(store.unreadable().size(), 1U);
  }
}

TEST(Statistics, OfFashionMnistAreThePublishedOnes) {
  const std::string path = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const Dataset dataset = find_dataset(path);
  ImageStore store(dataset, {{28, 28, 1}});
  const ChannelStatistics statistics = channel_statistics(store, 60000);
  EXPECT_NEAR(statistics.mean[0], 0.2860, 0.0001);
  EXPECT_NEAR(statistics.std[0], 0.3530, 0.0001);
}

TEST(TypicalShape, IsTheMedianOfTheImages) {
  const TempFolder folder;
  const cv::Mat grey(30, 20, CV_8UC1, cv::Scalar(9));
  folder.write("a/1.png", test::encode(".png", grey));
  folder.write("a/2.jpg", test::with_exif(test::encode(".jpg", cv::Mat(20, 30, CV_8UC1, cv::Scalar(1))),
                                          test::exif_block(6, true)));
  folder.write("b/1.png", test::encode(".png", cv::Mat(50, 10, CV_8UC1, cv::Scalar(1))));
  folder.write("b/2.png", FileBytes{});
  EXPECT_EQ(typical_shape(find_all(folder)), (ImageShape{30, 20, 1}));
  folder.write("b/2.png", test::plain_png(20, 30, 1, 2, 3));
  EXPECT_EQ(typical_shape(find_all(folder)).channels, 3);
}

}  // namespace
}  // namespace lrfind::data
