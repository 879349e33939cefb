#include <lrfind/error.hpp>
#include "platform/write_file.hpp"
#include "report/example.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lrfind::report {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(ResultJson, SurvivesTheRoundTripToTheLastBit) {
  Result result = example_result();
  result.dataset.unreadable = {{"cat/1.jpg", "truncated"}};
  result.dataset.misnamed = {{"cat/2.jpg", "is a PNG file"}};
  result.dataset.notes = {"the classes are imbalanced"};
  result.suggestion.reasons = {{"too-noisy", "The loss is noisy; use larger batches.", false}};
  result.trials[0].seed = std::numeric_limits<std::uint64_t>::max();
  result.curve.lr[3] = 0.1 + 0.2;  // needs all 17 digits
  result.curve.lr[4] = 5e-324;     // the smallest double
  result.curve.probe_loss = result.curve.loss;
  result.curve.alignment = result.trials[0].val_accuracy = result.curve.loss;
  result.sections["verify"] = Json{{"z", 1}, {"a", {1, 2, 3}}};

  const Result read = parse_result(to_text(result), "text");

  EXPECT_EQ(read.curve.lr, result.curve.lr);
  EXPECT_EQ(read.curve.loss, result.curve.loss);
  EXPECT_EQ(read.smoothed_loss, result.smoothed_loss);
  EXPECT_EQ(read.curve.alignment, result.curve.alignment);
  EXPECT_EQ(read.trials[0].val_accuracy, result.curve.loss);
  EXPECT_EQ(read.trials[0].seed, result.trials[0].seed);
  EXPECT_EQ(read.trials[0].stopped, Stopped::diverged);
  EXPECT_EQ(read.trial_rates, result.trial_rates);
  EXPECT_EQ(read.suggestion.by_rule, result.suggestion.by_rule);
  EXPECT_EQ(read.suggestion.interval->hi, 0.03);
  EXPECT_FALSE(read.suggestion.reasons[0].fatal);
  EXPECT_EQ(read.dataset.misnamed[0].error, "is a PNG file");
  EXPECT_EQ(read.timing.more.at("data_wait_s"), 0.125);
  EXPECT_EQ(to_text(read), to_text(result)) << "nothing is lost, and the keys keep their order";
}

TEST(ResultJson, WritesTheShapeOfTheContract) {
  const Json json = to_json(example_result());
  EXPECT_EQ(json["schema"], "lrfind/result/1");
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["dataset"]["classes"], Json({"cat", "Bär", "猫"}));
  EXPECT_EQ(json["suggestion"]["interval"], Json({0.015, 0.03}));
  EXPECT_EQ(json["suggestion"]["by_rule"]["slide"], nullptr);
  EXPECT_EQ(json["trials"][0]["stopped"], "diverged");
  EXPECT_EQ(json["trials"][0]["suggested_lr"], 0.02);
  EXPECT_EQ(json["timing"]["images_per_s"], 1422.5);
  EXPECT_FALSE(json["curve"].contains("probe_loss")) << "what was not measured is not there";
}

TEST(ResultJson, WritesNonFiniteNumbersAsNullAndReadsThemAsNotMeasured) {
  Result result = example_result();
  result.curve.loss[0] = infinity;
  result.curve.loss[1] = not_measured;
  result.curve.probe_loss = std::vector<double>(result.curve.lr.size(), not_measured);
  result.suggestion.lr = std::nullopt;
  result.suggestion.interval = std::nullopt;
  result.timing.index_s = not_measured;

  const Json json = Json::parse(to_text(result));
  EXPECT_TRUE(json["curve"]["loss"][0].is_null());
  EXPECT_TRUE(json["curve"]["loss"][1].is_null());
  EXPECT_TRUE(json["suggestion"]["lr"].is_null());
  EXPECT_TRUE(json["suggestion"]["interval"].is_null());
  EXPECT_TRUE(json["timing"]["index_s"].is_null());

  const Result read = from_json(json);
  EXPECT_TRUE(std::isnan(read.curve.loss[0]));
  EXPECT_TRUE(std::isnan(read.curve.probe_loss[7]));
  EXPECT_FALSE(read.suggestion.lr.has_value());
  EXPECT_FALSE(read.suggestion.interval.has_value());
}

