#include "fuzz/targets.hpp"

#include <data/dataset/dataset.hpp>
#include <data/dataset/table.hpp>
#include <data/image/decode.hpp>
#include <lrfind/error.hpp>
#include <model/exported_program.hpp>
#include <model/stored_tensors.hpp>
#include <platform/parse_json.hpp>
#include <report/csv.hpp>
#include <report/foreign_curve.hpp>
#include <report/result.hpp>
#include <report/summary.hpp>
#include <report/terminal_curve.hpp>
#include <report/text.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lrfind::fuzz {
namespace {

/// A folder of this process, in memory where there is such a place.
class Folder {
 public:
  Folder() : path_(parent() / ("lrfind-fuzz-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::string write(const std::string& name, std::string_view bytes) const {
    const auto file = path_ / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file.string();
  }

  std::string path() const { return path_.string(); }

 private:
  static std::filesystem::path parent() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  }
  std::filesystem::path path_;
};

const Folder& folder() {
  static const Folder here;
  return here;
}

/// A message that steers the terminal or fills it would be a finding too, were it not for what prints it.
template <typename Read>
void expect_answer(const Read& read) {
  try {
    read();
  } catch (const Error&) {  // one sentence for the person
  } catch (const JsonError&) {
  }
}

void read_image(std::string_view bytes) {
  const std::span file(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const data::ImageHeader header = data::read_image_header(file);
  // Large ones are slow, not wrong.
  if (!header.error.empty() || std::uint64_t{header.width} * header.height > 1U << 20U) return;
  const data::Decoded decoded = data::decode(file);
  if (decoded.ok() && decoded.image.pixels.size() != decoded.image.shape.bytes()) std::abort();
  data::decode(file, {.shape = {7, 5, 3}, .resize = data::Resize::crop});
}

void read_idx(std::string_view bytes) {
  // The first byte splits the rest into images and labels.
  if (bytes.empty()) return;
  const std::size_t labels = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  const std::size_t images = bytes.size() - std::min(labels, bytes.size());
  const Folder& data = folder();
  data.write("train-images-idx3-ubyte", bytes.substr(0, images));
  data.write("train-labels-idx1-ubyte", bytes.substr(images));
  expect_answer([&] { data::find_dataset(data.path(), {.threads = 1, .stop = {}}); });
  std::filesystem::remove(data.path() + "/train-images-idx3-ubyte");
  std::filesystem::remove(data.path() + "/train-labels-idx1-ubyte");
}

void read_manifest(std::string_view bytes) {
  for (const char* name : {"list.csv", "list.tsv", "list.txt", "list.jsonl"}) {
    const std::string file = folder().write(name, bytes);
    expect_answer([&] { data::read_table(file); });
    expect_answer([&] { data::find_dataset(file, {.threads = 1, .stop = {}}); });
    std::filesystem::remove(file);
  }
}

void show(const report::Result& result) {
  const report::TerminalStyle style{80, false, true};
  report::draw_curve(result, style);
  report::summary(result, style);
}

void read_result(std::string_view bytes) {
  expect_answer([&] {
    const report::Result result = report::parse_result(bytes, "fuzz");
    show(result);
    const std::string text = report::to_text(result);
    if (report::to_text(report::parse_result(text, "again")) != text) std::abort();
  });
}

void read_json(std::string_view bytes) {
  expect_answer([&] { parse_json(bytes).dump(-1, ' ', false, report::Json::error_handler_t::replace); });
}

void show_curve(const Trial& curve) {
  report::Result result;
  result.trials = {curve};
  result.curve = aggregate(result.trials);
  result.smoothed_loss = smooth(result.curve.loss, 0.9);
  SuggestOptions options;
  options.may_be_smoothed = true;
  result.suggestion = suggest(result.trials, options);
  show(result);
}

void read_curve_csv(std::string_view bytes) {
  expect_answer([&] { show_curve(report::curve_from_csv(bytes, "fuzz")); });
}

void read_curve_json(std::string_view bytes) {
  expect_answer([&] { show_curve(report::curve_from_json(report::parse_foreign_json(bytes, "fuzz"), "fuzz")); });
}

// What torch.export.save writes as JSON: a graph, or a list of its weights.
void read_exported(std::string_view bytes) {
  expect_answer([&] { model::parse_exported_program(bytes, "fuzz"); });
  expect_answer([&] { model::parse_stored_tensors(bytes, "fuzz"); });
}

constexpr std::array<Target, 8> all = {{{"image", read_image},
                                        {"idx", read_idx},
                                        {"manifest", read_manifest},
                                        {"result", read_result},
                                        {"json", read_json},
                                        {"curve_csv", read_curve_csv},
                                        {"curve_json", read_curve_json},
                                        {"exported", read_exported}}};

}  // namespace

std::span<const Target> targets() { return all; }

}  // namespace lrfind::fuzz
