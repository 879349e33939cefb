#include "report/page.hpp"
#include <lrfind/error.hpp>

#include "platform/parse_json.hpp"
#include "platform/write_file.hpp"
#include "report/axis.hpp"
#include "report/page_parts.hpp"
#include "report/picture.hpp"
#include "report/summary.hpp"
#include "report/terminal.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <filesystem>

namespace lrfind::report {
namespace {

// Text between tags and in quoted attributes.
std::string escaped_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// JSON inside a script element, which a tag would end. Outside strings JSON has none of these characters.
std::string escaped_json(std::string_view json) {
  std::string escaped;
  for (const char c : json) {
    if (c == '<') {
      escaped += "\\u003c";
    } else if (c == '>') {
      escaped += "\\u003e";
    } else if (c == '&') {
      escaped += "\\u0026";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A list as long as a person looks through, and how long it was.
void shorten(Json& object, const char* key) {
  constexpr std::size_t longest = 1000;
  auto& list = object[key].get_ref<Json::array_t&>();
  const std::size_t length = list.size();
  if (length > longest) list.resize(longest);
  object[std::string(key) + "_count"] = length;
}

// Scripts know whole numbers up to 2^53; seeds are larger, and stay what they are as text.
void keep_digits(Json& json) {
  constexpr std::uint64_t largest = std::uint64_t{1} << 53U;
  if (json.is_structured()) {
    for (auto& entry : json) keep_digits(entry);
  } else if (json.is_number_unsigned() && json.get<std::uint64_t>() > largest) {
    json = json.dump();
  }
}

Json numbers(const Range& range) { return {range.lo, range.hi}; }

Json result_json(const PageResult& shown) {
  Json json = to_json(shown.named.result);
  json["name"] = shown.named.name;
  json["command"] = shown.command;
  json["loss_range"] = numbers(loss_range({shown.named}));
  json["smoothed_range"] = numbers(smoothed_range({shown.named}));
  json["rate_range"] = numbers(rate_range({shown.named}));
  json["tool"].erase("host");
  for (const char* list : {"classes", "class_counts", "unreadable", "misnamed"}) shorten(json["dataset"], list);
  for (auto& trial : json["trials"]) {
    for (const auto* measured : {"probe_loss", "gain_ratio", "alignment", "val_loss", "val_accuracy"}) {
      trial.erase(measured);
    }
  }
  keep_digits(json);
  return json;
}

std::string title(const std::vector<PageResult>& results) {
  std::string names;
  for (const auto& shown : results) {
    if (!names.empty()) names += ", ";
    names += printable(shown.named.name);
  }
  return "Learning rate: " + shortened(names, 120, true);
}

// For a reader that runs no scripts.
std::string plain_text(const std::vector<PageResult>& results) {
  std::string text;
  for (const auto& shown : results) {
    if (!text.empty()) text += "\n";
    text += printable(shown.named.name) + "\n" + summary(shown.named.result, {});
  }
  return text;
}

}  // namespace

bool is_page(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension == ".html" || extension == ".htm";
}

std::optional<std::string> drawing_problem(const std::string& path) {
  if (is_page(path)) return std::nullopt;
  if (is_picture(path)) return picture_problem(path);
  return "cannot draw '" + path + "': the name of a picture ends in .png, .svg or .pdf, that of a page in .html";
}

std::string page_of(const std::vector<PageResult>& results) {
  Json data = Json::array();
  for (const auto& shown : results) data.push_back(result_json(shown));
  const std::vector<std::pair<std::string_view, std::string>> parts = {
      {"title", escaped_html(title(results))},
      {"style-hash", std::string(page_parts::style_hash)},
      {"script-hash", std::string(page_parts::script_hash)},
      {"style", std::string(page_parts::style)},
      {"script", std::string(page_parts::script)},
      {"plain-text", escaped_html(plain_text(results))},
      {"results", escaped_json(json_printable(json_text(data)))}};
  std::string page;
  std::string_view rest = page_parts::page;
  for (auto at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    const auto end = rest.find("}}", at);
    const auto word = rest.substr(at + 2, end - at - 2);
    page += rest.substr(0, at);
    page += std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.first == word; })->second;
    rest.remove_prefix(end + 2);
  }
  return page.append(rest);
}

void write_page(const std::vector<PageResult>& results, const std::string& path) { write_file(path, page_of(results)); }

}  // namespace lrfind::report
