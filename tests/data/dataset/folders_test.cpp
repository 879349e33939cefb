// Folders as they are downloaded: splits by their usual names, wrapped and doubled folders, unlabelled images.
#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>

#include "data/files.hpp"

#include <algorithm>

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::TempFolder;

// Content plays no part in finding images.
const FileBytes anything{1};

using Names = std::vector<std::string>;

void write_images(const TempFolder& folder, const std::string& below, int count) {
  for (int i = 0; i < count; ++i) folder.write(below + "/" + std::to_string(i) + ".jpg", anything);
}

void write_classes(const TempFolder& folder, const std::string& below, const Names& classes, int each) {
  for (const std::string& name : classes) write_images(folder, below + "/" + name, each);
}

bool notes_say(const Dataset& dataset, const std::string& words) {
  return std::any_of(dataset.notes.begin(), dataset.notes.end(),
                     [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

std::string error_of(const std::string& path) {
  try {
    find_dataset(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Every image of the split lies in `folder`, in one of its class folders.
void expect_all_in(const Samples& samples, const std::string& folder) {
  for (std::size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples.path(i).rfind(folder + "/", 0), 0U);
}

TEST(DownloadedFolders, AreSplitsByEveryUsualNameInAnyCase) {
  const Names train{"train",        "Train",    "TRAINING",  "training_set",
                    "Training Set", "trainset", "seg_train", "train_images"};
  const Names val{"val",  "Valid",   "VALIDATION", "validation_set", "dev",     "eval",
                  "test", "Testing", "test_set",   "Test-Set",       "testset", "seg_test"};
  for (std::size_t i = 0; i < val.size(); ++i) {
    const std::string& train_name = train[i % train.size()];
    const TempFolder folder;
    write_classes(folder, train_name, {"cat", "dog"}, 3);
    write_classes(folder, val[i], {"cat", "dog"}, 2);
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.format, "folders-split") << val[i];
    EXPECT_EQ(dataset.classes, (Names{"cat", "dog"})) << val[i];
    EXPECT_EQ(dataset.train.size(), 6U);
    EXPECT_EQ(dataset.val.size(), 4U) << val[i];
    EXPECT_EQ(dataset.val_origin, val[i]);
    EXPECT_TRUE(dataset.notes.empty());
    expect_all_in(dataset.train, folder / train_name);
    expect_all_in(dataset.val, folder / val[i]);
  }
}

TEST(DownloadedFolders, AreSplitsByASharedPrefix) {
  const TempFolder folder;
  write_classes(folder, "asl_alphabet_train/asl_alphabet_train", {"A", "B", "C"}, 2);
  write_images(folder, "asl_alphabet_test/asl_alphabet_test", 3);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"A", "B", "C"}));
  EXPECT_EQ(dataset.train.size() + dataset.val.size(), 6U);
  EXPECT_TRUE(notes_say(dataset, "asl_alphabet_test' is left out"));

  const TempFolder trains;
  write_classes(trains, ".", {"bullet_train", "freight_train"}, 2);
  EXPECT_EQ(find_dataset(trains.path()).classes, (Names{"bullet_train", "freight_train"}));
}

TEST(DownloadedFolders, AreWalkedThroughWhenDoubled) {
  const TempFolder folder;
  write_classes(folder, "seg_train/seg_train", {"forest", "glacier", "sea"}, 4);
  write_classes(folder, "seg_test/seg_test", {"forest", "glacier", "sea"}, 2);
  write_images(folder, "seg_pred/seg_pred", 5);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"forest", "glacier", "sea"}));
  EXPECT_EQ(dataset.train.size(), 12U);
  EXPECT_EQ(dataset.val.size(), 6U);
  EXPECT_EQ(dataset.val_origin, "seg_test");
  expect_all_in(dataset.train, folder / "seg_train/seg_train");
  EXPECT_TRUE(notes_say(dataset, "the training images are those in '" + (folder / "seg_train/seg_train'")));
  EXPECT_TRUE(notes_say(dataset, "the validation images are those in '" + (folder / "seg_test/seg_test'")));
  EXPECT_TRUE(notes_say(dataset, "not used: 'seg_pred'"));
}

