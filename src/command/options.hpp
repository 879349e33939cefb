// Options, each declared once: the declaration gives the flag, its help, its key in a config file, what it takes, and
// its line in the result's `config`.
#pragma once

#include <CLI/CLI.hpp>
#include <lrfind/error.hpp>
#include <nlohmann/json.hpp>
#include "command/page.hpp"
#include "experiment/settings.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace lrfind::command {

/// Whether a value fits, in words what does: "a number from 0 to 1", and which those are where they can be told.
template <typename T>
struct Validator {
  std::string words;
  std::function<bool(const T&)> fits;
  Values values = {};
};

Validator<double> number(double lowest, double highest);
Validator<double> number_above(double bound);
Validator<double> fraction_below_one();
Validator<std::int64_t> whole_number(std::int64_t lowest, std::int64_t highest);
Validator<std::string> one_of(std::vector<std::string> words);
Validator<std::string> any_text(std::string words);
/// `words` as those of any_text; `endings` are those of the files that fit, ".json", none: any.
Validator<std::string> file_name(std::string words, std::vector<std::string> endings);
/// auto, or a number that fits: "auto or a whole number from 1 to 64".
template <typename T>
Validator<experiment::AutoOr<T>> auto_or(const Validator<T>& numbers) {
  Values values = numbers.values;
  values.words.insert(values.words.begin(), "auto");
  return {"auto or " + numbers.words,
          [numbers](const experiment::AutoOr<T>& value) { return !value || numbers.fits(*value); }, values};
}

/// A side in pixels, "32", or a height and a width, "24x32".
std::optional<experiment::ImageSize> parse_image_size(const std::string& text);

/// The options of one command, bound to the caller's variables, which hold the defaults and must outlive this.
class OptionSet {
 public:
  explicit OptionSet(CLI::App& app) : app_(app) {}

  /// Heading in the help for the options that follow.
  void group(const std::string& name) { group_ = name; }

  /// T: double, std::int64_t, std::string, or AutoOr of double, std::int64_t or ImageSize.
  template <typename T>
  void add(const std::string& names, T& value, const Validator<T>& validator, const std::string& help);
  /// May be given several times, or as an array in a config file.
  void add(const std::string& names, std::vector<std::string>& value, const Validator<std::string>& validator,
           const std::string& help);
  void add_flag(const std::string& names, bool& value, const std::string& help);

  /// What stands on the command line without a name: one value, or several.
  void add_argument(const std::string& name, std::string& value, const Values& values, const std::string& help);
  void add_argument(const std::string& name, std::vector<std::string>& value, const Values& values,
                    const std::string& help);

  /// The last added option says where results go or how they are shown: it is no part of the result's `config`.
  void not_in_config() { entries_.back().in_config = false; }

  /// The last added option may stand without a value, which then leaves its variable as it is.
  void optional_value();

  /// Takes options of these keys as ever, but shows them to nobody: they mean nothing to the command.
  void hide(const std::vector<std::string>& keys);

  /// As declared, for what is written about the command.
  std::vector<OptionText> option_texts() const;
  const std::vector<ArgumentText>& arguments() const { return arguments_; }

  /// Whether the command line or the config file gave it.
  bool given(const std::string& key) const;

  /// Reads a JSON config file. Options from the command line stay as they are. Throws Error (usage) that names the key,
  /// what it got and what it takes.
  void read_config(const std::string& path);

  /// Takes the values of a result's `config` for the options of these groups that neither the command line nor the
  /// config file gave; keys in `except` are passed over. `source` names the file. Throws Error (usage) as read_config.
  void inherit(const nlohmann::ordered_json& config, const std::vector<std::string>& groups,
               const std::vector<std::string>& except, const std::string& source);

  /// Every option with its value now.
  nlohmann::ordered_json resolved() const;

 private:
  struct Entry {
    std::string key;
    std::string takes;
    OptionText text;
    CLI::Option* option = nullptr;
    bool in_config = true;
    bool from_config = false;
    std::function<bool(const nlohmann::json&)> set;
    std::function<nlohmann::ordered_json()> get;
  };

  /// set_text: takes one value of the command line, false where it does not fit. `type`: a name for its values.
  CLI::Option* declare_option(const std::string& names, OptionText text, const char* type,
                              const std::function<bool(const std::string&)>& set_text);
  /// A guess at which key of a config file was meant, as a question.
  std::string meant_key(const std::string& key) const;
  const Entry* find(const std::string& key) const;

  CLI::App& app_;
  std::string group_ = "Options";
  std::vector<Entry> entries_;
  std::vector<ArgumentText> arguments_;
};

}  // namespace lrfind::command
