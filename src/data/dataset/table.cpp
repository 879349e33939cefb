#include <data/dataset/json_lines.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <optional>
#include <span>

namespace lrfind::data {
namespace {

// More text than any list of images has, so that a film that is called .txt does not fill the memory.
constexpr std::uintmax_t largest_text = std::uintmax_t{1} << 32U;

std::string read_text(const Files& files, const std::string& file) {
  std::string text;
  const std::string problem = files.read(file, text, largest_text);
  if (!problem.empty())
    throw data_error("'" + file + "' " + problem + "; a manifest (.csv, .tsv, .txt or .jsonl) is needed");
  return text;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6U)), byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U)), byte(0x80U | ((code >> 6U) & 0x3FU)), byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U)), byte(0x80U | ((code >> 12U) & 0x3FU)), byte(0x80U | ((code >> 6U) & 0x3FU)),
        byte(0x80U | (code & 0x3FU));
  }
}

std::string utf8_of_utf16(std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<std::uint32_t>(big_endian ? first << 8U | second : second << 8U | first);
  };
  std::string text;
  text.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t code = unit(i);
    if (code >= 0xD800 && code < 0xE000) {
      const std::uint32_t low = code < 0xDC00 && i + 3 < bytes.size() ? unit(i + 2) : 0;
      const bool pair = low >= 0xDC00 && low < 0xE000;
      code = pair ? 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00) : 0xFFFD;
      if (pair) i += 2;
    }
    append_utf8(text, code);
  }
  return text;
}

// UTF-8 without a mark, with '\n' in every line end.
std::string decoded_text(const std::string& file, std::string bytes) {
  if (bytes.starts_with("\xFF\xFE")) bytes = utf8_of_utf16(std::string_view(bytes).substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) bytes = utf8_of_utf16(std::string_view(bytes).substr(2), true);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  const std::size_t zero = bytes.find('\0');
  if (zero != std::string::npos) {
    const auto line = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    throw data_error("'" + file + "' line " + std::to_string(line) + ": is not text");
  }
  if (bytes.find('\n') == std::string::npos) std::replace(bytes.begin(), bytes.end(), '\r', '\n');
  return bytes;
}

// The character that cuts most of the first lines into as many fields as the first of them.
char delimiter_of(std::string_view text) {
  constexpr std::array<char, 5> candidates{',', '\t', ';', '|', ' '};
  constexpr std::size_t most_lines = 50;
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < text.size() && starts.size() < most_lines;) {
    if (!trimmed(text.substr(at, text.find_first_of("\r\n", at) - at)).empty()) starts.push_back(at);
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  char best = ',';
  std::size_t best_lines = 0;
  for (const char candidate : candidates) {
    if (candidate == ' ' && best_lines != 0) break;  // blanks separate only where nothing else does
    std::vector<std::size_t> widths;
    for (const std::size_t start : starts) {
      const auto row = delimited_row(text, start, candidate);
      widths.push_back(row ? row->fields.size() : 0);
    }
    if (widths.empty() || widths.front() < 2) continue;
    const auto same = static_cast<std::size_t>(std::count(widths.begin(), widths.end(), widths.front()));
    // R's write.table names one column less than the rows have.
    const auto wider = static_cast<std::size_t>(std::count(widths.begin() + 1, widths.end(), widths.front() + 1));
    const std::size_t lines = std::max(same, wider);
    // One line with a blank in it is a sentence or a name rather than a table, as are lines that differ.
    if (candidate == ' ' && lines < std::max<std::size_t>(2, widths.size() - 1)) continue;
    if (lines > best_lines) best = candidate, best_lines = lines;
  }
  return best;
}

Table delimited_table(const std::string& file, std::string text, const std::stop_token& stop) {
  Table table;
  table.file = file;
  table.text = std::move(text);
  std::string_view rest = table.text;
  std::size_t at = 0;
  std::uint64_t line = 1;
  // Excel's own first line, "sep=;".
  const std::size_t first_end = std::min(rest.find_first_of("\r\n"), rest.size());
  if (first_end == 5 && lower_case(rest.substr(0, 4)) == "sep=") {
    table.delimiter = rest[4];
    at = std::min<std::size_t>(rest.substr(first_end).starts_with("\r\n") ? 7 : 6, rest.size());
    line = 2;
  } else {
    table.delimiter = delimiter_of(rest);
  }
  while (at < rest.size()) {
    if (line % 4096 == 0 && stop.stop_requested()) throw Interrupted();
    const std::size_t newline = std::min(rest.find('\n', at), rest.size());
    std::string_view content = rest.substr(at, newline - at);
    if (content.ends_with('\r')) content.remove_suffix(1);
    std::size_t end = std::min(newline + 1, rest.size());
    if (!trimmed(content).empty()) {
      table.rows.push_back({at, line});
      if (content.find('"') != std::string_view::npos) {
        const auto row = delimited_row(rest, at, table.delimiter);
        if (!row) {
          const std::string separator = table.delimiter == ',' ? "a comma" : quoted(std::string(1, table.delimiter));
          table.fail(table.size() - 1, "has a quote that is not closed or not followed by " + separator);
        }
        end = row->end;
      }
    }
    line += static_cast<std::uint64_t>(std::count(rest.begin() + static_cast<std::ptrdiff_t>(at),
                                                  rest.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at = end;
  }
  return table;
}

}  // namespace

std::vector<std::string> Table::fields(std::size_t row) const {
  auto parsed = delimited_row(text, static_cast<std::size_t>(rows[row].begin), delimiter);
  return parsed ? std::move(parsed->fields) : std::vector<std::string>();
}

void Table::fail(std::size_t row, const std::string& what) const {
  throw data_error("'" + file + "' line " + std::to_string(rows[row].line) + ": " + what);
}

bool is_json_lines_name(std::string_view name) { return lower_case(name).ends_with(".jsonl"); }

bool is_table_name(std::string_view name) {
  const std::string small = lower_case(name);
  constexpr std::array<std::string_view, 4> endings{".csv", ".tsv", ".txt", ".jsonl"};
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return small.ends_with(ending); });
}

Table read_table(const std::string& file, const std::stop_token& stop, std::shared_ptr<const Files> files) {
  std::string text = decoded_text(file, read_text(*files, file));
  Table table =
      is_json_lines_name(file) ? table_of_json_lines(file, text, stop) : delimited_table(file, std::move(text), stop);
  table.files = std::move(files);
  return table;
}

std::vector<std::size_t> sample_of_rows(const Table& table, std::size_t first, std::size_t most) {
  std::vector<std::size_t> rows;
  const std::size_t count = table.size() - std::min(first, table.size());
  const std::size_t wanted = std::min(count, most);
  for (std::size_t i = 0; i < wanted; ++i) {
    rows.push_back(first + (wanted == 1 ? 0 : i * (count - 1) / (wanted - 1)));
  }
  return rows;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string shown = "'";
  std::size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0U) == 0x80U;  // a character of UTF-8 is never cut in two
    if (!continues && characters++ == most) {
      shown += "...";
      break;
    }
    if (byte < 0x20 || byte == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02X", static_cast<unsigned>(byte));
      shown += byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : byte == '\t' ? "\\t" : escape.data();
    } else {
      shown += c;
    }
  }
  return shown + "'";
}

}  // namespace lrfind::data
