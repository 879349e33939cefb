#include "platform/text.hpp"

namespace lrfind {
namespace {

bool ends_row(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == '\n' || (text[at] == '\r' && (at + 1 >= text.size() || text[at + 1] == '\n'));
}

std::size_t behind_line_end(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '\r') ++at;
  return std::min(at + 1, text.size());
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string joined(const std::vector<std::string>& items, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? last : ", ";
    text += items[i];
  }
  return text;
}

std::optional<DelimitedRow> delimited_row(std::string_view text, std::size_t at, char delimiter) {
  const auto behind_blanks = [&](std::size_t from) {
    while (from < text.size() && (text[from] == ' ' || (text[from] == '\t' && delimiter != '\t'))) ++from;
    return from;
  };
  DelimitedRow row;
  while (true) {
    const std::size_t start = behind_blanks(at);
    if (start < text.size() && text[start] == '"') {
      std::string field;
      for (at = start + 1;; ++at) {
        if (at >= text.size()) return std::nullopt;
        if (text[at] != '"') {
          field += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          field += '"';
          ++at;
        } else {
          break;
        }
      }
      ++at;
      row.fields.push_back(std::move(field));
    } else {
      if (delimiter == ' ') at = start;
      const std::size_t begin = at;
      while (!ends_row(text, at) && text[at] != delimiter && (delimiter != ' ' || text[at] != '\t')) ++at;
      row.fields.emplace_back(trimmed(text.substr(begin, at - begin)));
    }
    const std::size_t behind = behind_blanks(at);
    if (ends_row(text, behind)) {
      row.end = behind_line_end(text, behind);
      return row;
    }
    if (delimiter == ' ') {
      if (behind == at) return std::nullopt;  // text right behind a quote
      at = behind;
    } else {
      if (text[behind] != delimiter) return std::nullopt;
      at = behind + 1;
    }
  }
}

}  // namespace lrfind
