// What people's manifests say, in the forms in which tools export them. The counts are those of the rows written here.
#include <data/dataset/dataset.hpp>
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "data/files.hpp"

namespace lrfind::data {
namespace {

using test::FileBytes;
using test::TempFolder;

// Content plays no part in finding images.
const FileBytes anything{1};

void write_images(const TempFolder& folder, std::initializer_list<const char*> names) {
  for (const char* name : names) folder.write(name, anything);
}

Dataset find(const std::string& path) {
  FindOptions options;
  options.val_split = 0;
  return find_dataset(path, options);
}

std::string error_of(const std::string& path) {
  try {
    find(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

using Names = std::vector<std::string>;

// "file=class" of each training image, the file below the folder.
Names training(const Dataset& dataset, const TempFolder& folder) {
  Names result;
  for (std::size_t i = 0; i < dataset.train.size(); ++i) {
    std::string path = dataset.train.path(i);
    if (path.rfind(folder.path() + "/", 0) == 0) path.erase(0, folder.path().size() + 1);
    result.push_back(path + "=" + dataset.classes[static_cast<std::size_t>(dataset.train.label(i))]);
  }
  return result;
}

TEST(Manifest, ReadsPathsRelativeToItselfAndAbsoluteOnes) {
  const TempFolder folder;
  const TempFolder elsewhere;
  write_images(folder, {"data set/img/1.png", "data set/img/a, \"b\".png", "data set/3.png"});
  const std::string far = elsewhere.write("2.jpg", anything);
  const std::string file = folder.write(
      "data set/list.csv", "path,label\nimg/1.png,dog\n\"img/a, \"\"b\"\".png\" , cat\r\n" + far + ",dog\n\n3.png,cat");
  const Dataset dataset = find(file);
  EXPECT_EQ(dataset.format, "csv");
  EXPECT_EQ(dataset.classes, (Names{"cat", "dog"}));
  EXPECT_EQ(training(dataset, folder),
            (Names{"data set/img/1.png=dog", "data set/img/a, \"b\".png=cat", far + "=dog", "data set/3.png=cat"}));
  EXPECT_TRUE(dataset.notes.empty());
}

TEST(Manifest, NeedsNoHeader) {
  const TempFolder folder;
  write_images(folder, {"1.png", "2.png", "3.png"});
  const Dataset dataset = find(folder.write("list.csv", "1.png,x\n2.png,y\n"));
  EXPECT_EQ(training(dataset, folder), (Names{"1.png=x", "2.png=y"}));
  EXPECT_TRUE(dataset.notes.empty());
  EXPECT_EQ(training(find(folder.write("turned.csv", "x,1.png\ny,2.png\nx,3.png\n")), folder),
            (Names{"1.png=x", "2.png=y", "3.png=x"}));
}

TEST(Manifest, KeepsRowsWhoseFileIsMissing) {
  const TempFolder folder;
  write_images(folder, {"2.png", "3.png"});
  EXPECT_EQ(training(find(folder.write("list.csv", "1.png,x\n2.png,y\n3.png,x\n")), folder),
            (Names{"1.png=x", "2.png=y", "3.png=x"}));
}

TEST(Manifest, TakesAFirstRowThatIsNoFileForAHeader) {
  const TempFolder folder;
  write_images(folder, {"1.jpg", "2.jpg"});
  const Dataset dataset = find(folder.write("train.csv", "image_id,label\n1.jpg,cat\n2.jpg,dog\n"));
  EXPECT_EQ(training(dataset, folder), (Names{"1.jpg=cat", "2.jpg=dog"}));
  ASSERT_EQ(dataset.notes.size(), 1U);
  expect_in("images are taken from column 'image_id'", dataset.notes[0]);
  expect_in("classes from column 'label'", dataset.notes[0]);
}

TEST(Manifest, CompletesNamesFromTheFolderBesideIt) {
  const TempFolder folder;
  write_images(folder,
               {"train/000bec.jpg", "train/001cdf.jpg", "train/00a1.b.jpg", "test/00ff.jpg", "test/000bec.jpg"});
  const Dataset dataset = find(folder.write("labels.csv", "id,breed\n000bec,dingo\n001cdf,boxer\n00a1.b,dingo\n"));
  EXPECT_EQ(training(dataset, folder),
            (Names{"train/000bec.jpg=dingo", "train/001cdf.jpg=boxer", "train/00a1.b.jpg=dingo"}));
  expect_in("train/000bec.jpg", dataset.notes.at(0));
  // Of a name in train/ and in test/, a list called test means the latter.
  const Dataset test = find(folder.write("test.csv", "id,breed\n000bec,dingo\n00ff,boxer\n"));
  EXPECT_EQ(training(test, folder), (Names{"test/000bec.jpg=dingo", "test/00ff.jpg=boxer"}));
}

TEST(Manifest, FindsImagesInSeveralFoldersAndAboveItself) {
  const TempFolder folder;
  write_images(folder, {"part_1/a1.jpg", "part_2/a2.jpg", "part_2/a3.jpg"});
  EXPECT_EQ(training(find(folder.write("list.csv", "image,kind\na1,x\na2,y\na3,x\n")), folder),
            (Names{"part_1/a1.jpg=x", "part_2/a2.jpg=y", "part_2/a3.jpg=x"}));
  const TempFolder other;
  write_images(other, {"images/a1.jpg", "images/a2.jpg"});
  const std::string above = other / "annotations/../";
  const Dataset dataset = find(other.write("annotations/list.csv", "image,kind\na1.jpg,x\na2.jpg,y\n"));
  EXPECT_EQ(dataset.train.path(0), above + "images/a1.jpg");
  EXPECT_EQ(dataset.notes.size(), 1U);
}

TEST(Manifest, RefusesNamesThatAreInSeveralFolders) {
  const TempFolder folder;
  write_images(folder, {"cat/1.jpg", "cat/2.jpg", "dog/1.jpg"});
  const std::string error = error_of(folder.write("list.csv", "file,label\n1.jpg,cat\n2.jpg,cat\n1.jpg,dog\n"));
  expect_in("'1.jpg' lies in '" + folder.path() + "/cat/' and in '" + folder.path() + "/dog/'", error);
  write_images(folder, {"a.jpg", "a.png", "b.jpg", "b.png"});
  expect_in("end in '.jpg' and in '.png'", error_of(folder.write("ends.csv", "id,kind\na,x\nb,y\n")));
}

TEST(Manifest, TakesTheColumnThatHoldsFilesAndTheOneThatSaysClass) {
  const TempFolder folder;
  write_images(folder, {"images/ISIC_1.jpg", "images/ISIC_2.jpg", "images/ISIC_3.jpg", "images/ISIC_4.jpg"});
  const std::string rows =
      "HAM_1,ISIC_1,bkl,histo,80.0,male\nHAM_1,ISIC_2,nv,follow_up,80.0,male\nHAM_2,ISIC_3,bkl,follow_up,35.0,female\n"
      "HAM_3,ISIC_4,nv,histo,35.0,male\n";
  const Dataset dataset = find(folder.write("meta.csv", "lesion_id,image_id,dx,dx_type,age,sex\n" + rows));
  EXPECT_EQ(training(dataset, folder),
            (Names{"images/ISIC_1.jpg=bkl", "images/ISIC_2.jpg=nv", "images/ISIC_3.jpg=bkl", "images/ISIC_4.jpg=nv"}));
  expect_in("not used: column 'lesion_id'", dataset.notes.at(0));
  const std::string error = error_of(folder.write("unclear.csv", "lesion_id,image_id,kind,dx_type,age,sex\n" + rows));
  expect_in("the class could be ", error);
  for (const char* candidate : {"column 'kind'", "column 'dx_type'", "column 'sex'"}) expect_in(candidate, error);
  expect_in("line 2: lesion_id 'HAM_1', image_id 'ISIC_1', kind 'bkl'", error);
}

TEST(Manifest, TakesOneOfTwoColumnsThatDivideTheImagesAlike) {
  const TempFolder folder;
  write_images(folder, {"1.jpg", "2.jpg", "3.jpg"});
  const Dataset dataset =
      find(folder.write("list.csv", "class id,filepaths,labels\n7,1.jpg,ALBATROSS\n9,2.jpg,WREN\n7,3.jpg,ALBATROSS\n"));
  EXPECT_EQ(training(dataset, folder), (Names{"1.jpg=ALBATROSS", "2.jpg=WREN", "3.jpg=ALBATROSS"}));
}

TEST(Manifest, ReadsOneHotColumns) {
  const TempFolder folder;
  write_images(folder, {"images/T_0.jpg", "images/T_1.jpg", "images/T_2.jpg"});
  const Names right{"images/T_0.jpg=scab", "images/T_1.jpg=rust", "images/T_2.jpg=healthy"};
  EXPECT_EQ(training(find(folder.write("train.csv", "image_id,healthy,rust,scab\nT_0,0,0,1\nT_1,0,1,0\nT_2,1,0,0\n")),
                     folder),
            right);
  EXPECT_EQ(training(find(folder.write("dummies.csv",
                                       ",image_id,healthy,rust,scab\n0,T_0,False,False,True\n"
                                       "1,T_1,False,True,False\n2,T_2,True,False,False\n")),
                     folder),
            right);
  const std::string error =
      error_of(folder.write("multi.csv", "image_id,healthy,rust,scab\nT_0,0,0,1\nT_1,0,1,1\nT_2,1,0,0\n"));
  expect_in("line 3: marks 'rust' and 'scab' of the columns 'healthy', 'rust' and 'scab'", error);
  expect_in("line 2: marks none of",
            error_of(folder.write("none.csv", "image_id,healthy,rust,scab\nT_0,0,0,0\nT_1,0,1,0\nT_2,1,0,0\n")));
}

TEST(Manifest, ReadsWhatPandasAndRWrite) {
  const TempFolder folder;
  write_images(folder, {"0.png", "1.png", "2.png"});
  const Names right{"0.png=x", "1.png=y", "2.png=x"};
  for (const char* text :
       {",path,label\n0,0.png,x\n1,1.png,y\n2,2.png,x\n", ",fn,digit\n0,0.png,x\n1,1.png,y\n2,2.png,x\n",
        ",0,1\n0,0.png,x\n1,1.png,y\n2,2.png,x\n", "Unnamed: 0,fn,digit\n5,0.png,x\n6,1.png,y\n7,2.png,x\n",
        "\"\",\"fn\",\"digit\"\n\"1\",\"0.png\",\"x\"\n\"2\",\"1.png\",\"y\"\n\"3\",\"2.png\",\"x\"\n",
        "\"fn\" \"digit\"\n\"1\" \"0.png\" \"x\"\n\"2\" \"1.png\" \"y\"\n\"3\" \"2.png\" \"x\"\n"}) {
    EXPECT_EQ(training(find(folder.write("list.txt", std::string(text))), folder), right) << text;
  }
}

TEST(Manifest, TakesNoIndexForTheImages) {
  const TempFolder folder;
  write_images(folder, {"train/0.png", "train/1.png", "train/2.png"});
  EXPECT_EQ(training(find(folder.write("list.csv", ",fn,kind\n0,2,x\n1,1,y\n2,0,x\n")), folder),
            (Names{"train/2.png=x", "train/1.png=y", "train/0.png=x"}));
  expect_in("the images could be column 'left' or column 'right'",
            error_of(folder.write("pairs.csv", "left,right,kind\n0,2,x\n1,1,y\n2,0,x\n")));
}

TEST(Manifest, UnderstandsSeparatorsEncodingsAndLineEnds) {
  const TempFolder folder;
  write_images(folder, {"sub/0.png", "sub/1.png", "sub/2.png"});
  const Names right{"sub/0.png=x", "sub/1.png=y", "sub/2.png=x"};
  for (const char* text :
       {"file;kind\nsub/0.png;x\nsub/1.png;y\nsub/2.png;x\n", "file\tkind\nsub/0.png\tx\nsub/1.png\ty\nsub/2.png\tx\n",
        "file|kind\nsub/0.png|x\nsub/1.png|y\nsub/2.png|x\n", "sub/0.png x\nsub/1.png y\nsub/2.png x\n",
        "sep=;\nfile;kind\nsub/0.png;x\nsub/1.png;y\nsub/2.png;x\n",
        "\xEF\xBB\xBFpath,kind\r\nsub/0.png,x\r\nsub/1.png,y\r\nsub/2.png,x\r\n",
        "file,kind\rsub/0.png,x\rsub/1.png,y\rsub/2.png,x\r",
        "file,note,class\nsub/0.png,\"a\nb\",x\nsub/1.png,c,y\nsub/2.png,d,x\n",
        "file,kind,\nsub/0.png,x,\nsub/1.png,y,\nsub/2.png,x,\n",
        "file;kind\nsub\\0.png;x\nsub\\1.png;y\nsub\\2.png;x\n"}) {
    EXPECT_EQ(training(find(folder.write("list.tsv", std::string(text))), folder), right) << text;
  }
  const std::string plain = "file\tkind\nsub/0.png\tx\nsub/1.png\ty\nsub/2.png\tx\n";
  FileBytes little{0xFF, 0xFE};
  FileBytes big{0xFE, 0xFF};
  for (const char c : plain) {
    const auto byte = static_cast<std::uint8_t>(c);
    little.insert(little.end(), {byte, 0});
    big.insert(big.end(), {0, byte});
  }
  for (const FileBytes& bytes : {little, big})
    EXPECT_EQ(training(find(folder.write("list.txt", bytes)), folder), right);
}

TEST(Manifest, TakesValidationFromASplitColumn) {
  const TempFolder folder;
  write_images(folder, {"1.png", "2.png", "3.png"});
  for (const char* text :
       {"path,label,split\n1.png,x,train\n2.png,y,train\n3.png,y,val\n", "1.png,x,train\n2.png,y,train\n3.png,y,val\n",
        "path,label,split\n1.png,x,Train\n2.png,y,training\n3.png,y,dev\n",
        "path,label,is_valid\n1.png,x,False\n2.png,y,False\n3.png,y,True\n",
        "path,label,is_train\n1.png,x,1\n2.png,y,1\n3.png,y,0\n",
        "data set,filepaths,labels\ntrain,1.png,x\ntrain,2.png,y\ntest,3.png,y\n"}) {
    const Dataset dataset = find(folder.write("list.csv", std::string(text)));
    EXPECT_EQ(training(dataset, folder), (Names{"1.png=x", "2.png=y"})) << text;
    ASSERT_EQ(dataset.val.size(), 1U) << text;
    EXPECT_EQ(dataset.val.path(0), folder / "3.png");
    EXPECT_EQ(dataset.val.label(0), 1);
    EXPECT_EQ(dataset.val_origin, "manifest");
  }
}

TEST(Manifest, LeavesTestImagesOutWhereThereAreValidationImages) {
  const TempFolder folder;
  write_images(folder, {"1.png", "2.png", "3.png", "4.png", "5.png"});
  const Dataset dataset = find(folder.write(
      "list.csv", "path,label,split\n1.png,x,train\n2.png,y,train\n3.png,y,val\n4.png,z,test\n5.png,x,test\n"));
  EXPECT_EQ(dataset.classes, (Names{"x", "y"}));
  EXPECT_EQ(dataset.train.size(), 2U);
  EXPECT_EQ(dataset.val.size(), 1U);
  expect_in("2 test images are left out", dataset.notes.at(0));
}

TEST(Manifest, RefusesColumnsThatAreNoClasses) {
  const TempFolder folder;
  std::string ids = "path,label\n";
  std::string scores = "path,score\n";
  std::string tags = "image_name,tags\n";
  const Names sets{"clear primary", "haze primary", "clear primary water", "haze", "clear", "clear haze primary"};
  for (int i = 0; i < 24; ++i) {
    const std::string name = std::to_string(i) + ".png";
    folder.write(name, anything);
    ids += name + ",id" + std::to_string(i) + "\n";
    scores += name + "," + std::to_string(i * 0.37) + "\n";
    tags += std::to_string(i) + "," + sets[static_cast<std::size_t>(i) % sets.size()] + "\n";
  }
  expect_in("24 different values in 24 rows", error_of(folder.write("ids.csv", ids)));
  expect_in("column 'score' holds measured numbers", error_of(folder.write("scores.csv", scores)));
  expect_in("column 'tags' gives images several labels at once", error_of(folder.write("tags.csv", tags)));
}

TEST(Manifest, TellsOfImagesInTwoClassesOrSplits) {
  const TempFolder folder;
  write_images(folder, {"1.png", "2.png", "3.png"});
  const Dataset dataset = find(folder.write(
      "list.csv", "path,label,split\n1.png,x,train\n2.png,y,train\n1.png,y,train\n2.png,y,val\n3.png,x,train\n"));
  ASSERT_EQ(dataset.notes.size(), 2U);
  expect_in("with another class, 1 times, such as '" + folder / "1.png'", dataset.notes[0]);
  expect_in("both for training and for validation, 1 times, such as '" + folder / "2.png'", dataset.notes[1]);
}

TEST(Manifest, ErrorsNameTheLine) {
  const TempFolder folder;
  write_images(folder, {"1.png", "2.png", "a, b.png"});
  const auto error = [&](const std::string& text) { return error_of(folder.write("list.csv", text)); };
  expect_in("list.csv' line 3: has 1 fields", error("path,label\n1.png,x\n2.png\n"));
  expect_in("line 2: has no path", error("1.png,x\n,y\n"));
  expect_in("line 2: has no label", error("1.png,x\n2.png,\n"));
  expect_in("line 2: has a quote that is not closed", error("1.png,x\n\"2.png,y\n"));
  expect_in("line 2: has the split 'extra'", error("path,label,split\n1.png,x,extra\n"));
  expect_in("line 3: has 3 fields where the first row has 2", error("path,label\n1.png,x\na, b.png,x\n"));
  expect_in("one class only, 'x'", error("1.png,x\n2.png,x\n"));
  expect_in("names no training images", error("path,label\n"));
  expect_in("names no training images", error("id,breed\n"));
  expect_in("line 1: is not text", error(std::string("a\0b", 3)));
  expect_in("one column only", error("1.png\n2.png\n"));
  expect_in("line 1: has one value, '# exported'", error("# exported\npath,label\n1.png,x\n2.png,y\n"));
  expect_in("names the image by an address, 'https://x.y/1.png'",
            error("path,label\nhttps://x.y/1.png,a\ns3://b/2.png,b\n"));
}

TEST(Manifest, SaysWhereItLookedWhenNoFileIsFound) {
  const TempFolder folder;
  write_images(folder, {"train/1.png"});
  const std::string error = error_of(folder.write("list.csv", "path,label\nfoo/7.png,x\nfoo/8.png,y\n"));
  expect_in("line 2: no image file 'foo/7.png' is found in '" + folder.path() + "/', '" + folder.path() + "/train/'",
            error);
  expect_in("none of the 2 names looked at in column 'path'", error);
}

TEST(Manifest, CutsAndEscapesValuesInMessages) {
  const TempFolder folder;
  write_images(folder, {"1.png"});
  const std::string error =
      error_of(folder.write("list.csv", "path,label,split\n1.png,x,\x1B[31m" + std::string(500, 'a') + "\n"));
  expect_in("'\\x1B[31maaa", error);
  EXPECT_LT(error.size(), 300U);
}

TEST(Metadata, IsFoundFromTheFolderAlone) {
  for (const char* name : {"metadata.csv", "metadata.jsonl"}) {
    const TempFolder folder;
    write_images(folder, {"img/1.png", "img/2.png", "img/3.png"});
    folder.write(name,
                 std::string(name).ends_with("csv")
                     ? "file_name,label,text\nimg/1.png,\xC3\xA4,a\nimg/2.png,b,b\nimg/3.png,b,c\n"
                     : "{\"file_name\": \"img/1.png\", \"label\": \"\\u00e4\", \"objects\": {\"bbox\": [[1]]}}\n\n"
                       "{\"label\": \"b\", \"file_name\": \"img/2.png\", \"text\": \"\\\"x\\\",\"}\n"
                       "{\"file_name\": \"img/3.png\", \"label\": \"b\", \"text\": null}\n");
    const Dataset dataset = find(folder.path());
    EXPECT_EQ(dataset.format, "metadata");
    EXPECT_EQ(training(dataset, folder), (Names{"img/1.png=\xC3\xA4", "img/2.png=b", "img/3.png=b"})) << name;
    expect_in("is used", dataset.notes.at(0));
  }
}

TEST(Metadata, IsReadForEachSplit) {
  const TempFolder folder;
  write_images(folder, {"train/1.png", "train/2.png", "validation/1.png", "test/1.png"});
  folder.write("train/metadata.jsonl",
               "{\"file_name\": \"1.png\", \"label\": 10}\n{\"file_name\": \"2.png\", \"label\": 9}\n");
  folder.write("validation/metadata.jsonl", "{\"file_name\": \"1.png\", \"label\": 9}\n");
  folder.write("test/metadata.jsonl", "{\"file_name\": \"1.png\"}\n");
  const Dataset dataset = find(folder.path());
  EXPECT_EQ(training(dataset, folder), (Names{"train/1.png=10", "train/2.png=9"}));
  ASSERT_EQ(dataset.val.size(), 1U);
  EXPECT_EQ(dataset.val.path(0), folder / "validation/1.png");
  EXPECT_EQ(dataset.val_origin, "validation");
  expect_in("not used: 'test'", dataset.notes.back());
}

TEST(Metadata, TakesTheSplitFromTheFoldersThatItNames) {
  const TempFolder folder;
  write_images(folder, {"train/1.png", "train/2.png", "test/3.png"});
  folder.write("metadata.csv", "file_name,label\ntrain/1.png,a\ntest/3.png,a\ntrain/2.png,b\n");
  const Dataset dataset = find(folder.path());
  EXPECT_EQ(training(dataset, folder), (Names{"train/1.png=a", "train/2.png=b"}));
  ASSERT_EQ(dataset.val.size(), 1U);
  EXPECT_EQ(dataset.val.path(0), folder / "test/3.png");
}

TEST(Metadata, LeavesClassFoldersAloneWhereItNamesNoClasses) {
  const TempFolder folder;
  write_images(folder, {"cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png"});
  for (const char* text : {"file_name,sex\ncat/1.png,m\ncat/2.png,f\ndog/1.png,m\ndog/2.png,f\n",
                           "subject,age\n1,20\n2,30\n", "file_name,label\ncat/1.png,\"a\n"}) {
    folder.write("metadata.csv", std::string(text));
    const Dataset dataset = find(folder.path());
    EXPECT_EQ(dataset.format, "folders") << text;
    EXPECT_EQ(training(dataset, folder), (Names{"cat/1.png=cat", "cat/2.png=cat", "dog/1.png=dog", "dog/2.png=dog"}));
    expect_in("not the metadata's", dataset.notes.back());
  }
}

TEST(Metadata, ErrorsNameTheLine) {
  const TempFolder folder;
  write_images(folder, {"1.png"});
  const auto error = [&](const std::string& second) {
    folder.write("metadata.jsonl", "{\"file_name\": \"1.png\", \"label\": \"a\"}\n" + second + "\n");
    return error_of(folder.path());
  };
  expect_in("metadata.jsonl' line 2: is a JSON array", error("[1, 2]"));
  expect_in("line 2: is not valid JSON (at character", error("{\"file_name\": "));
  expect_in("line 2: is not valid JSON", error("{\"file_name\": \"\xFF\"}"));
  expect_in("line 2: nests more than 64 levels of brackets (at byte 65)", error(std::string(100'000, '[')));
  expect_in("line 2: has no label", error("{\"file_name\": \"1.png\", \"label\": null}"));
  expect_in("column 'label' holds lists or objects", error("{\"file_name\": \"1.png\", \"label\": [\"a\"]}"));
}

TEST(Manifest, StopsWhenAsked) {
  const TempFolder folder;
  write_images(folder, {"1.png"});
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "1.png," + std::to_string(i % 2) + "\n";
  FindOptions options;
  options.stop = test::stopped();
  EXPECT_THROW(find_dataset(folder.write("list.csv", text), options), Interrupted);
}

}  // namespace
}  // namespace lrfind::data
