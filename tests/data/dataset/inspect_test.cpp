#include <data/dataset/inspect.hpp>

#include "data/files.hpp"

#include <atomic>

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::TempFolder;

TEST(Inspect, SumsUpADataset) {
  const TempFolder folder;
  for (int i = 0; i < 6; ++i) {
    folder.write("train/cat/" + std::to_string(i) + ".jpg", test::encode(".jpg", test::photo(40 + 10 * i, 30, 1)));
  }
  folder.write("train/dog/1.png", test::encode(".png", cv::Mat(25, 35, CV_8UC1, cv::Scalar(9))));
  folder.write("train/dog/2.jpg",
               test::with_exif(test::encode(".jpg", test::photo(64, 48, 1)), test::exif_block(6, false)));
  folder.write("train/dog/3.png", test::encode(".png", cv::Mat(20, 20, CV_8UC4, cv::Scalar(1, 2, 3, 4))));
  folder.write("val/dog/4.bmp", test::plain_png(10, 80, 1, 1, 1));
  const std::string bad = folder.write("val/cat/5.png", FileBytes{});
  folder.write("train/dog/notes.txt", "x");
  const Dataset dataset = find_dataset(folder.path());
  std::atomic<std::size_t> most{0};
  DecodeBudget budget;
  const Inspection result =
      inspect(dataset, budget, 2, {}, [&](std::size_t done) { most = std::max(most.load(), done); });
  EXPECT_EQ(result.format, "folders-split");
  ASSERT_EQ(result.classes.size(), 2U);
  EXPECT_EQ(result.classes[0].name, "cat");
  EXPECT_EQ(result.classes[0].train, 6U);
  EXPECT_EQ(result.classes[0].val, 1U);
  EXPECT_EQ(result.classes[1].train, 3U);
  EXPECT_EQ(result.train_images, 9U);
  EXPECT_EQ(result.val_images, 2U);
  EXPECT_DOUBLE_EQ(result.imbalance, 2);
  EXPECT_EQ(result.width.min, 10U);  // widths 10 20 35 40 48 50 60 70 80 90
  EXPECT_EQ(result.width.median, 50U);
  EXPECT_EQ(result.width.max, 90U);
  EXPECT_EQ(result.height.min, 20U);
  EXPECT_EQ(result.height.max, 80U);
  EXPECT_EQ(result.formats, (std::map<std::string, std::size_t>{{"JPEG", 7}, {"PNG", 3}}));
  EXPECT_EQ(result.channels, (std::map<std::string, std::size_t>{{"colour", 8}, {"colour+alpha", 1}, {"grey", 1}}));
  EXPECT_EQ(result.unreadable, (std::vector<Unreadable>{{bad, "is empty (0 bytes)"}}));
  EXPECT_EQ(result.misnamed, (std::vector<Misnamed>{{folder / "val/dog/4.bmp", "PNG"}}));
  EXPECT_EQ(result.ignored_files, 1U);
  EXPECT_EQ(most, 11U);
}

TEST(Inspect, StopsWhenAsked) {
  const TempFolder folder;
  folder.write("a/1.png", test::plain_png(8, 8, 1, 1, 1));
  folder.write("b/1.png", test::plain_png(8, 8, 1, 1, 1));
  DecodeBudget budget;
  EXPECT_THROW(inspect(find_dataset(folder.path()), budget, 1, test::stopped()), Interrupted);
}

}  // namespace
}  // namespace lrfind::data
