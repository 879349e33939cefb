#include "command/arguments.hpp"

#include "platform/did_you_mean.hpp"
#include "platform/excerpt.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <optional>

namespace lrfind::command {

namespace {

const OptionText* find_option(const std::vector<OptionText>& options, std::string_view name) {
  for (const auto& option : options) {
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  }
  return nullptr;
}

bool takes_next(const OptionText& option) { return !option.takes.empty() && !option.value_optional; }

Error unknown(const std::string& typed, const std::vector<std::string>& meant, const std::string& otherwise) {
  std::vector<std::string> names;
  names.reserve(meant.size());
  for (const auto& name : meant) names.push_back("--" + name);
  return usage_error("unknown option " + excerpt(typed) +
                     (names.empty() ? otherwise : ": did you mean " + joined(names, " or ") + "?"));
}

// -batch-size, or a misspelling of it, which reads as -b with the value "atch-size".
std::vector<std::string> long_name_meant(const std::string& word, const std::vector<std::string>& names) {
  if (word.size() < 3) return {};
  std::vector<std::string> meant;
  for (const auto& name : near_words(word, names)) {
    if (name.front() == word.front()) meant.push_back(name);
  }
  return meant;
}

// What is left to read of the arguments, from the first to the last.
class Reader {
 public:
  Reader(const std::vector<std::string>& arguments, const CommandPage& page)
      : arguments_(arguments),
        page_(page),
        names_(long_names(page.options)),
        otherwise_("; lrfind " + page.name + " --help lists them") {}

  Asked read() {
    while (at_ < arguments_.size() && arguments_[at_] != "--") {
      const std::string& word = arguments_[at_++];
      if (word.starts_with("--")) {
        read_long(word);
      } else if (word.starts_with("-") && word.size() > 1) {
        read_short(word);
      }
    }
    if (asked_ == Asked::work && problem_) throw Error(*problem_);
    return asked_;
  }

 private:
  void read_long(const std::string& word) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionText* option = find_option(page_.options, name);
    if (option == nullptr) {
      report(unknown(name, near_words(name.substr(2), names_), otherwise_));
    } else {
      if (option->takes.empty() && equals != std::string::npos) check_switch(name, word.substr(equals + 1));
      take(*option, name, equals != std::string::npos);
    }
  }

  // --quiet=false
  void check_switch(const std::string& name, const std::string& value) {
    static const std::vector<std::string> known = {"true", "false", "on", "off", "yes", "no", "1", "0"};
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    report(usage_error(name + " is \"" + excerpt(value) + "\"; it takes true or false" + did_you_mean(value, known)));
  }

  // -q, -qn 20, -n20
  void read_short(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    if (const auto meant = long_name_meant(name.substr(1), names_); !meant.empty()) {
      report(unknown(name, meant, otherwise_));
      return;
    }
    for (std::size_t i = 1; i < word.size(); ++i) {
      const OptionText* option = find_option(page_.options, std::string{'-', word[i]});
      if (option == nullptr) {
        report(unknown(name, near_words(name.substr(1), names_), otherwise_));
        return;
      }
      take(*option, std::string{'-', word[i]}, i + 1 < word.size());
      if (!option->takes.empty()) return;
    }
  }

  // `has_value`: in the same word.
  void take(const OptionText& option, const std::string& name, bool has_value) {
    for (const auto& [own, asked] :
         {std::pair{"--help", Asked::help}, {"--man", Asked::manual}, {"--version", Asked::version}}) {
      if (asked_ == Asked::work && option.names.back() == own) asked_ = asked;
    }
    if (!takes_next(option) || has_value) return;
    if (at_ == arguments_.size()) report(usage_error(name + " has no value; it takes " + option.takes));
    ++at_;
  }

  void report(const Error& problem) {
    if (!problem_) problem_ = problem;
  }

  const std::vector<std::string>& arguments_;
  const CommandPage& page_;
  std::vector<std::string> names_;
  std::string otherwise_;
  std::size_t at_ = 0;
  Asked asked_ = Asked::work;
  std::optional<Error> problem_;
};

}  // namespace

Asked what_is_asked(const std::vector<std::string>& arguments, const CommandPage& page) {
  return Reader(arguments, page).read();
}

Error unknown_option(const std::string& typed, const std::vector<OptionText>& options, const std::string& otherwise) {
  const auto name = typed.find_first_not_of('-');
  return unknown(typed, near_words(name == std::string::npos ? "" : typed.substr(name), long_names(options)),
                 otherwise);
}

std::vector<OptionText> options_of_every_command() {
  const auto option = [](std::vector<std::string> names, const char* help) {
    return OptionText{.names = std::move(names), .group = "General", .help = help};
  };
  return {option({"-h", "--help"}, "print this and exit"), option({"--man"}, "print the manual page and exit"),
          option({"-V", "--version"}, "print the version and exit")};
}

}  // namespace lrfind::command
