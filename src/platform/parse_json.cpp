#include "platform/parse_json.hpp"

#include "platform/excerpt.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lrfind {
namespace {

using Json = nlohmann::ordered_json;

/// An array or object that is not closed yet.
struct Open {
  Json value;
  std::string key = {};                                       ///< of the member that comes next
  std::unordered_map<std::string, std::size_t> members = {};  ///< places of keys, once there are many
};

/// Puts the value together from what the parser meets. nlohmann's own looks through all keys of an object for each new
/// one, which takes 13 s for 100,000.
class Builder {
 public:
  explicit Builder(int deepest) : deepest_(static_cast<std::size_t>(deepest)) {}

  bool null() { return take(nullptr); }
  bool boolean(bool value) { return take(value); }
  bool number_integer(Json::number_integer_t value) { return take(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return take(value); }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) { return take(value); }
  bool string(std::string& value) { return take(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return false; }  // has no place in text

  bool start_object(std::size_t /*size*/) { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    open_.back().key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t byte, const std::string& token, const nlohmann::detail::exception& error) {
    const bool overflow = dynamic_cast<const nlohmann::detail::out_of_range*>(&error) != nullptr;
    throw JsonError(overflow ? "holds the number " + excerpt(token) + ", which is out of range" : "is not JSON", byte,
                    !overflow);
  }

  bool too_deep() const { return too_deep_; }
  Json result() { return std::move(result_); }

 private:
  bool open(Json value) {
    too_deep_ = open_.size() >= deepest_;
    if (!too_deep_) open_.push_back({std::move(value)});
    return !too_deep_;
  }

  bool close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return take(std::move(value));
  }

  bool take(Json value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else {
      add_member(open_.back(), std::move(value));
    }
    return true;
  }

  static void add_member(Open& open, Json value) {
    constexpr std::size_t few = 16;
    auto& members = open.value.get_ref<Json::object_t&>();
    std::size_t place = members.size();
    if (members.size() < few) {
      const auto same = [&](const auto& member) { return member.first == open.key; };
      place = static_cast<std::size_t>(std::find_if(members.begin(), members.end(), same) - members.begin());
    } else {
      if (open.members.empty()) {
        for (const auto& member : members) open.members.emplace(member.first, open.members.size());
      }
      place = open.members.try_emplace(open.key, members.size()).first->second;
    }
    if (place < members.size()) {
      std::next(members.begin(), static_cast<std::ptrdiff_t>(place))->second = std::move(value);
    } else {
      append_member(open.value, std::move(open.key), std::move(value));
    }
  }

  std::size_t deepest_;
  std::vector<Open> open_;
  Json result_;
  bool too_deep_ = false;
};

/// Where the bracket stands that is the first too deep.
std::size_t too_deep_at(std::string_view text, int deepest) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string) {
      if (text[i] == '\\')
        ++i;
      else
        in_string = text[i] != '"';
      continue;
    }
    in_string = text[i] == '"';
    if (text[i] == ']' || text[i] == '}') --depth;
    if ((text[i] == '[' || text[i] == '{') && ++depth > deepest) return i + 1;
  }
  return text.size();
}

}  // namespace

Json parse_json(std::string_view text, int deepest) {
  Builder builder(deepest);
  if (!Json::sax_parse(text.begin(), text.end(), &builder) && builder.too_deep()) {
    throw JsonError("nests more than " + std::to_string(deepest) + " levels of brackets", too_deep_at(text, deepest),
                    false);
  }
  return builder.result();
}

std::string json_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void append_member(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().Container::emplace_back(std::move(key), std::move(value));
}

}  // namespace lrfind
