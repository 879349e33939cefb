#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "data/files.hpp"

#include <sys/stat.h>

#include <set>

namespace lrfind::data {
namespace {

namespace fs = std::filesystem;
using test::FileBytes;
using test::TempFolder;

// Content plays no part in finding images.
const FileBytes anything{1};

std::vector<std::string> paths(const Samples& samples, const std::string& below) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::string path = samples.path(i);
    EXPECT_EQ(path.rfind(below, 0), 0U) << path;
    result.push_back(path.substr(below.size() + 1));
  }
  return result;
}

FindOptions without_split() {
  FindOptions options;
  options.val_split = 0;
  return options;
}

std::string error_of(const std::string& path, const FindOptions& options = {}) {
  try {
    find_dataset(path, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Folders, MakeOneClassEachWithImagesAtAnyDepth) {
  const TempFolder folder;
  for (const char* name :
       {"b/2.png", "b/10.png", "a/x/y/deep.JPG", "a/1.jpeg", "c c/\xC3\xA9t\xC3\xA9 1.webp", "a/0.Tiff"})
    folder.write(name, anything);
  const Dataset dataset = find_dataset(folder.path(), without_split());
  EXPECT_EQ(dataset.format, "folders");
  EXPECT_EQ(dataset.path, folder.path());
  EXPECT_EQ(dataset.classes, (std::vector<std::string>{"a", "b", "c c"}));
  EXPECT_EQ(paths(dataset.train, folder.path()),
            (std::vector<std::string>{"a/0.Tiff", "a/1.jpeg", "a/x/y/deep.JPG", "b/10.png", "b/2.png",
                                      "c c/\xC3\xA9t\xC3\xA9 1.webp"}));
  std::vector<int> labels;
  for (std::size_t i = 0; i < dataset.train.size(); ++i) labels.push_back(dataset.train.label(i));
  EXPECT_EQ(labels, (std::vector<int>{0, 0, 0, 1, 1, 2}));
  EXPECT_TRUE(dataset.val.empty());
  EXPECT_EQ(dataset.val_origin, "");
  EXPECT_TRUE(dataset.notes.empty());
  EXPECT_EQ(paths(find_dataset(folder.path() + "/", without_split()).train, folder.path()).size(), 6U);
}

TEST(Folders, IgnoreAndCountWhatIsNoImageOrHidden) {
  const TempFolder folder;
  for (const char* name : {"a/1.png", "b/1.png", "a/notes.txt", "a/1.gif", "README", "a/.hidden.png", "b/.git/x.png",
                           ".cache/1.png", "loose.jpg", "empty/only.txt"}) {
    folder.write(name, anything);
  }
  const Dataset dataset = find_dataset(folder.path(), without_split());
  EXPECT_EQ(dataset.train.size(), 2U);
  EXPECT_EQ(dataset.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dataset.ignored_files, 5U);  // notes.txt, 1.gif, README, loose.jpg, only.txt
  EXPECT_EQ(dataset.hidden, 3U);         // .hidden.png, .git, .cache
  ASSERT_EQ(dataset.notes.size(), 2U);
  EXPECT_NE(dataset.notes[0].find("'empty'"), std::string::npos);
  EXPECT_NE(dataset.notes[1].find("1 images lie directly"), std::string::npos);
}

TEST(Folders, FollowSymlinksWithoutCycles) {
  const TempFolder folder;
  const TempFolder elsewhere;
  elsewhere.write("far/3.png", anything);
  folder.write("a/1.png", anything);
  folder.write("b/sub/2.png", anything);
  fs::create_directory_symlink(elsewhere / "far", folder / "a/link");
  fs::create_directory_symlink("..", folder / "a/up");
  fs::create_directory_symlink(".", folder / "b/self");
  fs::create_directory_symlink("sub", folder / "b/again");
  fs::create_symlink(folder / "a/1.png", folder / "b/1.png");
  fs::create_symlink(folder / "nowhere", folder / "b/dangling.png");
  fs::create_directory_symlink(elsewhere / "far", folder / "c");
  const Dataset dataset = find_dataset(folder.path(), without_split());
  EXPECT_EQ(
      paths(dataset.train, folder.path()),
      (std::vector<std::string>{"a/1.png", "a/link/3.png", "b/1.png", "b/dangling.png", "b/again/2.png", "c/3.png"}));
}

TEST(Folders, DoNotBlockOnPipes) {
  const TempFolder folder;
  folder.write("a/1.png", anything);
  folder.write("b/1.png", anything);
  ASSERT_EQ(::mkfifo((folder / "a/pipe.png").c_str(), 0600), 0);
  EXPECT_EQ(find_dataset(folder.path(), without_split()).train.size(), 2U);
}

TEST(Folders, AreTheSameForAnyNumberOfThreads) {
  const TempFolder folder;
  for (int c = 0; c < 20; ++c) {
    for (int i = 0; i < 15; ++i)
      folder.write(
          "class" + std::to_string(c) + "/s" + std::to_string(i % 3) + "/" + std::to_string(i * 7919 % 101) + ".png",
          anything);
  }
  FindOptions options;
  options.threads = 1;
  const Dataset one = find_dataset(folder.path(), options);
  options.threads = 7;
  const Dataset many = find_dataset(folder.path(), options);
  EXPECT_EQ(paths(one.train, folder.path()), paths(many.train, folder.path()));
  EXPECT_EQ(paths(one.val, folder.path()), paths(many.val, folder.path()));
}

TEST(Folders, TakeValidationFromItsOwnFolderByClassName) {
  for (const char* name : {"val", "valid", "validation", "test"}) {
    const TempFolder folder;
    for (const char* file : {"train/a/1.png", "train/b/1.png", "train/c/1.png"}) folder.write(file, anything);
    folder.write(std::string(name) + "/c/9.png", anything);
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.format, "folders-split");
    EXPECT_EQ(dataset.val_origin, name);
    EXPECT_EQ(dataset.train.size(), 3U);
    ASSERT_EQ(dataset.val.size(), 1U);
    EXPECT_EQ(dataset.val.label(0), 2);
    EXPECT_EQ(dataset.val.path(0), folder / (std::string(name) + "/c/9.png"));
  }
}

TEST(Folders, PreferValToTestAndSaySo) {
  const TempFolder folder;
  for (const char* file : {"train/a/1.png", "train/b/1.png", "val/a/1.png", "test/a/1.png", "test/b/2.png"})
    folder.write(file, anything);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.val_origin, "val");
  ASSERT_EQ(dataset.notes.size(), 1U);
  EXPECT_NE(dataset.notes[0].find("not used: 'test'"), std::string::npos);
}

