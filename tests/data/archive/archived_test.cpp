// Archives in place of folders: the unpacked folder is what they are compared with.
#include "data/archive/archives.hpp"

#include <data/dataset/dataset.hpp>
#include <data/dataset/inspect.hpp>
#include <lrfind/error.hpp>

#include <zlib.h>

#include <array>

namespace lrfind::data {
namespace {

using namespace test;

constexpr std::array packings{Packing::stored_zip, Packing::zip,    Packing::tar,    Packing::tar_gz,
                              Packing::tar_bz2,    Packing::tar_xz, Packing::tar_zst};

// Labels and contents, in the dataset's order.
std::vector<std::pair<std::string, FileBytes>> contents(const Dataset& dataset, Split split) {
  std::vector<std::pair<std::string, FileBytes>> result;
  const Samples& samples = dataset.samples(split);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    FileBytes bytes;
    if (samples.pixels(i) != nullptr) {
      bytes.assign(samples.pixels(i), samples.pixels(i) + samples.pixel_shape().bytes());
    } else {
      EXPECT_EQ(samples.read(i, bytes), "") << samples.path(i);
      EXPECT_EQ(samples.file_bytes(i), bytes.size());
    }
    result.emplace_back(dataset.classes[static_cast<std::size_t>(samples.label(i))], bytes);
  }
  return result;
}

void expect_same(const Dataset& archive, const Dataset& folder) {
  EXPECT_EQ(archive.classes, folder.classes);
  EXPECT_GT(folder.train.size(), 0U);
  EXPECT_EQ(contents(archive, Split::train), contents(folder, Split::train));
  EXPECT_EQ(contents(archive, Split::val), contents(folder, Split::val));
  EXPECT_EQ(archive.ignored_files, folder.ignored_files);
  EXPECT_EQ(archive.hidden, folder.hidden);
  EXPECT_EQ(archive.notes.size(), folder.notes.size());
}

// Packs the folder every way, and compares.
void expect_all_same(const TempFolder& temp, const std::string& name) {
  const Dataset folder = find_dataset(temp / name);
  for (const Packing packing : packings) {
    const std::string path = temp / ("packed" + ending_of(packing));
    SCOPED_TRACE(path);
    write_archive(path, packing, entries_of(temp / name));
    Dataset archive = find_dataset(path);
    if (packing > Packing::tar) {
      EXPECT_NE(archive.notes.back().find("temporary file"), std::string::npos);
      archive.notes.pop_back();
    }
    expect_same(archive, folder);
    EXPECT_EQ(archive.format, ending_of(packing).substr(1) + "/" + folder.format);
    EXPECT_EQ(archive.path, path);
  }
}

FileBytes image(int number) { return plain_png(4 + number % 3, 4, number % 256, number * 7 % 256, 40); }

void write_classes(const TempFolder& temp, const std::string& folder, int each, const std::string& inner = "") {
  for (const std::string label : {"ant", "bee", "Käfer"}) {
    for (int i = 0; i < each; ++i) {
      const std::string place = i % 2 == 0 ? inner : "";
      temp.write(folder + "/" + label + "/" + place + std::to_string(i) + ".png",
                 image(i + static_cast<int>(label[0])));
    }
  }
}

std::string refusal(const std::string& path) {
  try {
    find_dataset(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "it was taken";
}

void expect_refused(const std::string& path, const std::string& words) {
  const std::string said = refusal(path);
  EXPECT_NE(said.find(words), std::string::npos) << said;
  EXPECT_EQ(said.find('\n'), std::string::npos);
}

TEST(Archives, GiveWhatTheirFolderGives) {
  const TempFolder temp;
  write_classes(temp, "photos", 11, "a/b/");
  temp.write("photos/.DS_Store", std::string("x"));
  temp.write("photos/ant/.hidden.png", image(1));
  temp.write("photos/ant/readme.txt", std::string("x"));
  temp.write("photos/none/clip.heic", std::string("x"));
  temp.write("photos/__MACOSX/ant/._1.png", std::string("x"));
  expect_all_same(temp, "photos");
}

TEST(Archives, HaveSplitsBelowFoldersAround) {
  const TempFolder temp;
  write_classes(temp, "all/photos/train", 6);
  write_classes(temp, "all/photos/val", 3);
  expect_all_same(temp, "all");
}

TEST(Archives, HoldIdxFiles) {
  const TempFolder temp;
  const FileBytes pixels(12 * 4, 7);
  const FileBytes labels{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  temp.write("m/MNIST/raw/train-images-idx3-ubyte",
             FileBytes{0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 2} + pixels);
  const FileBytes plain = FileBytes{0, 0, 8, 1, 0, 0, 0, 12} + labels;
  const std::string gz = temp.write("m/MNIST/raw/train-labels-idx1-ubyte.gz", std::string());
  gzFile out = gzopen(gz.c_str(), "wb");
  gzwrite(out, plain.data(), static_cast<unsigned>(plain.size()));
  gzclose(out);
  expect_all_same(temp, "m");
  EXPECT_NE(find_dataset(temp / "packed.zip").train.path(0).find("packed.zip: MNIST/raw/train-images-idx3-ubyte#"),
            std::string::npos);
}

TEST(Archives, HoldAManifestWithItsImages) {
  const TempFolder temp;
  std::string lines = "path,label\n";
  for (int i = 0; i < 12; ++i) {
    temp.write("set/images/" + std::to_string(i) + ".png", image(i));
    lines += "images/" + std::to_string(i) + ".png," + (i % 3 == 0 ? "one" : "other") + "\n";
  }
  temp.write("set/labels.csv", lines);
  expect_all_same(temp, "set");
  const Dataset named = find_dataset(temp / "packed.zip/labels.csv");
  EXPECT_EQ(contents(named, Split::train), contents(find_dataset(temp / "set/labels.csv"), Split::train));
  temp.write("meta/metadata.csv", "file_name,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n");
  for (int i = 0; i < 4; ++i) temp.write("meta/" + std::to_string(i) + ".png", image(i));
  expect_all_same(temp, "meta");
}

TEST(Archives, ManifestsNeverLeadOutOfThem) {
  const TempFolder temp;
  temp.write("outside.png", image(1));
  write_archive(temp / "a.zip", Packing::zip,
                {{"list.csv", bytes_of("path,label\n../outside.png,a\n" + (temp / "outside.png") + ",b\n")}});
  expect_refused(temp / "a.zip/list.csv", "a.zip: list.csv' line 2");
}

TEST(Archives, NameTheirImagesBehindAColon) {
  const TempFolder temp;
  write_classes(temp, "photos", 4);
  temp.write("photos/ant/bad.png", std::string("no image"));
  write_archive(temp / "photos.zip", Packing::zip, entries_of(temp / "photos"));
  const Dataset dataset = find_dataset(temp / "photos.zip");
  DecodeBudget budget;
  const Inspection found = inspect(dataset, budget);
  ASSERT_EQ(found.unreadable.size(), 1U);
  EXPECT_EQ(found.unreadable[0].path, temp / "photos.zip: ant/bad.png");
  write_archive(temp / "one.tar", Packing::tar, {{"photos/ant/1.png", image(1)}});
  expect_refused(temp / "one.tar", "if '" + (temp / "one.tar: photos") + "' holds the class folders, give that");
}

TEST(Archives, UnpackIntoAFileThatNoFolderNames) {
  const TempFolder temp, room;
  write_classes(temp, "photos", 4);
  write_archive(temp / "photos.tar.gz", Packing::tar_gz, entries_of(temp / "photos"));
  ::setenv("TMPDIR", room.path().c_str(), 1);
  const Dataset dataset = find_dataset(temp / "photos.tar.gz");
  EXPECT_NE(dataset.notes.back().find(room.path()), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(room.path()));
  ::setenv("TMPDIR", (room / "none").c_str(), 1);
  expect_refused(temp / "photos.tar.gz", "no temporary file can be made in");
  ::unsetenv("TMPDIR");
}

TEST(Archives, RefuseEntriesThatLeadAstray) {
  const TempFolder temp;
  const std::vector<Entry> good{
      {"a/1.png", image(1)}, {"a/2.png", image(2)}, {"b/1.png", image(3)}, {"b/2.png", image(4)}};
  const std::array<std::pair<Entry, std::string>, 6> cases{{
      {{"../1.png", image(5)}, "leads out of its folder, '../1.png'"},
      {{"a/../../1.png", image(5)}, "leads out of its folder"},
      {{"/etc/1.png", image(5)}, "absolute path, '/etc/1.png'"},
      {{"a/3.png", {}, "/etc/passwd"}, "holds a link, 'a/3.png'"},
      {{"a/1.png", image(5)}, "'a/1.png' twice"},
      {{"a/1.png/2.png", image(5)}, "'a/1.png' as a file and as a folder"},
  }};
  for (const Packing packing : {Packing::zip, Packing::tar, Packing::tar_gz}) {
    for (const auto& [entry, words] : cases) {
      std::vector<Entry> entries = good;
      entries.push_back(entry);
      const std::string path = temp / ("x" + ending_of(packing));
      SCOPED_TRACE(path + " " + entry.name);
      write_archive(path, packing, entries);
      expect_refused(path, words);
    }
  }
  const std::array<std::pair<Entry, std::string>, 1> latin{{{{"a/\xE4.png", image(5)}, "no UTF-8, 'a/?.png'"}}};
  std::vector<Entry> entries = good;
  entries.push_back({"a/XY.png", image(5)});
  write_archive(temp / "latin.zip", Packing::zip, entries);
  std::ifstream in(temp / "latin.zip", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  for (std::size_t at = 0; (at = bytes.find("XY.png", at)) != std::string::npos;) bytes[at] = '\xE4';
  expect_refused(temp.write("latin.zip", bytes), latin[0].second.substr(0, 8));
}

TEST(Archives, RefuseWhatIsCutOff) {
  const TempFolder temp;
  write_classes(temp, "photos", 6);
  for (const Packing packing : packings) {
    const std::string path = temp / ("photos" + ending_of(packing));
    write_archive(path, packing, entries_of(temp / "photos"));
    const auto size = std::filesystem::file_size(path);
    for (const std::uintmax_t left : {size - size / 3, size / 2, size / 7 / 512 * 512, std::uintmax_t{0}}) {
      std::filesystem::resize_file(path, left);
      SCOPED_TRACE(path + " " + std::to_string(left));
      EXPECT_NE(refusal(path), "it was taken");
    }
  }
}

TEST(Archives, RefuseWhatUnpacksToMoreThanImagesDo) {
  const TempFolder temp;
  std::vector<Entry> entries{
      {"a/1.png", image(1)}, {"b/1.png", image(2)}, {"a/2.png", FileBytes(std::size_t{80} << 20U)}};
  for (const Packing packing : {Packing::zip, Packing::tar_gz, Packing::tar_xz}) {
    const std::string path = temp / ("bomb" + ending_of(packing));
    write_archive(path, packing, entries);
    expect_refused(path, "over 100 times as many");
  }
}

TEST(Archives, RefuseEncryptionAndOtherPackings) {
  const TempFolder temp;
  write_classes(temp, "photos", 3);
  write_archive(temp / "photos.zip", Packing::zip, entries_of(temp / "photos"));
  std::ifstream in(temp / "photos.zip", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::size_t header = bytes.find("PK\1\2");
  std::string encrypted = bytes, packed = bytes;
  encrypted[header + 8] = static_cast<char>(encrypted[header + 8] | 1);
  expect_refused(temp.write("encrypted.zip", encrypted), "is encrypted");
  packed[header + 10] = 9;
  expect_refused(temp.write("deflate64.zip", packed), "packed by method 9");
  expect_refused(temp.write("text.zip", std::string("no archive")), "is no zip archive");
  expect_refused(temp.write("text.tar.gz", std::string("no archive")), "holds no tar");
  write_archive(temp / "nested.zip", Packing::stored_zip, {{"photos.zip", bytes_of(bytes)}});
  expect_refused(temp / "nested.zip", "holds no images but archives, 'photos.zip'");
}

TEST(Archives, TellADamagedImageByItsChecksum) {
  const TempFolder temp;
  write_classes(temp, "photos", 3);
  write_archive(temp / "photos.zip", Packing::stored_zip, entries_of(temp / "photos"));
  std::fstream file(temp / "photos.zip", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(90);
  file.put('\xFF').put('\xFE');
  file.close();
  const Dataset dataset = find_dataset(temp / "photos.zip", {.val_split = 0, .stop = {}});
  int damaged = 0;
  FileBytes bytes;
  for (std::size_t i = 0; i < dataset.train.size(); ++i) {
    damaged += dataset.train.read(i, bytes).find("checksum") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(damaged, 1);
}

TEST(Parquet, IsRefusedWithTheLineThatUnpacksIt) {
  const TempFolder temp;
  expect_refused(temp.write("set/data/train-00000-of-00001.parquet", std::string("PAR1")),
                 "f in [p.Path('" + (temp / "set/data/train-00000-of-00001.parquet"));
  expect_refused(temp / "set", "sorted(p.Path('" + (temp / "set") + "').rglob('*.parquet'))");
}

}  // namespace
}  // namespace lrfind::data
