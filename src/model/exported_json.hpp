// JSON of torch.export, read as the types that it must have; trouble is said in a sentence about the file.
#pragma once

#include <lrfind/error.hpp>
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace lrfind::model {

/// Every function throws Error (model) where the value is another one. The file's name outlives it.
class ExportedJson {
 public:
  using Json = nlohmann::ordered_json;

  explicit ExportedJson(const std::string& file) : file_(file) {}

  [[noreturn]] void damaged(const std::string& clause) const {
    throw model_error("exported program \"" + file_ + "\" is damaged: " + clause + "; export it again");
  }
  [[noreturn]] void refuse(const std::string& clause) const {
    throw model_error("exported program \"" + file_ + "\" " + clause);
  }

  Json parse(std::string_view text, const std::string& what) const {
    try {
      return parse_json(text);
    } catch (const JsonError& error) {
      damaged(what + " " + error.what());
    }
  }

  const Json* find(const Json& object, const char* name) const {
    if (!object.is_object()) damaged(std::string("there is no object where \"") + name + "\" belongs");
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  const Json& member(const Json& object, const char* name) const {
    const auto* found = find(object, name);
    if (found == nullptr) damaged(std::string("\"") + name + "\" is missing");
    return *found;
  }
  const Json& list(const Json& value, const char* what) const {
    if (!value.is_array()) damaged(std::string("\"") + what + "\" is no list");
    return value;
  }
  const Json& list_in(const Json& object, const char* name) const { return list(member(object, name), name); }
  std::string text(const Json& value, const char* what) const {
    if (!value.is_string()) damaged(std::string("\"") + what + "\" is no text");
    return value.get<std::string>();
  }
  std::string text_in(const Json& object, const char* name) const { return text(member(object, name), name); }
  bool boolean(const Json& value, const char* what) const {
    if (!value.is_boolean()) damaged(std::string("\"") + what + "\" is neither true nor false");
    return value.get<bool>();
  }
  std::int64_t integer(const Json& value, const char* what) const {
    const bool too_large = value.is_number_unsigned() &&
                           value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (!value.is_number_integer() || too_large) damaged(std::string("\"") + what + "\" is no whole number");
    return value.get<std::int64_t>();
  }
  int code(const Json& value, const char* what) const {
    const auto number = integer(value, what);
    if (number < 0 || number > 1000) damaged(std::string("\"") + what + "\" is " + std::to_string(number));
    return static_cast<int>(number);
  }
  double number(const Json& value, const char* what) const {
    if (value.is_string()) {  // JSON has none of these
      const auto word = value.get<std::string>();
      if (word == "Infinity") return std::numeric_limits<double>::infinity();
      if (word == "-Infinity") return -std::numeric_limits<double>::infinity();
      if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
    }
    if (!value.is_number()) damaged(std::string("\"") + what + "\" is no number");
    return value.get<double>();
  }
  /// The one member of an object that says by its name what it holds.
  std::pair<std::string, const Json*> choice(const Json& value) const {
    if (value.is_object()) {
      for (const auto& [name, held] : value.items()) {
        if (value.size() == 1 || !held.is_null()) return {name, &held};
      }
    }
    damaged("an argument is no object with one member");
  }

 private:
  const std::string& file_;
};

}  // namespace lrfind::model
