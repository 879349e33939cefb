#include "command/options.hpp"
#include <lrfind/error.hpp>
#include "platform/excerpt.hpp"
#include "platform/parse_json.hpp"
#include "platform/read_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

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

std::string join(const std::vector<std::string>& words, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last : ", ";
    text += words[i];
  }
  return text;
}

constexpr const char* auto_word = "auto";

template <typename T>
Validator<AutoOr<T>> auto_or_number(const Validator<T>& numbers) {
  return {auto_word + (" or " + numbers.words),
          [numbers](const AutoOr<T>& value) { return !value || numbers.fits(*value); }};
}

void read_value(const std::string& text, std::optional<double>& value) { value = parse<double>(text); }
void read_value(const std::string& text, std::optional<std::int64_t>& value) { value = parse<std::int64_t>(text); }
void read_value(const std::string& text, std::optional<ImageSize>& value) { value = parse_image_size(text); }

nlohmann::ordered_json json_of(std::int64_t value) { return value; }
nlohmann::ordered_json json_of(const ImageSize& size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}
// 0 rather than 0.0, as a person writes it.
nlohmann::ordered_json json_of(double value) {
  constexpr double exact = 1e15;
  if (std::trunc(value) == value && std::abs(value) < exact) return static_cast<std::int64_t>(value);
  return value;
}

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