TEST(DownloadedFolders, AreFoundBelowWrappers) {
  for (const bool split : {true, false}) {
    const TempFolder folder;
    const std::string inner = "archive/dataset";
    write_classes(folder, split ? inner + "/train" : inner, {"cat", "dog"}, 10);
    if (split) write_classes(folder, inner + "/test", {"cat", "dog"}, 2);
    folder.write("archive/README.md", "text");
    folder.write("archive/annotations/cat.xml", "text");
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
    EXPECT_EQ(dataset.train.size(), split ? 20U : 18U);
    EXPECT_EQ(dataset.val.size(), 2U * (split ? 2U : 1U));
    EXPECT_TRUE(notes_say(dataset, "the dataset is '" + (folder / inner) + "'"));
    EXPECT_TRUE(notes_say(dataset, "; beside it, without any: 'annotations'"));
  }
}

TEST(DownloadedFolders, CalledTrainMayBeTheWrapper) {
  const TempFolder folder;
  write_classes(folder, "train/train", {"cat", "dog"}, 3);
  write_classes(folder, "train/val", {"cat", "dog"}, 1);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
  EXPECT_EQ(dataset.train.size(), 6U);
  EXPECT_EQ(dataset.val.size(), 2U);
}

TEST(DownloadedFolders, ThatAreTwoDatasetsAreNotPutTogether) {
  const TempFolder folder;
  write_classes(folder, "chest_xray/train", {"NORMAL", "PNEUMONIA"}, 4);
  write_classes(folder, "chest_xray/val", {"NORMAL", "PNEUMONIA"}, 1);
  write_classes(folder, "chest_xray/test", {"NORMAL", "PNEUMONIA"}, 2);
  write_classes(folder, "chest_xray/chest_xray/train", {"NORMAL", "PNEUMONIA"}, 4);
  folder.write("chest_xray/__MACOSX/chest_xray/train/NORMAL/._0.jpg", anything);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.train.size(), 8U);
  EXPECT_EQ(dataset.val.size(), 2U);
  EXPECT_EQ(dataset.val_origin, "val");
  EXPECT_TRUE(notes_say(dataset, "not used: '__MACOSX', 'chest_xray' and 'test' in '" + (folder / "chest_xray'")));
}

TEST(DownloadedFolders, LeaveUnlabelledImagesOutAndNameThem) {
  {
    const TempFolder folder;  // GTSRB
    write_classes(folder, "Train", {"0", "1", "2"}, 10);
    write_images(folder, "Test", 7);
    write_images(folder, "Meta", 3);
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.classes, (Names{"0", "1", "2"}));
    EXPECT_EQ(dataset.train.size(), 27U);
    EXPECT_EQ(dataset.val.size(), 3U);
    EXPECT_EQ(dataset.val_origin, "split");
    EXPECT_TRUE(notes_say(dataset, "Test' is left out because its images have no label: it holds 7 images"));
    EXPECT_TRUE(notes_say(dataset, "not used: 'Meta'"));
  }
  {
    const TempFolder folder;  // Keras
    write_classes(folder, "train", {"a", "b"}, 10);
    write_images(folder, "test/unknown", 5);
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.train.size(), 18U);
    EXPECT_EQ(dataset.val_origin, "split");
    EXPECT_TRUE(notes_say(dataset, "test' is left out because its images have no label: its folder 'unknown'"));
  }
  {
    const TempFolder folder;  // Tiny ImageNet
    write_classes(folder, "train", {"n01/images", "n02/images"}, 10);
    write_images(folder, "val/images", 6);
    folder.write("val/val_annotations.txt", "text");
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.classes, (Names{"n01", "n02"}));
    EXPECT_EQ(dataset.val_origin, "split");
    EXPECT_TRUE(notes_say(dataset, "val' is left out"));
  }
  for (const std::string unlabelled : {"test1", "seg_pred/seg_pred", "extra", "docs"}) {
    const TempFolder folder;
    write_classes(folder, "train", {"a", "b"}, 10);
    if (unlabelled == "docs") {
      folder.write("docs/readme.txt", "text");
    } else {
      write_images(folder, unlabelled, 4);
    }
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.classes, (Names{"a", "b"})) << unlabelled;
    EXPECT_TRUE(notes_say(dataset, "not used: '" + unlabelled.substr(0, unlabelled.find('/')) + "'"));
  }
}

