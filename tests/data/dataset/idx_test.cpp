#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>

#include "data/files.hpp"

#include <zlib.h>

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::operator+;
using test::TempFolder;

FileBytes idx(const std::vector<std::uint32_t>& dimensions, const FileBytes& values) {
  FileBytes bytes{0, 0, 8, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t d : dimensions) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes.push_back(static_cast<std::uint8_t>(d >> shift));
  }
  return bytes + values;
}

FileBytes counting(std::size_t count) {
  FileBytes values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::uint8_t>(i);
  return values;
}

void write_gz(const TempFolder& folder, const std::string& name, const FileBytes& bytes) {
  gzFile file = ::gzopen((folder / name).c_str(), "wb");
  ::gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  ::gzclose(file);
}

std::string error_of(const TempFolder& folder) {
  try {
    find_dataset(folder.path());
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

FindOptions without_split() {
  FindOptions options;
  options.val_split = 0;
  return options;
}

TEST(Idx, ReadsPlainAndCompressedFiles) {
  for (const bool compressed : {false, true}) {
    const TempFolder folder;
    const auto write = [&](const std::string& name, const FileBytes& bytes) {
      if (compressed) {
        write_gz(folder, name + ".gz", bytes);
      } else {
        folder.write(name, bytes);
      }
    };
    write("train-images-idx3-ubyte", idx({3, 2, 4}, counting(24)));
    write("train-labels-idx1-ubyte", idx({3}, {5, 0, 5}));
    write("t10k-images-idx3-ubyte", idx({2, 2, 4}, counting(16)));
    write("t10k-labels-idx1-ubyte", idx({2}, {0, 5}));
    folder.write("notes.txt", "x");
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.format, "idx");
    EXPECT_EQ(dataset.classes, (std::vector<std::string>{"0", "5"}));
    EXPECT_EQ(dataset.native, (ImageShape{2, 4, 1}));
    EXPECT_EQ(dataset.ignored_files, 1U);
    ASSERT_EQ(dataset.train.size(), 3U);
    ASSERT_EQ(dataset.val.size(), 2U);
    EXPECT_EQ(dataset.train.label(0), 1);
    EXPECT_EQ(dataset.train.label(1), 0);
    EXPECT_EQ(dataset.val.label(0), 0);
    EXPECT_EQ(dataset.train.pixels(2)[3], 19);
    EXPECT_EQ(dataset.val.pixels(1)[0], 8);
    const std::string file = std::string("train-images-idx3-ubyte") + (compressed ? ".gz" : "");
    EXPECT_EQ(dataset.train.path(2), folder / (file + "#2"));
    EXPECT_EQ(dataset.val_origin, std::string("t10k-images-idx3-ubyte") + (compressed ? ".gz" : ""));
  }
}

TEST(Idx, SortsLabelsByNumber) {
  const TempFolder folder;
  folder.write("emnist-letters-train-images-idx3-ubyte", idx({3, 1, 1}, counting(3)));
  folder.write("emnist-letters-train-labels-idx1-ubyte", idx({3}, {10, 9, 26}));
  const Dataset dataset = find_dataset(folder.path(), without_split());
  EXPECT_EQ(dataset.classes, (std::vector<std::string>{"9", "10", "26"}));
  EXPECT_EQ(dataset.train.label(0), 1);
}

TEST(Idx, HoldsImagesOutWhereThereAreNoTestImages) {
  const TempFolder folder;
  FileBytes labels(40);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i % 2);
  folder.write("train-images.idx3-ubyte", idx({40, 1, 1}, counting(40)));
  folder.write("train-labels.idx1-ubyte", idx({40}, labels));
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.train.size(), 36U);
  ASSERT_EQ(dataset.val.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(dataset.val.pixels(i)[0] % 2, dataset.val.label(i));
}

TEST(Idx, ErrorsNameTheFile) {
  {
    const TempFolder folder;
    folder.write("train-images-idx3-ubyte", idx({3, 2, 4}, counting(20)));
    EXPECT_NE(error_of(folder).find("train-images-idx3-ubyte' has no labels file beside it"), std::string::npos);
    folder.write("train-labels-idx1-ubyte", idx({3}, {0, 1, 0}));
    EXPECT_NE(
        error_of(folder).find("train-images-idx3-ubyte' is cut off: its header declares 24 values and it holds 20"),
        std::string::npos);
    folder.write("train-images-idx3-ubyte", idx({2, 2, 4}, counting(16)));
    EXPECT_NE(error_of(folder).find("3 labels for 2 images"), std::string::npos);
    folder.write("train-images-idx3-ubyte", "not an IDX file");
    EXPECT_NE(error_of(folder).find("is not an IDX file"), std::string::npos);
    folder.write("train-images-idx3-ubyte", idx({3, 16000, 16000}, {}));
    EXPECT_NE(error_of(folder).find("is cut off"), std::string::npos);
    folder.write("train-images-idx3-ubyte", idx({3, 2, 4}, counting(24)));
    folder.write("train-labels-idx1-ubyte", idx({3}, {7, 7, 7}));
    EXPECT_NE(error_of(folder).find("one label only, 7"), std::string::npos);
  }
  const TempFolder folder;
  write_gz(folder, "train-images-idx3-ubyte.gz", idx({200, 2, 4}, counting(1600)));
  folder.write("train-labels-idx1-ubyte", idx({200}, counting(200)));
  std::filesystem::resize_file(folder / "train-images-idx3-ubyte.gz", 60);
  EXPECT_NE(error_of(folder).find("is cut off"), std::string::npos);
}

TEST(Idx, LabelsForOtherImagesAreNotUnpacked) {
  const TempFolder folder;
  folder.write("train-images-idx3-ubyte", idx({3, 2, 4}, counting(24)));
  // Were the values wanted, they would be missed: the file ends behind its header.
  write_gz(folder, "train-labels-idx1-ubyte.gz", idx({400'000'000}, {}));
  EXPECT_NE(error_of(folder).find("400000000 labels for 3 images"), std::string::npos);
}

TEST(Idx, ReadsFashionMnistWhereItIsInstalled) {
  const std::string path = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  const Dataset dataset = find_dataset(path);
  EXPECT_EQ(dataset.train.count_by_class(10), std::vector<std::size_t>(10, 6000));
  EXPECT_EQ(dataset.val.count_by_class(10), std::vector<std::size_t>(10, 1000));
  EXPECT_EQ(dataset.native, (ImageShape{28, 28, 1}));
}

}  // namespace
}  // namespace lrfind::data
