// The names of numbered classes, as datasets bring them along: classes.txt, labels.txt, classes.json, ...
#pragma once

#include <data/dataset/files.hpp>

#include <map>
#include <optional>
#include <string>

namespace lrfind::data {

struct ClassNames {
  std::string file;
  std::map<std::size_t, std::string> of_number;
};

/// The first such file in the folder (trailing slash): lines of names, numbered from 0 in their order, or a JSON list
/// of names, or a JSON object from number to name or from name to number. Nothing where there is none. Throws Error
/// (data) where it is something else.
std::optional<ClassNames> class_names_in(const Files& files, const std::string& folder);

}  // namespace lrfind::data
