#include "report/text.hpp"

#include <sstream>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

namespace lrfind::report {
namespace {

struct Decoded {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// Rejects overlong forms, surrogates and codes above U+10FFFF (Unicode 15, table 3-7).
Decoded decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1, true};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {};
  char32_t code = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3F);
  }
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[bytes] || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) return {};
  return {code, bytes, true};
}

bool in_any(char32_t code, std::span<const std::pair<char32_t, char32_t>> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const auto& range) { return code >= range.first && code <= range.second; });
}

// The ranges that names of files and classes can be expected to hold, not all of Unicode's tables.
int width_of(char32_t code) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 8> zero = {{{0x0300, 0x036F},
                                                                         {0x0591, 0x05BD},
                                                                         {0x0610, 0x061A},
                                                                         {0x064B, 0x065F},
                                                                         {0x1AB0, 0x1AFF},
                                                                         {0x200B, 0x200F},
                                                                         {0x20D0, 0x20FF},
                                                                         {0xFE00, 0xFE0F}}};
  static constexpr std::array<std::pair<char32_t, char32_t>, 9> wide = {{{0x1100, 0x115F},
                                                                         {0x2E80, 0x303E},
                                                                         {0x3041, 0xA4CF},
                                                                         {0xAC00, 0xD7A3},
                                                                         {0xF900, 0xFAFF},
                                                                         {0xFE30, 0xFE6F},
                                                                         {0xFF00, 0xFF60},
                                                                         {0x1F300, 0x1FAFF},
                                                                         {0x20000, 0x3FFFD}}};
  if (in_any(code, zero)) return 0;
  return in_any(code, wide) ? 2 : 1;
}

// C0, DEL, C1, marks that turn the direction of text or end a line, and what is there but not seen (not the joiners of
// Indic scripts and emoji, U+200C and U+200D).
bool steers_terminal(char32_t code) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 10> ranges = {{{0x00, 0x1F},
                                                                            {0x7F, 0x9F},
                                                                            {0x00AD, 0x00AD},
                                                                            {0x061C, 0x061C},
                                                                            {0x200B, 0x200B},
                                                                            {0x200E, 0x200F},
                                                                            {0x2028, 0x202E},
                                                                            {0x2060, 0x206F},
                                                                            {0xFEFF, 0xFEFF},
                                                                            {0xE0000, 0xE007F}}};
  return in_any(code, ranges);
}

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

// "1.20e-05" becomes "1.2e-5".
std::string short_exponent(std::string text) {
  std::size_t e = text.find('e');
  if (e == std::string::npos) return text;
  if (text.find('.') < e) {
    const std::size_t last = text.find_last_not_of('0', e - 1);
    const std::size_t kept = text[last] == '.' ? last : last + 1;
    text.erase(kept, e - kept);
    e = kept;
  }
  std::size_t digits = e + 1;
  if (text[digits] == '+') text.erase(digits, 1);
  if (text[digits] == '-') ++digits;
  while (digits + 1 < text.size() && text[digits] == '0') text.erase(digits, 1);
  return text;
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    width += next.valid ? width_of(next.code) : 1;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.valid && !steers_terminal(next.code)) {
      shown += text.substr(0, next.bytes);
    } else {
      shown += '?';
    }
    text.remove_prefix(next.bytes);
  }
  return shown;
}

std::string json_printable(std::string_view json) {
  std::string shown;
  while (!json.empty()) {
    // Whoever wrote the JSON has escaped those below in strings; what is left are its own line ends.
    const auto plain =
        std::find_if(json.begin(), json.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x7F; });
    shown.append(json.begin(), plain);
    json.remove_prefix(static_cast<std::size_t>(plain - json.begin()));
    if (json.empty()) break;
    const Decoded next = decode(json);
    if (next.valid && steers_terminal(next.code)) {
      std::array<char, 16> escape{};
      const auto high = static_cast<unsigned>(0xD7C0 + (next.code >> 10)), low = static_cast<unsigned>(next.code);
      if (next.code > 0xFFFF) {
        std::snprintf(escape.data(), escape.size(), "\\u%04x\\u%04x", high, 0xDC00U | (low & 0x3FFU));
      } else {
        std::snprintf(escape.data(), escape.size(), "\\u%04x", low);
      }
      shown += escape.data();
    } else {
      shown += json.substr(0, next.bytes);
    }
    json.remove_prefix(next.bytes);
  }
  return shown;
}

std::string shortened(std::string_view text, int columns, bool unicode) {
  if (display_width(text) <= columns) return std::string(text);
  const std::string_view mark = unicode ? "…" : "...";
  const int room = std::max(0, columns - display_width(mark));
  std::string kept;
  int width = 0;
  while (!text.empty()) {
    const Decoded next = decode(text);
    width += next.valid ? width_of(next.code) : 1;
    if (width > room) break;
    kept += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return kept + std::string(columns >= display_width(mark) ? mark : std::string_view());
}

std::string padded_right(std::string_view text, int columns) {
  return std::string(text) + std::string(static_cast<std::size_t>(std::max(0, columns - display_width(text))), ' ');
}

std::string padded_left(std::string_view text, int columns) {
  return std::string(static_cast<std::size_t>(std::max(0, columns - display_width(text))), ' ') + std::string(text);
}

std::string wrapped(std::string_view text, int columns, int indent, std::string_view first) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string lines = first.empty() ? margin : std::string(first);
  int width = display_width(lines);
  bool line_has_word = false;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (word.empty()) continue;
    const int word_width = display_width(word);
    if (line_has_word && width + 1 + word_width > columns) {
      lines += '\n' + margin;
      width = indent;
      line_has_word = false;
    }
    if (line_has_word) {
      lines += ' ';
      ++width;
    }
    lines += word;
    width += word_width;
    line_has_word = true;
  }
  return lines + '\n';
}

std::string format_rate(double lr) {
  if (!std::isfinite(lr)) return "-";
  return short_exponent(printed(std::abs(lr) >= 1e-3 || lr == 0 ? "%.3g" : "%.2e", lr));
}

std::string format_number(double value) {
  std::ostringstream text;
  text.precision(3);
  text << value;
  return text.str();
}

std::string format_loss(double loss) {
  if (!std::isfinite(loss)) return "-";
  return short_exponent(printed(std::abs(loss) >= 1e-3 || loss == 0 ? "%.4g" : "%.2e", loss));
}

std::string format_clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::lround(std::clamp(seconds, 0.0, 3.6e6)));
  std::array<char, 64> buffer{};
  if (whole >= 3600) {
    std::snprintf(buffer.data(), buffer.size(), "%lld:%02d:%02d", static_cast<long long>(whole / 3600),
                  static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%d:%02d", static_cast<int>(whole / 60), static_cast<int>(whole % 60));
  }
  return buffer.data();
}

std::string format_count(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t sign = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace lrfind::report
