// JSON from people's files: as deep and with such numbers as everything behind it can take, in time that grows with its
// length only.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lrfind {

/// Brackets in brackets; programs write a dozen levels, and what walks a value calls itself for each.
inline constexpr int deepest_json = 100;

/// what() is a clause that begins with a verb and says where: "is not JSON (at byte 12)".
class JsonError : public std::runtime_error {
 public:
  JsonError(const std::string& clause, std::size_t byte, bool syntax)
      : std::runtime_error(clause + " (at byte " + std::to_string(byte) + ")"), byte_(byte), syntax_(syntax) {}

  std::size_t byte() const { return byte_; }

  /// Whether the text is no JSON at all, as opposed to JSON that nobody means.
  bool syntax() const { return syntax_; }

 private:
  std::size_t byte_;
  bool syntax_;
};

/// Keys stay in their order; of a key that is there twice the later value counts. Throws JsonError.
nlohmann::ordered_json parse_json(std::string_view text, int deepest = deepest_json);

/// A value on one line, bytes that are not UTF-8 replaced by U+FFFD.
std::string json_text(const nlohmann::ordered_json& value);

/// Adds a key that the object is known not to have: operator[] looks through all others first.
void append_member(nlohmann::ordered_json& object, std::string key, nlohmann::ordered_json value);

}  // namespace lrfind