TEST(Folders, HoldImagesOutWhenTheTestFolderHasNoClasses) {
  const TempFolder folder;
  for (int i = 0; i < 10; ++i) {
    folder.write("train/a/" + std::to_string(i) + ".png", anything);
    folder.write("train/b/" + std::to_string(i) + ".png", anything);
    folder.write("test/" + std::to_string(i) + ".png", anything);
  }
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.train.size(), 18U);
  EXPECT_EQ(dataset.val.size(), 2U);
  EXPECT_EQ(dataset.val_origin, "split");
}

TEST(Folders, CalledTrainAreAClassWhereTheyHoldImages) {
  const TempFolder folder;
  for (const char* file : {"train/1.png", "tram/1.png", "test/1.png"}) folder.write(file, anything);
  EXPECT_EQ(find_dataset(folder.path()).classes, (std::vector<std::string>{"test", "train", "tram"}));
}

TEST(Folders, ErrorsSayWhatIsWrong) {
  const TempFolder folder;
  EXPECT_NE(error_of(folder / "none").find("' does not exist"), std::string::npos);
  EXPECT_NE(error_of(folder.path()).find("holds no images"), std::string::npos);
  folder.write("loose.png", anything);
  EXPECT_NE(error_of(folder.path()).find("only 1 that lie directly in it"), std::string::npos);
  folder.write("photos/cats/1.png", anything);
  folder.write("photos/dogs/1.png", anything);
  const std::string one_class = error_of(folder.path());
  EXPECT_NE(one_class.find("holds one class only, 'photos'"), std::string::npos);
  EXPECT_NE(one_class.find("if '" + folder.path() + "/photos' holds the class folders, give that"), std::string::npos);
  EXPECT_EQ(find_dataset(folder / "photos").classes.size(), 2U);
  EXPECT_NE(error_of(folder.write("file.txt", "x")).find("is a file"), std::string::npos);

  const TempFolder split;
  for (const char* file : {"train/a/1.png", "train/b/1.png", "val/a/1.png", "val/z/1.png"}) split.write(file, anything);
  EXPECT_NE(error_of(split.path()).find("class folders that the training images do not have: 'z'"), std::string::npos);
}

