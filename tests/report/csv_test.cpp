#include "report/csv.hpp"
#include <lrfind/error.hpp>

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
}

TEST(Csv, TakesTheNamesThatOtherToolsGiveTheirColumns) {
  const std::vector<double> lr = {1e-3, 1e-2};
  const std::vector<double> loss = {2, 1.5};
  for (const char* text :
       {"lrs,losses\n1e-3,2\n1e-2,1.5\n", "LR,Loss\n1e-3,2\n1e-2,1.5\n", "loss,lr\n2,1e-3\n1.5,1e-2\n",
        "step,learning_rate,train_loss,epoch,smoothed\n0,1e-3,2,0,9\n1,1e-2,1.5,0,9\n",
        "Learning Rate,Training Loss\n1e-3,2\n1e-2,1.5\n", "lr-SGD,val_loss,train_loss\n1e-3,7,2\n1e-2,7,1.5\n",
        "# loss lr\n2 1e-3\n1.5 1e-2\n"}) {
    const Trial curve = curve_from_csv(text, "curve.csv");
    EXPECT_EQ(curve.lr, lr) << text;
    EXPECT_EQ(curve.loss, loss) << text;
  }
}

TEST(Csv, PassesOverTheRowNamesOfPandasAndR) {
  for (const char* text : {",lr,loss\n0,1e-3,2\n1,1e-2,1.5\n", "\"\",\"lr\",\"loss\"\n\"1\",1e-3,2\n\"2\",1e-2,1.5\n",
                           "\"lr\" \"loss\"\n\"1\" 1e-3 2\n\"2\" 1e-2 1.5\n", "lr,loss,\n1e-3,2,\n1e-2,1.5,\n"}) {
    const Trial curve = curve_from_csv(text, "curve.csv");
    EXPECT_EQ(curve.lr, (std::vector<double>{1e-3, 1e-2})) << text;
    EXPECT_EQ(curve.loss, (std::vector<double>{2, 1.5})) << text;
  }
}

TEST(Csv, TakesDecimalCommasWhereTheyCannotBeSeparators) {
  for (const char* text : {"lr;loss\n0,001;2,25\n0,01;1,5\n", "0,001\t2,25\n0,01\t1,5\n",
                           "\"lr\",\"loss\"\n\"0,001\",\"2,25\"\n\"0,01\",\"1,5\"\n"}) {
    const Trial curve = curve_from_csv(text, "curve.csv");
    EXPECT_EQ(curve.lr, (std::vector<double>{0.001, 0.01})) << text;
    EXPECT_EQ(curve.loss, (std::vector<double>{2.25, 1.5})) << text;
  }
}

TEST(Csv, KnowsTheWordsForALossThatIsMissing) {
  for (const std::string word : {"", "NA", "NaN", "nan", "null", "None", "#N/A", "\"NA\"", "inf", "-Inf"}) {
    const Trial curve = curve_from_csv("lr,loss\n1e-3," + word + "\n1e-2,1.5\n", "curve.csv");
    ASSERT_EQ(curve.loss.size(), 2U) << word;
    EXPECT_FALSE(std::isfinite(curve.loss[0])) << word;
    EXPECT_EQ(curve.loss[1], 1.5) << word;
  }
}

TEST(Csv, SaysWhatIsWrongAndWhere) {
  const auto error = [](const char* text) { return message_of<Error>([&] { curve_from_csv(text, "c.csv"); }); };
  EXPECT_EQ(error(""), "'c.csv' is empty; a curve with the columns 'lr' and 'loss' is expected");
  EXPECT_EQ(error("1\n2\n"), "'c.csv' has one column; a curve needs two, the learning rate and the loss");
  EXPECT_EQ(error("lr,loss\n"), "'c.csv' has no rows below its first line, the names of columns");
  EXPECT_EQ(error("rate,loss\n1,2\n"),
            "'c.csv' has no column 'lr' (nor 'lrs' or 'learning_rate'); its first line has 'rate', 'loss'");
  EXPECT_EQ(error("lr,val_loss\n1,2\n"),
            "'c.csv' has no column 'loss' (nor 'losses' or 'train_loss'); its first line has 'lr', 'val_loss'");
  EXPECT_EQ(error("1,1e-3,2\n2,1e-2,1\n"),
            "'c.csv' has 3 columns without names; name them in a first line, for example 'step,lr,loss'");
  EXPECT_EQ(error("lr,loss,Loss\n1,2,3\n"),
            "'c.csv' has both 'loss' and 'Loss', and which of them is meant is not clear; leave one out");
  EXPECT_EQ(error("lr,loss\n0.1,2\n0.2,two\n"), "line 3 of 'c.csv': 'loss' must be a number, got 'two'");
  EXPECT_EQ(error("lr,loss\n0,2\n"), "line 2 of 'c.csv': 'lr' must be a number above 0, got '0'");
  EXPECT_EQ(error("lr,loss\nNA,2\n"), "line 2 of 'c.csv': 'lr' must be a number above 0, got 'NA'");
  EXPECT_EQ(error("lr,loss\n1e-3,nan\n1e-2,NA\n"), "'c.csv' has no loss that is a finite number in its 2 points");
  EXPECT_EQ(error("lr,loss\n1e-3,\"2\n"),
            "line 2 of 'c.csv' has a quote that is not closed or stands before more text");
  EXPECT_EQ(error("lr,loss\n1e-3,2\n1e-2\n"), "line 3 of 'c.csv' has 1 value for 2 columns");
}

TEST(Csv, RefusesRatesThatDoNotRise) {
  const auto error = [](const char* text) { return message_of<Error>([&] { curve_from_csv(text, "c.csv"); }); };
  EXPECT_EQ(error("lr,loss\n1e-7,2.3\n1e-7,2.2\n"),
            "line 3 of 'c.csv': the learning rate must be above the one before it, 1e-07, got 1e-07; a curve is one "
            "sweep over rising rates");
  EXPECT_NE(error("lr,loss\n\n0.1,2\n0.01,2\n").find("line 4 of 'c.csv'"), std::string::npos);
  // Without names the first column is the rate, and a falling loss there is told from falling rates.
  EXPECT_NE(error("2.3,1e-3\n2.2,1e-2\n2.1,1e-1\n").find("'loss,lr'"), std::string::npos);
}

TEST(Csv, NeverTakesADecimalCommaForASeparator) {
  const auto error = [](const char* text) { return message_of<Error>([&] { curve_from_csv(text, "c.csv"); }); };
  for (const char* text : {"lr,loss\n0,001,2,31\n0,002,2,30\n", "lr,loss\n1e-07,2,31\n2e-07,2,30\n"}) {
    EXPECT_NE(error(text).find("decimal commas need a semicolon"), std::string::npos) << text;
  }
  EXPECT_EQ(error("lr;loss\n0,001;2.5\n0,01;2.1\n"),
            "line 2 of 'c.csv': 'loss' must be a number, got '2.5', where other numbers have another decimal sign");
}

}  // namespace
}  // namespace lrfind::report
