#include "platform/excerpt.hpp"

#include <algorithm>

namespace lrfind {
namespace {

constexpr std::string_view mark = "...";

bool inside_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

std::string_view first_bytes(std::string_view text, std::size_t most) {
  std::size_t end = std::min(most, text.size());
  for (int back = 0; back < 3 && end > 0 && inside_character(text, end); ++back) --end;
  return text.substr(0, end);
}

std::string_view last_bytes(std::string_view text, std::size_t most) {
  std::size_t begin = text.size() - std::min(most, text.size());
  for (int ahead = 0; ahead < 3 && inside_character(text, begin); ++ahead) ++begin;
  return text.substr(begin);
}

}  // namespace

std::string excerpt(std::string_view value) {
  constexpr std::size_t longest = 80;
  if (value.size() <= longest) return std::string(value);
  return std::string(first_bytes(value, longest)) + std::string(mark);
}

std::string readable_length(std::string_view message) {
  constexpr std::size_t short_enough = 1000, longest_word = 300, longest = 3000;
  if (message.size() <= short_enough) return std::string(message);
  std::string text;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find(' '), message.size());
    const std::string_view word = message.substr(0, end);
    // What follows a value, such as a quote and a colon, ends the sentence properly.
    text += word.size() > longest_word ? excerpt(word) + std::string(last_bytes(word, 8)) : std::string(word);
    message.remove_prefix(end);
    if (message.empty()) break;
    text += ' ';
    message.remove_prefix(1);
  }
  if (text.size() <= longest) return text;
  return std::string(first_bytes(text, longest / 2)) + " " + std::string(mark) + " " +
         std::string(last_bytes(text, longest / 2));
}

std::string visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string shown;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\t') {
      shown += ' ';
    } else if (byte < 0x20 || byte == 0x7F) {
      shown += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    } else {
      shown += letter;
    }
  }
  return shown;
}

}  // namespace lrfind