TEST(Folders, StopWhenAsked) {
  const TempFolder folder;
  for (const char* file : {"a/1.png", "b/1.png"}) folder.write(file, anything);
  FindOptions options;
  options.threads = 1;
  options.stop = test::stopped();
  EXPECT_THROW(find_dataset(folder.path(), options), Interrupted);
}

// 100 images of class a, 20 of b, 3 of c, 1 of d.
void write_imbalanced(const TempFolder& folder) {
  for (const auto& [name, count] : {std::pair{"a", 100}, {"b", 20}, {"c", 3}, {"d", 1}}) {
    for (int i = 0; i < count; ++i) folder.write(std::string(name) + "/" + std::to_string(i) + ".png", anything);
  }
}

TEST(ValidationSplit, TakesItsShareOfEveryClass) {
  const TempFolder folder;
  write_imbalanced(folder);
  FindOptions options;
  options.val_split = 0.2;
  const Dataset dataset = find_dataset(folder.path(), options);
  EXPECT_EQ(dataset.val.count_by_class(4), (std::vector<std::size_t>{20, 4, 1, 0}));
  EXPECT_EQ(dataset.train.count_by_class(4), (std::vector<std::size_t>{80, 16, 2, 1}));
  EXPECT_EQ(dataset.val_origin, "split");
  std::set<std::string> all;
  for (const auto* samples : {&dataset.train, &dataset.val}) {
    for (const std::string& path : paths(*samples, folder.path())) EXPECT_TRUE(all.insert(path).second) << path;
  }
  EXPECT_EQ(all.size(), 124U);
}

TEST(ValidationSplit, DependsOnTheSeedAlone) {
  const TempFolder folder;
  write_imbalanced(folder);
  FindOptions options;
  options.seed = 3;
  const auto first = paths(find_dataset(folder.path(), options).val, folder.path());
  EXPECT_EQ(first, paths(find_dataset(folder.path(), options).val, folder.path()));
  options.seed = 4;
  EXPECT_NE(first, paths(find_dataset(folder.path(), options).val, folder.path()));
}

TEST(Limit, KeepsTheSharesOfTheClasses) {
  const TempFolder folder;
  write_imbalanced(folder);
  FindOptions options = without_split();
  options.limit = 31;
  const Dataset dataset = find_dataset(folder.path(), options);
  EXPECT_EQ(dataset.train.size(), 31U);
  EXPECT_EQ(dataset.train.count_by_class(4), (std::vector<std::size_t>{24, 5, 1, 1}));
  options.limit = 4;
  EXPECT_EQ(find_dataset(folder.path(), options).train.count_by_class(4), (std::vector<std::size_t>{1, 1, 1, 1}));
  options.limit = 1000;
  EXPECT_EQ(find_dataset(folder.path(), options).train.size(), 124U);
}

}  // namespace
}  // namespace lrfind::data
