#include "analysis/read_csv.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <stdexcept>

namespace lrfind::analysis {
namespace {

Trial read(const std::string& text) {
  std::istringstream in(text);
  return read_csv(in);
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadCsv, TakesTwoColumnsWithoutNames) {
  const Trial trial = read("1e-7,2.3\n1e-6,2.2\n");
  EXPECT_EQ(trial.lr, (std::vector<double>{1e-7, 1e-6}));
  EXPECT_EQ(trial.loss, (std::vector<double>{2.3, 2.2}));
}

TEST(ReadCsv, FindsNamedColumnsAmongOthers) {
  const Trial trial = read("step,loss,lr\n0,2.3,0.001\n1,2.2,0.01\n");
  EXPECT_EQ(trial.lr, (std::vector<double>{0.001, 0.01}));
  EXPECT_EQ(trial.loss, (std::vector<double>{2.3, 2.2}));
}

TEST(ReadCsv, TakesWhatSpreadsheetsWrite) {
  const Trial trial = read("\xEF\xBB\xBF\"lr\";\"loss\"\r\n0.001;2.3\r\n\r\n# comment\r\n0.01;2.2\r\n");
  EXPECT_EQ(trial.lr, (std::vector<double>{0.001, 0.01}));
  EXPECT_EQ(trial.loss, (std::vector<double>{2.3, 2.2}));
}

TEST(ReadCsv, TakesTabsAndALastLineWithoutItsEnd) {
  EXPECT_EQ(read("lr\tloss\n0.001\t2.3\n0.01\t2.2").loss, (std::vector<double>{2.3, 2.2}));
}

TEST(ReadCsv, KeepsLossesThatAreNotFinite) {
  const Trial trial = read("lr,loss\n0.1,2\n1,nan\n2,inf\n3,\n4,1e999\n");
  EXPECT_TRUE(std::isnan(trial.loss[1]));
  EXPECT_TRUE(std::isinf(trial.loss[2]));
  EXPECT_TRUE(std::isnan(trial.loss[3]));
  EXPECT_TRUE(std::isinf(trial.loss[4]));
}

TEST(ReadCsv, NamesTheLineAndWhatWouldBeRight) {
  EXPECT_EQ(error_of("lr,loss\n0.1,2\n1\n"), "line 3: there are 1 columns; a learning rate and a loss must stand here");
  EXPECT_EQ(error_of("lr,loss\nfast,2\n"), "line 2: the learning rate is \"fast\"; it must be a positive number");
  EXPECT_EQ(error_of("0.1,2\n0,2\n"), "line 2: the learning rate is \"0\"; it must be a positive number");
  EXPECT_EQ(error_of("0.1,2\n0.1,2\n"), "line 2: the learning rate 0.1 is not above the one before; rates must rise");
  EXPECT_EQ(error_of("0.1,low\n"), "line 1: the loss is \"low\"; it must be a number");
  EXPECT_EQ(error_of("rate,loss\n0.1,2\n"), "line 1: there is no column named lr; the columns must be lr,loss");
  EXPECT_EQ(error_of("\n"), "there are no points; lines of lr,loss must stand here");
}

}  // namespace
}  // namespace lrfind::analysis