// Bytes that are not UTF-8 replaced.
std::string quoted(const nlohmann::ordered_json& value) {
  return excerpt(value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

std::string key_of(const std::string& names) {
  const auto at = names.find("--");
  return names.substr(at + 2, names.find_first_of(",{!", at) - at - 2);
}

// How many single-letter changes lie between two words (Levenshtein), to guess what a mistyped key meant.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

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
  const std::string text = join(words, " or ");
  return {text, [words = std::move(words)](const std::string& v) {
            return std::find(words.begin(), words.end(), v) != words.end();
          }};
}

Validator<std::string> any_text(std::string words) {
  return {std::move(words), [](const std::string& v) { return !v.empty(); }};
}

Validator<AutoOr<double>> auto_or(const Validator<double>& numbers) { return auto_or_number(numbers); }

Validator<AutoOr<std::int64_t>> auto_or(const Validator<std::int64_t>& numbers) { return auto_or_number(numbers); }

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

template <typename T, typename Set>
CLI::Option* OptionSet::declare_option(const std::string& names, const Validator<T>& validator, const std::string& help,
                                       const Set& set_text) {
  const std::string key = key_of(names);
  auto* option = app_.add_option(
      names,
      [key, validator, set_text](const CLI::results_t& results) {
        for (const auto& text : results) {
          if (!set_text(text))
            throw usage_error("--" + key + " is \"" + excerpt(text) + "\"; it takes " + validator.words);
        }
        return true;
      },
      help);
  option->group(group_)->type_name("");
  entries_.push_back({.key = key, .takes = validator.words, .option = option, .set = {}, .get = {}});
  return option;
}

void OptionSet::add(const std::string& names, double& value, const Validator<double>& validator,
                    const std::string& help) {
  const auto set = [&value, validator](double v) {
    if (!validator.fits(v)) return false;
    value = v;
    return true;
  };
  declare_option(names, validator, help,
                 [set](const std::string& text) {
                   const auto v = parse<double>(text);
                   return v && set(*v);
                 })
      ->default_str(plain(value))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  entries_.back().set = [set](const nlohmann::json& json) { return json.is_number() && set(json.get<double>()); };
  entries_.back().get = [&value] { return value; };
}

void OptionSet::add(const std::string& names, std::int64_t& value, const Validator<std::int64_t>& validator,
                    const std::string& help) {
  const auto set = [&value, validator](std::int64_t v) {
    if (!validator.fits(v)) return false;
    value = v;
    return true;
  };
  declare_option(names, validator, help,
                 [set](const std::string& text) {
                   const auto v = parse<std::int64_t>(text);
                   return v && set(*v);
                 })
      ->default_str(std::to_string(value))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  entries_.back().set = [set](const nlohmann::json& json) {
    return json.is_number_integer() && set(json.get<std::int64_t>());
  };
  entries_.back().get = [&value] { return value; };
}

void OptionSet::add(const std::string& names, std::string& value, const Validator<std::string>& validator,
                    const std::string& help) {
  const auto set = [&value, validator](const std::string& text) {
    if (!validator.fits(text)) return false;
    value = text;
    return true;
  };
  declare_option(names, validator, help, set)
      ->default_str(value)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  entries_.back().set = [set](const nlohmann::json& json) {
    const auto text = as_text(json);
    return text && set(*text);
  };
  entries_.back().get = [&value] { return as_json(value); };
}

template <typename T>
void OptionSet::add_auto_or(const std::string& names, AutoOr<T>& value, const Validator<AutoOr<T>>& validator,
                            const std::string& help) {
  const auto set = [&value, validator](const std::string& text) {
    AutoOr<T> read;
    if (text != auto_word) {
      read_value(text, read);
      if (!read) return false;
    }
    if (!validator.fits(read)) return false;
    value = read;
    return true;
  };
  const auto get = [&value]() -> nlohmann::ordered_json { return value ? json_of(*value) : auto_word; };
  declare_option(names, validator, help, set)
      ->default_str(value ? get().dump() : auto_word)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  entries_.back().set = [set](const nlohmann::json& json) {
    const auto text = as_text(json);
    return text && set(*text);
  };
  entries_.back().get = get;
}

void OptionSet::add(const std::string& names, AutoOr<double>& value, const Validator<AutoOr<double>>& validator,
                    const std::string& help) {
  add_auto_or(names, value, validator, help);
}

void OptionSet::add(const std::string& names, AutoOr<std::int64_t>& value,
                    const Validator<AutoOr<std::int64_t>>& validator, const std::string& help) {
  add_auto_or(names, value, validator, help);
}

void OptionSet::add(const std::string& names, AutoOr<ImageSize>& value, const Validator<AutoOr<ImageSize>>& validator,
                    const std::string& help) {
  add_auto_or(names, value, validator, help);
}

void OptionSet::add(const std::string& names, std::vector<std::string>& value, const Validator<std::string>& validator,
                    const std::string& help) {
  // CLI11 hands all values of a repeated option over at once.
  declare_option(names, validator, help,
                 [&value, validator](const std::string& text) {
                   if (!validator.fits(text)) return false;
                   value.push_back(text);
                   return true;
                 })
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
  auto* option = app_.add_flag(names, value, help)->group(group_);
  entries_.push_back({.key = key_of(names),
                      .takes = "true or false",
                      .option = option,
                      .set =
                          [&value](const nlohmann::json& json) {
                            if (!json.is_boolean()) return false;
                            value = json.get<bool>();
                            return true;
                          },
                      .get = [&value] { return value; }});
}

const OptionSet::Entry* OptionSet::find(const std::string& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

bool OptionSet::given(const std::string& key) const {
  const Entry* entry = find(key);
  return entry != nullptr && (entry->option->count() > 0 || entry->from_config);
}

void OptionSet::read_config(const std::string& path) {
  constexpr std::uint64_t largest = std::uint64_t{16} << 20U;
  std::string text;
  if (const std::string problem = data::read_file(path, text, largest); !problem.empty()) {
    throw usage_error("config file \"" + path + "\" " + problem + "; --config takes a JSON file");
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
      std::string closest;
      for (const auto& entry : entries_) {
        if (entry.in_config && (closest.empty() || distance(entry.key, excerpt(key)) < distance(closest, excerpt(key))))
          closest = entry.key;
      }
      throw usage_error("config file \"" + path + "\": unknown key \"" + excerpt(key) + "\"; did you mean \"" +
                        closest + "\"?");
    }
    if (found->option->count() > 0) continue;
    if (!found->set(nlohmann::json(value))) {
      throw usage_error("config file \"" + path + "\": \"" + key + "\" is " + quoted(value) + "; it takes " +
                        found->takes);
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
    if (!entry.in_config || !holds(groups, entry.option->get_group())) continue;
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
