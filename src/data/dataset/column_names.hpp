// The names that people give to the columns of a manifest. They decide only between columns whose values would do.
#pragma once

#include <string>

namespace lrfind::data {

/// How clearly a name says what its column holds.
enum class NameClarity { none, likely, clear };

NameClarity says_image_file(const std::string& column);
NameClarity says_class(const std::string& column);
/// Of the clear names, those that headers always were known by.
bool always_said_class(const std::string& column);

/// "split", "subset", "set": words for training and validation images are expected below.
bool says_split(const std::string& column);

/// No name, or a name that programs give to the numbers they put before the rows.
bool says_row_number(const std::string& column);

/// In lower case without blanks, dots, dashes and underscores, so that "Class ID" and "class_id" are one.
std::string plain_name(const std::string& column);

}  // namespace lrfind::data
