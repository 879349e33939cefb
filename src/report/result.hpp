// The result of a sweep as a value, and its JSON (schema lrfind/result/1, configs/schema/result-1.schema.json).
#pragma once

#include <lrfind/curve.hpp>
#include <lrfind/error.hpp>
#include <lrfind/suggest.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

using Json = nlohmann::ordered_json;  ///< keeps keys in the order in which they were written

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// What ran, and where.
struct Tool {
  std::string version, libtorch, opencv, device;
  int threads = 0;
  std::string host;
  std::string blas = {};  ///< which library matrix products on the CPU go to; empty: not known
  int ranks = 1;          ///< processes that trained one network; config's batch-size is each one's
};

/// A file of the dataset and what is wrong with it.
struct FileProblem {
  std::string path, error;
};

/// Per-channel statistics that pixels were normalised with, on the scale 0 to 1; empty: not normalised.
struct Normalization {
  std::vector<double> mean, std;
};

struct Dataset {
  std::string path, format;
  std::vector<std::string> classes;
  std::int64_t train_images = 0, val_images = 0;
  std::vector<double> class_counts;     ///< training images of each class
  std::vector<FileProblem> unreadable;  ///< left out
  std::vector<FileProblem> misnamed;    ///< read, though the content is of another format than the name says
  std::int64_t ignored_files = 0;       ///< hidden files and files that are no images
  Normalization normalization;
  std::vector<std::string> notes;  ///< sentences worth a person's attention; the summary shows them as warnings
};

struct Model {
  std::string name;
  std::int64_t parameters = 0, classes = 0;
};

/// Seconds, NaN where not measured.
struct Timing {
  double startup_s = not_measured, index_s = not_measured, sweep_s = not_measured, total_s = not_measured;
  double images_per_s = not_measured;
  std::map<std::string, double> more;  ///< further entries under their own names, e.g. "data_wait_s", "train_s"
};

struct Result {
  bool complete = true;
  Tool tool;
  Json config = Json::object();  ///< every option, resolved
  Dataset dataset;
  Model model;
  Trial curve;                                     ///< all trials aggregated; its seed and `stopped` are not written
  std::vector<double> smoothed_loss;               ///< of `curve`, as long as it
  std::vector<Trial> trials;                       ///< each range test
  std::vector<std::optional<double>> trial_rates;  ///< "suggested_lr" of each trial; empty or as long as `trials`
  Suggestion suggestion;
  Timing timing;
  Json sections =
      Json::object();  ///< every other top-level key ("batch_sizes", "layers", "verify", ...), kept as it is
};

/// A result with the name that pictures show for it, e.g. its file's.
struct NamedResult {
  std::string name;
  Result result;
};

/// null for a number that is not there or not finite.
Json number_or_null(const std::optional<double>& value);

/// Non-finite numbers become null.
Json to_json(const Result& result);

/// null becomes NaN or an empty optional. Throws Error (data).
Result from_json(const Json& json);

/// JSON as text for people and programs alike: one key a line, an array of plain values on one line, numbers in the
/// shortest form that reads back as the same double, bytes that are not UTF-8 replaced by U+FFFD, a newline at the end.
std::string to_text(const Json& json);

/// to_text(to_json(result)).
std::string to_text(const Result& result);

/// from_json() with the name of the source in its messages. Throws Error (data).
Result result_from_json(const Json& json, const std::string& source);

/// Reads a result's text; `source` names it in messages. Throws Error (data).
Result parse_result(std::string_view text, const std::string& source);

/// Results of thousands of steps have a few MB; what is larger is some other file.
inline constexpr std::uint64_t largest_result = std::uint64_t{256} << 20U;

/// The text of a result file. Throws Error (data) where it cannot be read, is no regular file or larger than a result.
std::string read_result_text(const std::string& path);

/// Reads a result file. Throws Error (data), also when the file cannot be read.
Result read_result(const std::string& path);

}  // namespace lrfind::report
