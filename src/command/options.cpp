#include "command/options.hpp"
#include <lrfind/error.hpp>
#include "platform/did_you_mean.hpp"
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"
#include "platform/read_file.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <type_traits>

namespace lrfind::command {

using experiment::AutoOr;
using experiment::ImageSize;

namespace {

std::string plain(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

template <typename T>
std::optional<T> parse(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr const char* auto_word = "auto";

// What a command line's word stands for; nothing where it is none of the type.
template <typename T>
struct Word {
  static std::optional<T> read(const std::string& text) { return parse<T>(text); }
};

template <>
struct Word<std::string> {
  static std::optional<std::string> read(const std::string& text) { return text; }
};

template <>
struct Word<ImageSize> {
  static std::optional<ImageSize> read(const std::string& text) { return parse_image_size(text); }
};

template <typename T>
struct Word<AutoOr<T>> {
  static std::optional<AutoOr<T>> read(const std::string& text) {
    if (text == auto_word) return AutoOr<T>();
    const std::optional<T> value = Word<T>::read(text);
    if (!value) return std::nullopt;
    return AutoOr<T>(*value);
  }
};

// A number written as text is a number in a config file and in a result.
nlohmann::ordered_json as_json(const std::string& text) {
  if (const auto whole = parse<std::int64_t>(text)) return *whole;
  if (const auto value = parse<double>(text); value && std::isfinite(*value)) return *value;
  return text;
}

std::optional<std::string> as_text(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number()) return json.dump();
  return std::nullopt;
}

nlohmann::ordered_json json_of(double value) { return value; }
nlohmann::ordered_json json_of(std::int64_t value) { return value; }
nlohmann::ordered_json json_of(const std::string& value) { return as_json(value); }
nlohmann::ordered_json json_of(const ImageSize& size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}
template <typename T>
nlohmann::ordered_json json_of(const AutoOr<T>& value) {
  if (!value) return auto_word;
  if constexpr (std::is_same_v<T, double>) {
    constexpr double exact = 1e15;
    if (std::trunc(*value) == *value && std::abs(*value) < exact)
      return static_cast<std::int64_t>(*value);  // 0, not 0.0
  }
  return json_of(*value);
}

// As the help shows it.
std::string default_text(const std::string& value) { return value; }
std::string default_text(double value) { return plain(value); }
template <typename T>
std::string default_text(const T& value) {
  const auto json = json_of(value);
  return json.is_string() ? json.template get<std::string>() : json.dump();
}

std::string quoted(const nlohmann::ordered_json& value) { return excerpt(json_text(value)); }

std::string key_of(const std::string& names) {
  const auto at = names.find("--");
  return names.substr(at + 2, names.find_first_of(",{!", at) - at - 2);
}

std::vector<std::string> names_of(const std::string& names) {
  std::vector<std::string> list;
  for (const std::string_view name : split(names, ',')) list.emplace_back(name);
  return list;
}

// What a value that does not fit may have meant, as a question.
std::string guess(const std::string& text, const Values& values) {
  if (!values.several) return did_you_mean(text, values.words);
  std::string question;
  for (const std::string_view part : split(text, ',')) {
    const bool known = std::find(values.words.begin(), values.words.end(), part) != values.words.end();
    if (!known && question.empty()) question = did_you_mean(part, values.words);
  }
  return question;
}

std::string guess(const nlohmann::json& value, const Values& values) {
  return value.is_string() ? guess(value.get<std::string>(), values) : "";
}

// Stands for a value of the type where no validator names it.
template <typename T>
constexpr const char* type_name = "TEXT";
template <>
constexpr const char* type_name<double> = "X";
template <>
constexpr const char* type_name<std::int64_t> = "N";
template <>
constexpr const char* type_name<ImageSize> = "SIZE";
template <typename T>
constexpr const char* type_name<AutoOr<T>> = type_name<T>;

}  // namespace

Validator<double> number(double lowest, double highest) {
  return {"a number from " + plain(lowest) + " to " + plain(highest),
          [=](const double& v) { return v >= lowest && v <= highest; }};
}

Validator<double> number_above(double bound) {
  return {"a number above " + plain(bound), [=](const double& v) { return v > bound && std::isfinite(v); }};
}

Validator<double> fraction_below_one() {
  return {"a number from 0 to just below 1", [](const double& v) { return v >= 0 && v < 1; }};
}

Validator<std::int64_t> whole_number(std::int64_t lowest, std::int64_t highest) {
  return {"a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest),
          [=](const std::int64_t& v) { return v >= lowest && v <= highest; }};
}

Validator<std::string> one_of(std::vector<std::string> words) {
  const std::string text = joined(words, " or ");
  const Values values{.words = words, .listed = true, .name = "NAME"};
  return {text,
          [words = std::move(words)](const std::string& v) {
            return std::find(words.begin(), words.end(), v) != words.end();
          },
          values};
}

Validator<std::string> any_text(std::string words) {
  return {std::move(words), [](const std::string& v) { return !v.empty(); }};
}

Validator<std::string> file_name(std::string words, std::vector<std::string> endings) {
  return {std::move(words),
          [](const std::string& v) { return !v.empty(); },
          {.paths = true, .endings = std::move(endings), .name = "FILE"}};
}

std::optional<ImageSize> parse_image_size(const std::string& text) {
  constexpr std::int64_t largest_side = 4096;
  const auto side = [](const std::string& part) -> std::optional<int> {
    const auto value = parse<std::int64_t>(part);
    if (!value || *value < 1 || *value > largest_side) return std::nullopt;
    return static_cast<int>(*value);
  };
  const auto at = text.find('x');
  const auto height = side(text.substr(0, at));
  const auto width = at == std::string::npos ? height : side(text.substr(at + 1));
  if (!height || !width) return std::nullopt;
  return ImageSize{*height, *width};
}

CLI::Option* OptionSet::declare_option(const std::string& names, OptionText text, const char* type,
                                       const std::function<bool(const std::string&)>& set_text) {
  const std::string key = key_of(names);
  auto* option = app_.add_option(names, [key, text, set_text](const CLI::results_t& results) {
    for (const auto& word : results) {
      if (!set_text(word)) {
        throw usage_error("--" + key + " is \"" + excerpt(word) + "\"; it takes " + text.takes +
                          guess(word, text.values));
      }
    }
    return true;
  });
  text.names = names_of(names);
  text.group = group_;
  if (text.values.name.empty()) text.values.name = type;
  entries_.push_back(
      {.key = key, .takes = text.takes, .text = std::move(text), .option = option, .set = {}, .get = {}});
  return option;
}

namespace {

template <typename T>
OptionText text_of(const Validator<T>& validator, const std::string& help, const std::string& initial) {
  return {.help = help, .takes = validator.words, .initial = initial, .values = validator.values};
}

}  // namespace

template <typename T>
void OptionSet::add(const std::string& names, T& value, const Validator<T>& validator, const std::string& help) {
  const auto set = [&value, validator](const std::string& text) {
    const std::optional<T> read = Word<T>::read(text);
    if (!read || !validator.fits(*read)) return false;
    value = *read;
    return true;
  };
  declare_option(names, text_of(validator, help, default_text(value)), type_name<T>, set)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  entries_.back().set = [set](const nlohmann::json& json) {
    if (std::is_arithmetic_v<T> && !json.is_number()) return false;
    const auto text = as_text(json);
    return text && set(*text);
  };
  entries_.back().get = [&value] { return json_of(value); };
}

template void OptionSet::add(const std::string&, double&, const Validator<double>&, const std::string&);
template void OptionSet::add(const std::string&, std::int64_t&, const Validator<std::int64_t>&, const std::string&);
template void OptionSet::add(const std::string&, std::string&, const Validator<std::string>&, const std::string&);
template void OptionSet::add(const std::string&, AutoOr<double>&, const Validator<AutoOr<double>>&, const std::string&);
template void OptionSet::add(const std::string&, AutoOr<std::int64_t>&, const Validator<AutoOr<std::int64_t>>&,
                             const std::string&);
template void OptionSet::add(const std::string&, AutoOr<ImageSize>&, const Validator<AutoOr<ImageSize>>&,
                             const std::string&);

void OptionSet::add(const std::string& names, std::vector<std::string>& value, const Validator<std::string>& validator,
                    const std::string& help) {
  // CLI11 hands all values of a repeated option over at once.
  declare_option(names, text_of(validator, help, ""), "TEXT",
                 [&value, validator](const std::string& text) {
                   if (!validator.fits(text)) return false;
                   value.push_back(text);
                   return true;
                 })
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  entries_.back().text.repeats = true;
  entries_.back().set = [&value, validator](const nlohmann::json& json) {
    std::vector<std::string> list;
    for (const auto& item : json.is_array() ? json : nlohmann::json::array({json})) {
      const auto text = as_text(item);
      if (!text || !validator.fits(*text)) return false;
      list.push_back(*text);
    }
    value = list;
    return true;
  };
  entries_.back().get = [&value] {
    auto list = nlohmann::ordered_json::array();
    for (const auto& text : value) list.push_back(text);
    return list;
  };
}

void OptionSet::add_flag(const std::string& names, bool& value, const std::string& help) {
  auto* option = app_.add_flag(names, value);
  entries_.push_back({.key = key_of(names),
                      .takes = "true or false",
                      .text = {.names = names_of(names), .group = group_, .help = help},
                      .option = option,
                      .set =
                          [&value](const nlohmann::json& json) {
                            if (!json.is_boolean()) return false;
                            value = json.get<bool>();
                            return true;
                          },
                      .get = [&value] { return value; }});
}

void OptionSet::add_argument(const std::string& name, std::string& value, const Values& values,
                             const std::string& help) {
  app_.add_option(name, value);
  arguments_.push_back({.name = name, .help = help, .values = values});
}

void OptionSet::add_argument(const std::string& name, std::vector<std::string>& value, const Values& values,
                             const std::string& help) {
  app_.add_option(name, value);
  arguments_.push_back({.name = name, .help = help, .values = values, .repeats = true});
}

void OptionSet::optional_value() {
  entries_.back().option->expected(0, 1);
  entries_.back().text.value_optional = true;
}

void OptionSet::hide(const std::vector<std::string>& keys) {
  for (auto& entry : entries_) {
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) entry.text.hidden = true;
  }
}

std::vector<OptionText> OptionSet::option_texts() const {
  std::vector<OptionText> texts;
  texts.reserve(entries_.size());
  for (const auto& entry : entries_) texts.push_back(entry.text);
  return texts;
}

const OptionSet::Entry* OptionSet::find(const std::string& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

bool OptionSet::given(const std::string& key) const {
  const Entry* entry = find(key);
  return entry != nullptr && (entry->option->count() > 0 || entry->from_config);
}

std::string OptionSet::meant_key(const std::string& key) const {
  std::vector<std::string> keys;
  for (const auto& entry : entries_) {
    if (entry.in_config && !entry.text.hidden) keys.push_back(entry.key);
  }
  return did_you_mean(key, keys);
}

void OptionSet::read_config(const std::string& path) {
  constexpr std::uint64_t largest = std::uint64_t{16} << 20U;
  std::string text;
  if (const std::string problem = data::read_file(path, text, largest); !problem.empty()) {
    throw usage_error("config file \"" + path + "\" " + problem + "; --config takes a JSON file" +
                      did_you_mean_path(path));
  }
  nlohmann::ordered_json config;
  try {
    config = parse_json(text);
  } catch (const JsonError& error) {
    throw usage_error("config file \"" + path + "\" " + error.what());
  }
  if (!config.is_object()) {
    throw usage_error("config file \"" + path + "\" holds no JSON object; it takes {\"batch-size\": 64, ...}");
  }
  for (const auto& [key, value] : config.items()) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&k = key](const Entry& e) { return e.key == k; });
    if (found == entries_.end() || key == "config") {
      throw usage_error("config file \"" + path + "\": unknown key \"" + excerpt(key) + "\"" + meant_key(key));
    }
    if (found->option->count() > 0) continue;
    if (!found->set(nlohmann::json(value))) {
      throw usage_error("config file \"" + path + "\": \"" + key + "\" is " + quoted(value) + "; it takes " +
                        found->takes + guess(nlohmann::json(value), found->text.values));
    }
    found->from_config = true;
  }
}

void OptionSet::inherit(const nlohmann::ordered_json& config, const std::vector<std::string>& groups,
                        const std::vector<std::string>& except, const std::string& source) {
  const auto holds = [](const std::vector<std::string>& list, const std::string& text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  };
  for (const auto& entry : entries_) {
    const auto found = config.find(entry.key);
    if (found == config.end() || given(entry.key) || holds(except, entry.key)) continue;
    if (!entry.in_config || !holds(groups, entry.text.group)) continue;
    if (!entry.set(nlohmann::json(*found))) {
      throw usage_error("the config in \"" + source + "\": \"" + entry.key + "\" is " + quoted(*found) + "; it takes " +
                        entry.takes);
    }
  }
}

nlohmann::ordered_json OptionSet::resolved() const {
  auto config = nlohmann::ordered_json::object();
  for (const auto& entry : entries_) {
    if (entry.in_config) config[entry.key] = entry.get();
  }
  return config;
}

}  // namespace lrfind::command
