#include <lrfind/error.hpp>
#include "report/foreign_curve.hpp"

#include "report/example.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace lrfind::report {
namespace {

Trial read(const std::string& text) { return curve_from_json(parse_foreign_json(text, "f.json"), "f.json"); }

std::string error(const std::string& text) {
  return message_of<Error>([&] { read(text); });
}

TEST(ForeignJson, ReadsTheHistoriesOfOtherTools) {
  for (
      const char* text :
      {R"({"lr": [1e-3, 1e-2], "loss": [2, 1.5]})", R"({"lrs": [1e-3, 1e-2], "losses": [2, 1.5], "values": []})",
       R"({"lr": [[1e-3], [1e-2]], "loss": [[2], [1.5]]})", R"({"lr": [[1e-3, 1e-3], [1e-2, 1e-2]], "loss": [2, 1.5]})",
       R"([{"step": 0, "lr": 1e-3, "loss": 2}, {"step": 1, "lr": 1e-2, "loss": 1.5}])",
       "{\"lr\": 1e-3, \"loss\": 2}\n{\"lr\": 1e-2, \"loss\": 1.5}\n",
       R"({"history": {"lr": [1e-3, 1e-2], "loss": [2, 1.5]}})",
       R"({"log_history": [{"learning_rate": 1e-3, "loss": 2}, {"eval_loss": 7}, {"learning_rate": 1e-2, "loss": 1.5}]})",
       R"({"lr": {"0": 1e-3, "1": 1e-2}, "loss": {"0": 2, "1": 1.5}})",
       R"({"0": {"lr": 1e-3, "loss": 2}, "1": {"lr": 1e-2, "loss": 1.5}})",
       R"({"columns": ["lr", "loss"], "index": [0, 1], "data": [[1e-3, 2], [1e-2, 1.5]]})"}) {
    const Trial curve = read(text);
    EXPECT_EQ(curve.lr, (std::vector<double>{1e-3, 1e-2})) << text;
    EXPECT_EQ(curve.loss, (std::vector<double>{2, 1.5})) << text;
  }
}

TEST(ForeignJson, TakesWhatPythonAndRWriteForMissingLosses) {
  for (const std::string word : {"null", "NaN", "Infinity", "-Infinity", "\"NA\"", "\"nan\""}) {
    const Trial curve = read(R"({"note": "NaN is text", "lr": [1e-3, 1e-2], "loss": [)" + word + ", 1.5]}");
    EXPECT_FALSE(std::isfinite(curve.loss[0])) << word;
    EXPECT_EQ(curve.loss[1], 1.5) << word;
  }
}

TEST(ForeignJson, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error(R"({"a": [1], "b": 2})"),
            "'f.json' is neither a result of lrfind nor a curve, an object with 'lr' and 'loss' (or 'lrs' and "
            "'losses'); its keys are 'a', 'b'");
  EXPECT_EQ(error(R"({"lr": [1e-3, 1e-2], "losses": [1]})"),
            "'lr' of 'f.json' has 2 entries and 'losses' has 1; each rate needs its loss");
  EXPECT_EQ(error(R"({"lr": [1e-7, 1e-7], "loss": [1, 2]})"),
            "'lr[1]' of 'f.json': the learning rate must be above the one before it, 1e-07, got 1e-07; a curve is one "
            "sweep over rising rates");
  EXPECT_EQ(error(R"({"lr": [1e-3, null], "loss": [1, 2]})"),
            "'lr[1]' of 'f.json': the learning rate must be a number above 0, got none");
  EXPECT_EQ(error(R"({"lr": [[1e-3, 1e-2], [1e-2, 1e-1]], "loss": [2, 1]})"),
            "'lr[0]' of 'f.json' has 2 different values, as of several parameter groups; keep those of one group");
  EXPECT_EQ(error(R"({"lr": [1e-3, 1e-2], "loss": [1, "low"]})"),
            "'loss[1]' of 'f.json' must be a number, got \"low\"");
  EXPECT_EQ(error(R"({"lr": [1e-3, 1e-2], "loss": [null, null]})"),
            "'f.json' has no loss that is a finite number in its 2 points");
  EXPECT_EQ(error(R"({"a": {"lr": [1, 2], "loss": [1, 2]}, "b": {"lr": [1, 2], "loss": [1, 2]}})"),
            "'f.json' holds several curves, 'a', 'b'; give each a file of its own");
  EXPECT_EQ(error("{\"lr\": 1e-3, \"loss\": 2}\n{\"lr\": 1e-2,\n"),
            "line 2 of 'f.json' is not a JSON object as the lines before it are");
  EXPECT_EQ(error("{\"lr\": [1"),
            "'f.json' is not JSON (at byte 10); a result of 'lrfind sweep -o' or a curve is expected");
}

TEST(ForeignJson, RefusesWhatNestsTooDeep) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_NE(error(deep).find("nests more than 100 levels of brackets (at byte 101)"), std::string::npos);
}

}  // namespace
}  // namespace lrfind::report
