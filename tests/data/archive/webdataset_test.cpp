// WebDataset shards, compared with the class folders that they were made of.
#include "data/archive/archives.hpp"

#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>

namespace lrfind::data {
namespace {

using namespace test;

using Contents = std::vector<std::pair<int, FileBytes>>;

Contents contents(const Samples& samples) {
  Contents result;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    FileBytes bytes;
    EXPECT_EQ(samples.read(i, bytes), "");
    result.emplace_back(samples.label(i), bytes);
  }
  return result;
}

// Images in two class folders, and the same as samples.
class Shards : public ::testing::Test {
 protected:
  static constexpr int images = 24;
  static constexpr int shards = 3;

  void SetUp() override {
    for (int i = 0; i < images; ++i) {
      const std::string key = std::to_string(1000 + i);
      const FileBytes bytes = plain_png(4, 4, i, 2 * i, 3 * i);
      const int label = i < images / 3 ? 0 : 1;
      temp_.write("folder/" + names_[label] + "/" + key + ".png", bytes);
      keys_.push_back(key);
      labels_.push_back(label);
      bytes_.push_back(bytes);
    }
  }

  // Every third sample in a shard, or a third of all in a row.
  void write(const std::function<std::vector<Entry>(int)>& sample, bool in_turn, const std::string& name = "shard-") {
    std::vector<std::vector<Entry>> parts(shards);
    for (int i = 0; i < images; ++i) {
      const int shard = in_turn ? i % shards : i * shards / images;
      for (Entry& entry : sample(i)) parts[static_cast<std::size_t>(shard)].push_back(std::move(entry));
    }
    for (int i = 0; i < shards; ++i) {
      write_archive(temp_ / ("set/" + name + "00" + std::to_string(i) + ".tar"), Packing::tar,
                    parts[static_cast<std::size_t>(i)]);
    }
  }

  Entry png(int i, const std::string& key = "") const {
    return {(key.empty() ? keys_[static_cast<std::size_t>(i)] : key) + ".png", bytes_[static_cast<std::size_t>(i)]};
  }
  int label(int i) const { return labels_[static_cast<std::size_t>(i)]; }

  void expect_same(const std::string& path, std::vector<std::string> classes) const {
    const Dataset folder = find_dataset(temp_ / "folder");
    const Dataset found = find_dataset(path);
    EXPECT_EQ(found.format, "tar/webdataset");
    EXPECT_EQ(found.classes, classes);
    EXPECT_EQ(contents(found.train), contents(folder.train));
    EXPECT_EQ(contents(found.val), contents(folder.val));
  }

