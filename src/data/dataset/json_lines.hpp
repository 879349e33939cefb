// Files with one JSON object a line, such as Hugging Face's metadata.jsonl, as a table whose columns are the keys.
#pragma once

#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

namespace lrfind::data {

/// Strings are taken as they are, numbers and truth values as JSON writes them, null as nothing; a list or an object
/// makes its column `nested`. Throws Error (data) with the line of what is no JSON object.
Table table_of_json_lines(const std::string& file, const std::string& text, const std::stop_token& stop = {});

}  // namespace lrfind::data