TEST(DownloadedFolders, TakeTestWhereValHasNoLabels) {
  const TempFolder folder;
  write_classes(folder, "train", {"a", "b"}, 3);
  write_images(folder, "val", 4);
  write_classes(folder, "test", {"a", "b"}, 2);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.val_origin, "test");
  EXPECT_EQ(dataset.val.size(), 4U);
  EXPECT_TRUE(notes_say(dataset, "val' is left out"));
}

TEST(DownloadedFolders, AreNeverClassesWhenAllAreCalledLikeSplits) {
  for (const Names& names : std::vector<Names>{{"train", "test"},
                                               {"Train", "Valid", "Test"},
                                               {"seg_train", "seg_pred"},
                                               {"train", "test1"},
                                               {"dev", "test"},
                                               {"flower_train", "flower_test"}}) {
    const TempFolder folder;
    write_classes(folder, ".", names, 3);
    EXPECT_NE(error_of(folder.path()).find(", which are splits and no classes"), std::string::npos) << names.front();
  }
  const TempFolder no_training;
  write_classes(no_training, "val", {"a", "b"}, 2);
  write_classes(no_training, "test", {"a", "b"}, 2);
  EXPECT_NE(error_of(no_training.path()).find("no training images are beside it"), std::string::npos);

  const TempFolder detection;  // YOLO
  write_classes(detection, "images", {"train", "val"}, 2);
  detection.write("labels/train/0.txt", "text");
  EXPECT_NE(error_of(detection.path()).find("'train' and 'val', which are splits"), std::string::npos);
}

TEST(DownloadedFolders, StayClassesBesideOtherNames) {
  for (const Names& names :
       std::vector<Names>{{"bus", "car", "train"}, {"control", "test"}, {"dev", "prod"}, {"meta", "unlabeled"}}) {
    const TempFolder folder;
    write_classes(folder, ".", names, 3);
    const Dataset dataset = find_dataset(folder.path());
    EXPECT_EQ(dataset.classes, names);
    EXPECT_TRUE(dataset.notes.empty());
  }
  const TempFolder folder;  // classes with folders of their own
  write_classes(folder, "train", {"diesel", "steam"}, 3);
  write_classes(folder, ".", {"bus", "car"}, 3);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"bus", "car", "train"}));
  EXPECT_TRUE(notes_say(dataset, "'train' in '" + folder.path() + "' is taken for a class"));
}

TEST(DownloadedFolders, SayWhenSplitsInsideClassesArePutTogether) {
  const TempFolder folder;
  write_classes(folder, "cat", {"train", "test"}, 3);
  write_classes(folder, "dog", {"train", "test"}, 3);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
  EXPECT_TRUE(notes_say(dataset, "inside the classes 'cat' and 'dog' are put together"));
}

TEST(DownloadedFolders, WithTheClassInTheFileNameAreRefusedWithTheCsvThatWouldDo) {
  const auto shows = [](const TempFolder& folder, const std::string& lines) {
    const std::string error = error_of(folder.path());
    EXPECT_NE(error.find("'" + (folder / "images.csv") + "' would do, with the lines 'path,label', " + lines),
              std::string::npos)
        << error;
  };
  {
    const TempFolder folder;
    for (const char* name : {"train/cat.1.jpg", "train/dog.7.jpg", "test1/1.jpg"}) folder.write(name, anything);
    shows(folder, "'train/cat.1.jpg,cat', 'train/dog.7.jpg,dog'");
    // What the sentence shows is what works.
    const std::string csv = folder.write("images.csv", "path,label\ntrain/cat.1.jpg,cat\ntrain/dog.7.jpg,dog\n");
    EXPECT_EQ(find_dataset(csv).classes, (Names{"cat", "dog"}));
  }
  {
    const TempFolder folder;
    for (const char* name : {"cat_001.jpg", "cat_002.jpg", "big, dog (1).jpg", "big, dog (2).jpg"}) {
      folder.write(name, anything);
    }
    shows(folder, "'\"big, dog (1).jpg\",\"big, dog\"', 'cat_001.jpg,cat'");
  }
  {
    const TempFolder folder;  // Oxford pets
    for (const char* name : {"Abyssinian_1.jpg", "Abyssinian_2.jpg", "great_pyrenees_12.jpg", "great_pyrenees_3.jpg"}) {
      folder.write(std::string("images/") + name, anything);
    }
    folder.write("annotations/list.txt", "text");
    shows(folder, "'images/Abyssinian_1.jpg,Abyssinian', 'images/great_pyrenees_12.jpg,great_pyrenees'");
  }
  const TempFolder hashes;
  for (const char* name : {"3fa9.jpg", "77bc1.jpg", "a02.jpg", "IMG_1.jpg", "IMG_2.jpg"}) hashes.write(name, anything);
  EXPECT_EQ(error_of(hashes.path()).find("would do"), std::string::npos);
}

