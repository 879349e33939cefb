#include "fuzz/targets.hpp"

#include "fuzz/answer.hpp"
#include "fuzz/command_targets.hpp"

#include <data/dataset/dataset.hpp>
#include <data/dataset/table.hpp>
#include <data/image/decode.hpp>
#include <experiment/exec_protocol.hpp>
#include <model/exported_program.hpp>
#include <model/stored_tensors.hpp>
#include <platform/parse_json.hpp>
#include <report/csv.hpp>
#include <report/foreign_curve.hpp>
#include <report/result.hpp>
#include <report/summary.hpp>
#include <report/terminal_curve.hpp>
#include <report/text.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace lrfind::fuzz {
namespace {

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
  const std::string images_file = written("train-images-idx3-ubyte", bytes.substr(0, images));
  const std::string labels_file = written("train-labels-idx1-ubyte", bytes.substr(images));
  expect_answer([&] { data::find_dataset(folder(), {.threads = 1, .stop = {}}); });
  std::filesystem::remove(images_file);
  std::filesystem::remove(labels_file);
}

void read_manifest(std::string_view bytes) {
  for (const char* name : {"list.csv", "list.tsv", "list.txt", "list.jsonl"}) {
    const std::string file = written(name, bytes);
    expect_answer([&] { data::read_table(file); });
    expect_answer([&] { data::find_dataset(file, {.threads = 1, .stop = {}}); });
    std::filesystem::remove(file);
  }
}

// The first byte chooses the file's ending.
void read_packed(std::string_view bytes) {
  if (bytes.empty()) return;
  constexpr std::array names{"data.zip", "data.tar", "data.tar.gz"};
  const std::string file = written(names[static_cast<unsigned char>(bytes[0]) % names.size()], bytes.substr(1));
  expect_answer([&] {
    const data::Dataset dataset = data::find_dataset(file, {.threads = 1, .stop = {}});
    std::vector<std::uint8_t> image;
    for (std::size_t i = 0; i < dataset.train.size(); ++i) dataset.train.read(i, image);
  });
  std::filesystem::remove(file);
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

// A program's lines: its hello, then answers.
void read_exec(std::string_view bytes) {
  bool first = true;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    if (first) {
      expect_answer([&] { experiment::parse_hello(line); });
    } else {
      expect_answer([&] { experiment::parse_answer(line, 0); });
    }
    first = false;
  }
}

// What torch.export.save writes as JSON: a graph, or a list of its weights.
void read_exported(std::string_view bytes) {
  expect_answer([&] { model::parse_exported_program(bytes, "fuzz"); });
  expect_answer([&] { model::parse_stored_tensors(bytes, "fuzz"); });
}

}  // namespace

std::span<const Target> targets() {
  static constexpr std::array<Target, 16> all = {{{"image", read_image},
                                                  {"idx", read_idx},
                                                  {"manifest", read_manifest},
                                                  {"packed", read_packed},
                                                  {"result", read_result},
                                                  {"json", read_json},
                                                  {"curve_csv", read_curve_csv},
                                                  {"curve_json", read_curve_json},
                                                  {"exec", read_exec},
                                                  {"config", read_config},
                                                  {"arguments", read_arguments},
                                                  {"archive", read_archive},
                                                  {"suggest", analyse_result},
                                                  {"plot", draw_result},
                                                  {"schedule", make_schedule},
                                                  {"exported", read_exported}}};
  return all;
}

}  // namespace lrfind::fuzz
