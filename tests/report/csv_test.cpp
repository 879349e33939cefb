#include "report/csv.hpp"

#include "report/example.hpp"

#include <gtest/gtest.h>

namespace lrfind::report {
namespace {

Result small() {
  Result result;
  result.curve.lr = {0.001, 0.01, 0.1};
  result.curve.loss = {2.5, 1.25, not_measured};
  result.smoothed_loss = {2.5, 2, 2};
  result.trials = {result.curve};
  return result;
}

TEST(Csv, HasARowPerRateAndEmptyCellsForWhatIsMissing) {
  EXPECT_EQ(to_csv(small()), "lr,loss,smoothed_loss\n0.001,2.5,2.5\n0.01,1.25,2\n0.1,,2\n");
}

TEST(Csv, AddsMeasurementsAndTrials) {
  Result result = small();
  result.curve.probe_loss = {2, 1, 3};
  Trial other;
  other.lr = {0.001, 0.01 * (1 + 1e-15)};  // stopped early, and rounded elsewhere
  other.loss = {7, 8};
  result.trials.push_back(other);
  EXPECT_EQ(to_csv(result),
            "lr,loss,smoothed_loss,probe_loss,trial_1_loss,trial_2_loss\n"
            "0.001,2.5,2.5,2,2.5,7\n"
            "0.01,1.25,2,1,1.25,8\n"
            "0.1,,2,3,,\n");
}

TEST(Csv, ReadsBackWhatItWrote) {
  const Result result = example_result();
  const Trial curve = curve_from_csv(to_csv(result), "lr.csv");
  EXPECT_EQ(curve.lr, result.curve.lr);
  EXPECT_EQ(curve.loss, result.curve.loss);
  EXPECT_TRUE(curve.probe_loss.empty());
}

TEST(Csv, ReadsTablesOfOtherTools) {
  const std::vector<double> lr = {1e-3, 1e-2};
  const std::vector<double> loss = {2, 1.5};
  for (const char* text :
       {"1e-3,2\n1e-2,1.5\n", "lr,loss\r\n0.001,2\r\n0.01,1.5\r\n", "step;loss;lr\n0;2;1e-3\n1;1.5;1e-2",
        "# recorded\n\nlr\tloss\n1e-3\t2\n1e-2\t1.5\n", "\xEF\xBB\xBF\"lr\", \"loss\"\n1E-3, +2\n1E-2, 1.5\n"}) {
    const Trial curve = curve_from_csv(text, "curve.csv");
    EXPECT_EQ(curve.lr, lr) << text;
    EXPECT_EQ(curve.loss, loss) << text;
  }
  EXPECT_TRUE(std::isnan(curve_from_csv("1e-3,nan\n", "curve.csv").loss[0]));
  EXPECT_TRUE(std::isnan(curve_from_csv("1e-3,\n", "curve.csv").loss[0]));
}

TEST(Csv, SaysWhatIsWrongAndWhere) {
  const auto error = [](const char* text) { return message_of<ResultError>([&] { curve_from_csv(text, "c.csv"); }); };
  EXPECT_EQ(error(""), "'c.csv' is empty; a curve with the columns 'lr' and 'loss' is expected");
  EXPECT_EQ(error("1\n2\n"), "'c.csv' has one column; a curve needs two, the learning rate and the loss");
  EXPECT_EQ(error("rate,loss\n1,2\n"), "'c.csv' has no column 'lr'; its first line must name 'lr' and 'loss'");
  EXPECT_EQ(error("lr,loss\n0.1,2\n0.2,two\n"), "line 3 of 'c.csv': 'loss' must be a number, got 'two'");
  EXPECT_EQ(error("lr,loss\n0,2\n"), "line 2 of 'c.csv': 'lr' must be a number above 0, got '0'");
}

}  // namespace
}  // namespace lrfind::report
