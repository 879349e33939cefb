#include "data/dataset/inspect.hpp"
#include <lrfind/error.hpp>
#include "command/command.hpp"
#include "command/interrupt.hpp"
#include "command/json_output.hpp"
#include "data/batch/check.hpp"
#include "platform/cpu_count.hpp"
#include "platform/excerpt.hpp"
#include "platform/standard_streams.hpp"
#include "report/result.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

#include <iostream>
#include <sstream>

namespace lrfind::command {

namespace {

using report::printable;

report::Json to_json(const data::Inspection& found) {
  report::Json json;
  json["path"] = found.path;
  json["format"] = found.format;
  json["train_images"] = found.train_images;
  json["val_images"] = found.val_images;
  json["val_origin"] = found.val_origin;
  json["imbalance"] = found.imbalance;
  const auto range = [](const data::Range& r) {
    return report::Json{{"min", r.min}, {"median", r.median}, {"max", r.max}};
  };
  json["width"] = range(found.width);
  json["height"] = range(found.height);
  json["formats"] = found.formats;
  json["channels"] = found.channels;
  json["classes"] = report::Json::array();
  for (const auto& c : found.classes) {
    json["classes"].push_back({{"name", c.name}, {"train", c.train}, {"val", c.val}});
  }
  json["unreadable"] = report::Json::array();
  for (const auto& file : found.unreadable) json["unreadable"].push_back({{"path", file.path}, {"error", file.error}});
  json["misnamed"] = report::Json::array();
  for (const auto& file : found.misnamed) json["misnamed"].push_back({{"path", file.path}, {"format", file.format}});
  json["ignored_files"] = found.ignored_files;
  json["hidden"] = found.hidden;
  json["notes"] = found.notes;
  return json;
}

std::string counts(const std::map<std::string, std::size_t>& map) {
  std::string text;
  for (const auto& [name, count] : map) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  return text;
}

std::string range(const data::Range& r) {
  if (r.min == r.max) return std::to_string(r.min);
  return std::to_string(r.min) + " to " + std::to_string(r.max) + " (median " + std::to_string(r.median) + ")";
}

void print(const data::Inspection& found, std::ostream& out, const report::TerminalStyle& style) {
  out << printable(found.path) << " (" << found.format << "): " << found.train_images << " training and "
      << found.val_images << " validation images"
      << (found.val_origin.empty()      ? ""
          : found.val_origin == "split" ? " (held out by --val-split)"
                                        : " (" + printable(found.val_origin) + ")")
      << " in " << found.classes.size() << " classes\n\n";
  report::Table table({{"class"}, {"train", report::Align::right}, {"val", report::Align::right}});
  for (const auto& c : found.classes) table.add_row({c.name, std::to_string(c.train), std::to_string(c.val)});
  out << table.text(style.columns, 2) << "\n";
  std::ostringstream imbalance;
  imbalance.precision(3);
  imbalance << found.imbalance;
  out << "width      " << range(found.width) << " pixels\n"
      << "height     " << range(found.height) << " pixels\n"
      << "formats    " << counts(found.formats) << "\n"
      << "channels   " << counts(found.channels) << "\n"
      << "imbalance  1:" << imbalance.str() << " (smallest class to largest)\n";
  if (found.ignored_files > 0) out << "ignored    " << found.ignored_files << " files that are no images\n";
  if (found.hidden > 0) out << "hidden     " << found.hidden << " entries whose name starts with a dot\n";
  for (const auto& note : found.notes) out << "note: " << printable(readable_length(note)) << "\n";
  for (const auto& file : found.misnamed)
    out << "misnamed: " << printable(file.path) << ": holds " << file.format << "; it is used\n";
  constexpr std::size_t all_shown = 10;
  if (found.unreadable.size() > all_shown) {
    for (const std::string& line : data::by_reason(found.unreadable)) out << "unreadable: " << printable(line) << "\n";
  } else {
    for (const auto& file : found.unreadable)
      out << "unreadable: " << printable(file.path) << ": " << printable(readable_length(file.error)) << "\n";
  }
}

}  // namespace

int inspect(const Invocation& invocation) {
  CommonOptions common;
  std::string path;
  double val_split = 0.1;
  std::int64_t decode_mb = experiment::DataSettings{}.decode_mb;
  JsonOutput output;
  CommandLine line("inspect",
                   "Shows what is in a dataset: classes with counts, image sizes, imbalance, unreadable files.",
                   "  lrfind inspect photos\n"
                   "  lrfind inspect photos --json | jq .unreadable\n",
                   common);
  auto& options = line.options();
  options.add_argument("DATA", path, {.paths = true}, "folder, archive, shards or CSV file with images");
  options.group("Data");
  options.add("--val-split", val_split, fraction_below_one(),
              "fraction held out where the data has no validation images");
  declare_decode_budget(options, decode_mb);
  options.group("Output");
  declare_json_output(options, output, "what was found");
  if (!line.parse(invocation)) return done;
  if (path.empty()) throw usage_error("DATA is missing: the folder, archive or CSV file with the images");
  check_json_output(output);
  platform::check_stdout();
  const auto stop = listen_for_interrupt();

  const auto cores = static_cast<unsigned>(available_cores());
  const auto dataset = data::find_dataset(
      path, {.val_split = val_split, .seed = static_cast<std::uint64_t>(common.seed), .threads = cores, .stop = stop});
  const auto threads = common.threads > 0 ? static_cast<unsigned>(common.threads) : cores;
  data::DecodeBudget budget(static_cast<std::uint64_t>(decode_mb) << 20U);
  const auto found = data::inspect(dataset, budget, threads, stop);
  write_json(output, report::to_text(to_json(found)));
  if (!output.on_stdout()) {
    print(found, std::cout, invocation.console.style());
  }
  return done;
}

}  // namespace lrfind::command
