#include <data/dataset/column_names.hpp>
#include <data/dataset/image_column.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/manifest_columns.hpp>
#include <data/image/image_header.hpp>
#include <lrfind/error.hpp>
#include <stop_token>
#include "platform/interrupted.hpp"

#include <algorithm>

namespace lrfind::data {
namespace {

using Fields = std::vector<std::string>;

bool is_address(const std::string& value) {
  const std::size_t colon = value.find("://");
  return colon != std::string::npos && colon > 1 &&
         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-") == colon;
}

// Columns of names that look like images' are the only candidates where there are any.
std::vector<std::size_t> candidates_of(const SampledTable& rows) {
  std::vector<std::size_t> all;
  std::vector<std::size_t> with_endings;
  for (std::size_t c = 0; c < rows.width; ++c) {
    if (rows.nested(c)) continue;
    all.push_back(c);
    const Fields values = rows.values_of(c);
    const auto images = std::count_if(values.begin(), values.end(), [](const std::string& value) {
      return format_of_name(value) != ImageFormat::unknown;
    });
    if (2 * static_cast<std::size_t>(images) >= values.size()) with_endings.push_back(c);
  }
  return with_endings.empty() ? all : with_endings;
}

// Which of the candidates: names decide between columns that lead to (nearly) as many files.
std::size_t best_of(const SampledTable& rows, const std::vector<std::size_t>& candidates,
                    const std::vector<FoundImages>& found) {
  std::size_t most = 0;
  for (const FoundImages& one : found) most = std::max(most, one.hits);
  for (const NameClarity clarity : {NameClarity::clear, NameClarity::likely, NameClarity::none}) {
    std::vector<std::size_t> best;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool enough = clarity == NameClarity::none ? found[i].hits == most : 2 * found[i].hits > most;
      const bool named = clarity == NameClarity::none || says_image_file(rows.names[candidates[i]]) == clarity;
      if (!enough || !named) continue;
      if (!best.empty() && found[i].hits > found[best.front()].hits) best.clear();
      if (best.empty() || found[i].hits == found[best.front()].hits) best.push_back(i);
    }
    if (best.empty()) continue;
    const bool same = std::all_of(best.begin(), best.end(), [&](std::size_t i) {
      return rows.values_of(candidates[i]) == rows.values_of(candidates[best.front()]);
    });
    if (best.size() == 1 || same) return best.front();
    // The numbers before pandas' rows are not what names the images.
    std::vector<std::size_t> named;
    for (const std::size_t i : best) {
      if (!says_row_number(rows.names[candidates[i]])) named.push_back(i);
    }
    if (named.size() == 1) return named.front();
    std::vector<std::size_t> several;
    for (const std::size_t i : best) several.push_back(candidates[i]);
    rows.fail_ambiguous("the images", "path", several);
  }
  return 0;
}

[[noreturn]] void fail_without_images(const SampledTable& rows, const ImageSearch& search,
                                      const std::vector<std::size_t>& candidates, std::size_t hits) {
  // The column that most likely was meant, for the message.
  std::size_t column = candidates.empty() ? 0 : candidates.front();
  for (const NameClarity clarity : {NameClarity::likely, NameClarity::clear}) {
    for (const std::size_t c : candidates) {
      if (says_image_file(rows.names[c]) == clarity) column = c;
    }
  }
  const Fields values = rows.values_of(column);
  const std::string& value = *std::find_if(values.begin(), values.end() - 1, [](const auto& v) { return !v.empty(); });
  const std::string line = std::to_string(rows.table.rows[rows.first_row].line);
  if (is_address(value)) {
    throw NoImages("'" + rows.table.file + "' line " + line + ": names the image by an address, " + quoted(value) +
                   ": download the images and name files");
  }
  if (rows.table.size() == 1 && !rows.has_header &&
      std::none_of(rows.first.begin(), rows.first.end(), looks_like_path)) {
    throw NoImages("'" + rows.table.file + "' names no training images: it needs lines of path,label");
  }
  const std::string where = std::all_of(values.begin(), values.end(), [](const auto& v) { return v.starts_with('/'); })
                                ? std::string()
                                : " in " + quoted_list(search.looked_into(), 4);
  const std::string looked = std::to_string(values.size());
  throw NoImages("'" + rows.table.file + "' line " + line + ": no image file " + quoted(value) + " is found" + where +
                 ", with or without an image's ending, and " + (hits == 0 ? "none" : "only " + std::to_string(hits)) +
                 " of the " + looked + " names looked at in " +
                 (rows.first_row == 1 || rows.has_header ? rows.name(column) : "column " + std::to_string(column + 1)) +
                 (hits == 0 ? " is a file" : " are files") +
                 ": paths are needed that are absolute or begin at the manifest's folder");
}

}  // namespace

ImageColumn find_image_column(const SampledTable& rows, const std::stop_token& stop) {
  ImageSearch search(rows.table.files, rows.table.file);
  const auto candidates = candidates_of(rows);
  const auto most_hits = [](const std::vector<FoundImages>& found) {
    std::size_t most = 0;
    for (const FoundImages& one : found) most = std::max(most, one.hits);
    return most;
  };
  std::vector<FoundImages> best;
  for (const std::size_t c : candidates) best.push_back(search.as_named(rows.values_of(c)));
  // Folders are listed only where the manifest's own words lead to too little.
  for (int distance = 0; 2 * most_hits(best) < rows.sample.size() && distance < ImageSearch::distances; ++distance) {
    if (stop.stop_requested()) throw Interrupted();
    std::vector<FoundImages> found;
    for (const std::size_t c : candidates) found.push_back(search.at_distance(rows.values_of(c), distance));
    if (most_hits(found) > most_hits(best)) best = std::move(found);
  }
  const std::size_t hits = most_hits(best);
  if (hits == 0) fail_without_images(rows, search, candidates, 0);
  const std::size_t chosen = best_of(rows, candidates, best);
  // Few of many short names that happen to be files are a coincidence.
  if (best[chosen].places.completes && 2 * best[chosen].hits < rows.sample.size()) {
    fail_without_images(rows, search, {candidates[chosen]}, best[chosen].hits);
  }
  if (!best[chosen].ambiguity.empty()) {
    throw data_error("'" + rows.table.file + "': " + rows.name(candidates[chosen]) +
                     " does not say which images are meant, " + best[chosen].ambiguity +
                     ": write paths that begin at the manifest's folder");
  }
  return {candidates[chosen], best[chosen].places};
}

bool looks_like_path(const std::string& value) {
  return format_of_name(value) != ImageFormat::unknown || value.find_first_of("/\\") != std::string::npos;
}

}  // namespace lrfind::data