TEST(DownloadedFolders, NameClassesWhoseFilesAreOfAKindThatIsNotRead) {
  const TempFolder folder;
  write_classes(folder, ".", {"cat", "dog"}, 3);
  for (int i = 0; i < 12; ++i) folder.write("bird/IMG_" + std::to_string(i) + ".HEIC", anything);
  folder.write("bird/notes.txt", "text");
  for (int i = 0; i < 8; ++i) folder.write("kind" + std::to_string(i) + "/1.avif", anything);
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
  EXPECT_TRUE(notes_say(dataset, "'bird' (12 .heic files, 1 .txt file)"));
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(notes_say(dataset, "'kind" + std::to_string(i) + "' (1 .avif file)")) << i;

  const TempFolder one;
  write_images(one, "cat", 3);
  one.write("dog/1.gif", anything);
  EXPECT_NE(error_of(one.path()).find("'dog' (1 .gif file)"), std::string::npos);
  EXPECT_NE(error_of(one.path()).find("one class only, 'cat'"), std::string::npos);

  // A class of HEIC files beside it keeps a class folder from being taken for a wrapper.
  const TempFolder years;
  write_classes(years, "cat", {"2020", "2021"}, 3);
  years.write("dog/1.heic", anything);
  EXPECT_NE(error_of(years.path()).find("one class only, 'cat'"), std::string::npos);
  EXPECT_NE(error_of(years.path()).find("'dog' (1 .heic file)"), std::string::npos);

  const TempFolder most;
  write_classes(most, ".", {"cat", "dog"}, 1);
  for (int i = 0; i < 4; ++i) most.write("dog/" + std::to_string(i) + ".heic", anything);
  EXPECT_TRUE(notes_say(find_dataset(most.path()), "the class 'dog' in '" + most.path() + "' has 1 image that can be"));
}

TEST(DownloadedFolders, EndWithSymlinksThatLeadBack) {
  const TempFolder folder;
  write_classes(folder, "photos/train", {"cat", "dog"}, 2);
  std::filesystem::create_directory_symlink("..", folder / "photos/up");
  std::filesystem::create_directory_symlink(".", folder / "photos/train/self");
  const Dataset dataset = find_dataset(folder.path());
  EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
}

// torchvision keeps IDX files in "MNIST/raw" below the root that it is given.
TEST(DownloadedFolders, OfTorchvisionAreSearchedForIdxFiles) {
  const TempFolder folder;
  const auto write = [&](const std::string& below) {
    FileBytes images{0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4};
    folder.write(below + "/train-images-idx3-ubyte", images);
    folder.write(below + "/train-labels-idx1-ubyte", FileBytes{0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1});
  };
  write("MNIST/raw");
  for (const std::string& root : {folder.path(), folder / "MNIST", folder / "MNIST/"}) {
    const Dataset dataset = find_dataset(root);
    EXPECT_EQ(dataset.format, "idx");
    EXPECT_EQ(dataset.train.size() + dataset.val.size(), 4U);
    EXPECT_TRUE(notes_say(dataset, "IDX files in '" + (folder / "MNIST/raw'")));
  }
  write("KMNIST/raw");
  EXPECT_NE(error_of(folder.path()).find("more than one folder, '" + (folder / "KMNIST/raw' and '")),
            std::string::npos);
}

}  // namespace
}  // namespace lrfind::data