  TempFolder temp_;
  std::string made_ = temp_.write("set/readme.md", std::string("x"));
  std::vector<std::string> names_{"ant", "bee"};
  std::vector<std::string> keys_;
  std::vector<int> labels_;
  std::vector<FileBytes> bytes_;
};

TEST_F(Shards, HaveTheNumberOfTheClassBesideEachImage) {
  write(
      [&](int i) {
        return std::vector<Entry>{png(i),
                                  {png(i).name.substr(0, 4) + ".cls", bytes_of(std::to_string(label(i)) + "\n")}};
      },
      true);
  expect_same(temp_ / "set/shard-{000..002}.tar", {"0", "1"});
  expect_same(temp_ / "set/shard-00{0,1,2}.tar", {"0", "1"});
  expect_same(temp_ / "set", {"0", "1"});
  temp_.write("set/classes.txt", std::string("ant\nbee\n"));
  expect_same(temp_ / "set", {"ant", "bee"});
  EXPECT_EQ(find_dataset(temp_ / "set", {.val_split = 0, .stop = {}}).train.path(0),
            temp_ / "set/shard-000.tar: 1000.png");
  temp_.write("set/classes.txt", std::string("ant\n"));
  EXPECT_THROW(find_dataset(temp_ / "set"), Error);
}

TEST_F(Shards, HaveItsNameInTextOrJson) {
  write(
      [&](int i) {
        return std::vector<Entry>{
            png(i), {png(i).name.substr(0, 4) + ".cls", bytes_of(names_[static_cast<std::size_t>(label(i))])}};
      },
      true);
  expect_same(temp_ / "set", names_);
  write(
      [&](int i) {
        return std::vector<Entry>{
            {png(i).name.substr(0, 4) + ".json",
             bytes_of("{\"width\": 4, \"label\": " + std::to_string(label(i)) + ", \"label_name\": \"" +
                      names_[static_cast<std::size_t>(label(i))] + "\"}")},
            png(i)};
      },
      false);
  expect_same(temp_ / "set", names_);
}

TEST_F(Shards, AreTheSameAsOneArchiveAndUnpacked) {
  std::vector<Entry> all;
  for (int i = 0; i < images; ++i) {
    const std::string key = "part" + std::to_string(i % 2) + "/" + keys_[static_cast<std::size_t>(i)];
    all.push_back({key + ".png", bytes_[static_cast<std::size_t>(i)]});
    all.push_back({key + ".cls", bytes_of(std::to_string(label(i)))});
  }
  write_archive(temp_ / "all.tar", Packing::tar, all);
  for (const Entry& entry : all) temp_.write("unpacked/" + entry.name, entry.bytes);
  const Dataset one = find_dataset(temp_ / "all.tar");
  const Dataset unpacked = find_dataset(temp_ / "unpacked");
  EXPECT_EQ(one.format, "tar/webdataset");
  EXPECT_EQ(unpacked.format, "webdataset");
  EXPECT_EQ(one.classes, (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(unpacked.classes, one.classes);
  EXPECT_EQ(contents(one.train), contents(unpacked.train));
  EXPECT_EQ(contents(one.val), contents(unpacked.val));
}

TEST_F(Shards, MayUseTheirKeysAgain) {
  write(
      [&](int i) {
        const std::string key = std::to_string(100 + i % (images / shards));
        return std::vector<Entry>{png(i, key), {key + ".cls", bytes_of(std::to_string(label(i)))}};
      },
      false);
  expect_same(temp_ / "set", {"0", "1"});
}

TEST_F(Shards, MayHoldClassFolders) {
  write(
      [&](int i) {
        return std::vector<Entry>{
            {names_[static_cast<std::size_t>(label(i))] + "/" + png(i).name, bytes_[static_cast<std::size_t>(i)]}};
      },
      true);
  const Dataset folder = find_dataset(temp_ / "folder");
  const Dataset found = find_dataset(temp_ / "set/shard-{000..002}.tar");
  EXPECT_EQ(found.format, "tar/folders");
  EXPECT_EQ(found.classes, names_);
  EXPECT_EQ(contents(found.train), contents(folder.train));
}

TEST_F(Shards, OfASplitAreToldByTheirNames) {
  const auto sample = [&](int i) {
    return std::vector<Entry>{png(i), {png(i).name.substr(0, 4) + ".cls", bytes_of(std::to_string(label(i)))}};
  };
  write(sample, true, "photos-train-");
  write(sample, true, "photos-val-");
  const Dataset found = find_dataset(temp_ / "set");
  EXPECT_EQ(found.train.size(), static_cast<std::size_t>(images));
  EXPECT_EQ(found.val.size(), static_cast<std::size_t>(images));
  EXPECT_EQ(found.val_origin, "validation shards");
}

TEST_F(Shards, AreAllThereAndEveryImageHasItsClass) {
  const auto said = [&](const std::string& path) -> std::string {
    try {
      find_dataset(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  write(
      [&](int i) {
        return std::vector<Entry>{
            png(i), {png(i).name.substr(0, 4) + (i == 7 ? ".txt" : ".cls"), bytes_of(std::to_string(label(i)))}};
      },
      true);
  EXPECT_NE(said(temp_ / "set/shard-{000..003}.tar").find("1 of the 4 shards"), std::string::npos);
  EXPECT_NE(said(temp_ / "set").find("shard-001.tar: 1007.png' has no class beside it"), std::string::npos)
      << said(temp_ / "set");
  write(
      [&](int i) {
        return std::vector<Entry>{png(i),
                                  {png(i).name.substr(0, 4) + ".cls", i == 7 ? FileBytes{1, 0} : bytes_of("2")}};
      },
      true);
  EXPECT_NE(said(temp_ / "set").find("is no line of text"), std::string::npos) << said(temp_ / "set");
}

}  // namespace
}  // namespace lrfind::data
