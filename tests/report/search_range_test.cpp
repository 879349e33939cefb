#include "report/search_range.hpp"

#include <gtest/gtest.h>

namespace lrfind::report {
namespace {

TEST(SearchRange, IsNoNarrowerThanTheInterval) {
  EXPECT_EQ(search_range(Tuner::optuna, {0.0123456, 0.0765432}),
            "lr = trial.suggest_float(\"lr\", 0.0123, 0.0766, log=True)\n");
  EXPECT_EQ(search_range(Tuner::optuna, {1.2345e-7, 9.999}),
            "lr = trial.suggest_float(\"lr\", 1.23e-07, 10, log=True)\n");
}

TEST(SearchRange, KeepsEndsOfThreeDigits) {
  EXPECT_EQ(search_range(Tuner::optuna, {0.001, 0.3}), "lr = trial.suggest_float(\"lr\", 0.001, 0.3, log=True)\n");
}

TEST(SearchRange, WritesNumbersThatYamlTakesForNumbers) {
  EXPECT_NE(search_range(Tuner::wandb, {1e-5, 2e-5}).find("min: 1.00e-05\n    max: 2.00e-05\n"), std::string::npos);
}

}  // namespace
}  // namespace lrfind::report
