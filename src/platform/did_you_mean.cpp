#include "platform/did_you_mean.hpp"

#include "platform/excerpt.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

namespace lrfind {

namespace {

constexpr std::size_t most_guesses = 3;
constexpr std::size_t shortest_part = 3;  // of a word, to be recognised alone

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string usual_spelling(std::string_view word) {
  std::string usual = lower_case(word);
  std::replace(usual.begin(), usual.end(), '_', '-');
  return usual;
}

std::string without_hyphens(std::string word) {
  word.erase(std::remove(word.begin(), word.end(), '-'), word.end());
  return word;
}

std::vector<std::string> sorted_parts(const std::string& word) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(word, '-')) {
    if (!part.empty()) parts.emplace_back(part);
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

std::string sorted_digits(const std::string& word) {
  std::string digits;
  std::copy_if(word.begin(), word.end(), std::back_inserter(digits), is_digit);
  std::sort(digits.begin(), digits.end());
  return digits;
}

// Digits may be missing, doubled or swapped, but others are another number: resnet50 is no misspelt resnet20.
bool another_number(const std::string& a, const std::string& b) {
  const std::string some = sorted_digits(a);
  const std::string others = sorted_digits(b);
  return !std::includes(some.begin(), some.end(), others.begin(), others.end()) &&
         !std::includes(others.begin(), others.end(), some.begin(), some.end());
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + (a[i - 1] == a[i - 2] ? 0 : 1));
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last[b.size()];
}

// Three letters with another first are another word: gpu is no misspelt cpu.
std::size_t most_changes(const std::string& word, const std::string& known) {
  const std::size_t length = std::max(word.size(), known.size());
  if (std::min(word.size(), known.size()) < 2 || another_number(word, known)) return 0;
  if (length <= 3) return word[0] == known[0] ? 1 : 0;
  return std::min<std::size_t>(length <= 5 ? 1 : length / 3, 3);
}

template <typename Predicate>
std::vector<std::string> those(const std::vector<std::string>& known, const Predicate& fits) {
  std::vector<std::string> found;
  for (const auto& candidate : known) {
    if (fits(usual_spelling(candidate))) found.push_back(candidate);
  }
  return found;
}

std::vector<std::string> nearest(const std::string& word, const std::vector<std::string>& known) {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const auto& candidate : known) {
    const std::string usual = usual_spelling(candidate);
    const std::size_t changes = distance(word, usual);
    if (changes <= most_changes(word, usual)) least = std::min(least, changes);
  }
  return those(known, [&](const std::string& usual) {
    return distance(word, usual) == least && least <= most_changes(word, usual);
  });
}

bool is_part(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  const auto is_long = [](const std::string& part) { return part.size() > shortest_part; };
  return std::includes(all.begin(), all.end(), some.begin(), some.end()) &&
         std::any_of(some.begin(), some.end(), is_long);
}

std::vector<std::string> unless_many(std::vector<std::string> found) {
  if (found.size() > most_guesses) found.clear();
  return found;
}

std::string question(const std::vector<std::string>& guesses) {
  std::string text;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    text += i == 0 ? "; did you mean \"" : i + 1 == guesses.size() ? " or \"" : ", \"";
    text += excerpt(guesses[i]);
    text += '"';
  }
  return text.empty() ? text : text + "?";
}

std::vector<std::string> names_in(const std::filesystem::path& folder, bool hidden) {
  constexpr std::size_t most_names = 10'000;  // a person's folder, not one of a million images
  std::vector<std::string> names;
  std::error_code error;
  auto entry = std::filesystem::directory_iterator(folder.empty() ? "." : folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (hidden || name.front() != '.') names.push_back(name);
    if (names.size() > most_names) return {};
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool leads_somewhere(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

std::vector<std::string> near_words(std::string_view typed, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 64;
  if (typed.empty() || typed.size() > longest) return {};
  const std::string word = usual_spelling(typed);
  const auto parts = sorted_parts(word);
  auto found = those(known, [&](const std::string& usual) {
    return without_hyphens(usual) == without_hyphens(word) || sorted_parts(usual) == parts;
  });
  if (found.empty()) found = nearest(word, known);
  if (found.empty() && word.size() >= shortest_part) {
    found = those(known, [&](const std::string& usual) {
      return usual.starts_with(word) || (usual.size() >= shortest_part && word.starts_with(usual));
    });
  }
  if (found.empty()) {
    found = those(known, [&](const std::string& usual) {
      const auto others = sorted_parts(usual);
      return is_part(parts, others) || is_part(others, parts);
    });
  }
  return unless_many(std::move(found));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  return question(near_words(word, known));
}

std::string did_you_mean_path(const std::string& path) {
  if (path.empty() || leads_somewhere(path)) return "";
  std::filesystem::path begin;
  const std::filesystem::path whole(path);
  auto part = whole.begin();
  while (part != whole.end() && leads_somewhere(begin / *part)) begin /= *part++;
  if (part == whole.end()) return "";
  const std::string missing = (part++)->string();
  std::vector<std::string> guesses;
  for (const auto& name : near_words(missing, names_in(begin, missing.front() == '.'))) {
    std::filesystem::path guess = begin / name;
    for (auto rest = part; rest != whole.end(); ++rest) guess /= *rest;
    if (leads_somewhere(guess)) guesses.push_back(guess.string());
  }
  return question(guesses);
}

}  // namespace lrfind