TEST(ResultJson, WritesArraysOfNumbersOnOneLine) {
  EXPECT_EQ(to_text(Json{{"lr", {1e-7, 0.5}}, {"empty", Json::array()}, {"deep", {{"a", 1}}}}),
            "{\n  \"lr\": [1e-07, 0.5],\n  \"empty\": [],\n  \"deep\": {\n    \"a\": 1\n  }\n}\n");
}

TEST(ResultJson, ReplacesBytesThatAreNotUtf8) {
  Result result = example_result();
  result.dataset.unreadable = {{"caf\xE9.jpg", "truncated"}};
  EXPECT_EQ(parse_result(to_text(result), "text").dataset.unreadable[0].path, "caf\uFFFD.jpg");
}

std::string complaint_about(const std::function<void(Json&)>& change) {
  Json json = to_json(example_result());
  change(json);
  return message_of<Error>([&] { from_json(json); });
}

TEST(ResultJson, NamesTheKeyThatIsWrong) {
  EXPECT_EQ(complaint_about([](Json& j) { j.erase("curve"); }), "the key 'curve' is missing");
  EXPECT_EQ(complaint_about([](Json& j) { j["trials"][0].erase("seed"); }), "the key 'trials[0].seed' is missing");
  EXPECT_EQ(complaint_about([](Json& j) { j["schema"] = "other/2"; }),
            "'schema' must be \"lrfind/result/1\", got \"other/2\"");
  EXPECT_EQ(complaint_about([](Json& j) { j["complete"] = 1; }), "'complete' must be true or false, got 1");
  EXPECT_EQ(complaint_about([](Json& j) { j["curve"]["loss"][2] = "x"; }),
            "'curve.loss[2]' must be a number or null, got \"x\"");
  EXPECT_EQ(complaint_about([](Json& j) { j["curve"]["lr"][0] = -1; }),
            "'curve.lr[0]' must be a number above 0, got -1");
  EXPECT_EQ(complaint_about([](Json& j) { j["curve"]["lr"] = 3; }), "'curve.lr' must be an array, got 3");
  EXPECT_EQ(complaint_about([](Json& j) { j["suggestion"]["interval"] = {1.0}; }),
            "'suggestion.interval' must be null or an array of two numbers, got array");
  EXPECT_EQ(complaint_about([](Json& j) { j["trials"][0]["stopped"] = "later"; }),
            "'trials[0].stopped' must be \"completed\", \"diverged\" or \"interrupted\", got \"later\"");
  EXPECT_EQ(complaint_about([](Json& j) { j["dataset"]["train_images"] = -5; }),
            "'dataset.train_images' must be a whole number of at least 0, got -5");
}

TEST(ResultJson, ComplainsAboutArraysOfOtherLengths) {
  EXPECT_EQ(complaint_about([](Json& j) { j["curve"]["smoothed_loss"].erase(0); }),
            "'curve.smoothed_loss' must have as many entries as 'lr' beside it (81), got 80");
  EXPECT_EQ(complaint_about([](Json& j) { j["trials"][0]["loss"] = Json::array(); }),
            "'trials[0].loss' must have as many entries as 'lr' beside it (81), got 0");
}

TEST(ResultFile, SaysWhatIsWrongWithIt) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of<Error>([&] { read_result(folder / "no.json"); }),
            "'" + (folder / "no.json") +
                "' cannot be opened (No such file or directory); a result of 'lrfind sweep -o' is expected");
  EXPECT_EQ(message_of<Error>([&] { read_result(folder / ""); }),
            "'" + (folder / "") + "' is a folder, not a result file");
  EXPECT_EQ(message_of<Error>([] { parse_result("{\"schema\": ", "half.json"); }),
            "'half.json' is not JSON (at byte 12); a result of 'lrfind sweep -o' is expected");
  EXPECT_EQ(message_of<Error>([] { parse_result("[1]", "list.json"); }),
            "'list.json' is not a result of lrfind: it is not a JSON object");
}

TEST(ResultFile, IsReadBackFromTheDisk) {
  const TemporaryFolder folder;
  write_file(folder / "lr.json", to_text(example_result()));
  EXPECT_EQ(to_text(read_result(folder / "lr.json")), to_text(example_result()));
}

}  // namespace
}  // namespace lrfind::report
