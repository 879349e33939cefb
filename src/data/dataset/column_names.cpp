#include <data/dataset/column_names.hpp>
#include "platform/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace lrfind::data {
namespace {

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

NameClarity says_image_file(const std::string& column) {
  constexpr std::array<std::string_view, 7> clear{"path",     "file",  "filename",  "file_name",
                                                  "filepath", "image", "image_path"};
  constexpr std::array<std::string_view, 26> likely{
      "paths",     "files",        "filenames", "filepaths", "images",        "imagepath",  "imagepaths",
      "imagename", "imagenames",   "imageid",   "imagefile", "imagefilename", "imageindex", "img",
      "imgpath",   "imgname",      "imgid",     "imgfile",   "fname",         "name",       "id",
      "idcode",    "relativepath", "path",      "filename",  "photo"};
  if (is_one_of(clear, lower_case(column))) return NameClarity::clear;
  return is_one_of(likely, plain_name(column)) ? NameClarity::likely : NameClarity::none;
}

NameClarity says_class(const std::string& column) {
  constexpr std::array<std::string_view, 17> clear{"label",      "class",   "classname", "target",     "category",
                                                   "labels",     "classes", "targets",   "classid",    "classlabel",
                                                   "labelname",  "labelid", "labeltext", "classindex", "categoryname",
                                                   "categoryid", "classes"};
  constexpr std::array<std::string_view, 4> likely{"breed", "species", "diagnosis", "dx"};
  if (is_one_of(clear, plain_name(column))) return NameClarity::clear;
  return is_one_of(likely, plain_name(column)) ? NameClarity::likely : NameClarity::none;
}

bool always_said_class(const std::string& column) {
  constexpr std::array<std::string_view, 5> names{"label", "class", "class_name", "target", "category"};
  return is_one_of(names, lower_case(column));
}

bool says_split(const std::string& column) {
  return is_one_of(std::array<std::string_view, 3>{"split", "subset", "set"}, lower_case(column));
}

bool says_row_number(const std::string& column) {
  constexpr std::array<std::string_view, 5> names{"", "index", "rownames", "rowid", "row"};
  const std::string name = plain_name(column);
  return is_one_of(names, name) || name.starts_with("unnamed:");
}

std::string plain_name(const std::string& column) {
  std::string name = lower_case(column);
  std::erase_if(name, [](char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; });
  return name;
}

}  // namespace lrfind::data
