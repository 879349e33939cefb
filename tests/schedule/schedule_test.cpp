#include "schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace lrfind::train {
namespace {

using nlohmann::json;

json recorded() {
  std::ifstream file(LRFIND_TEST_FILES "/schedules.json");
  return json::parse(file).at("cases");
}

Schedule schedule_of(const json& recording) {
  const json& parameters = recording.at("parameters");
  Schedule s;
  s.kind = *parse_schedule(recording.at("kind").get<std::string>());
  s.max_lr = recording.at("max_lr");
  s.steps = recording.at("steps");
  const auto read = [&parameters](const char* key, auto& value) {
    if (parameters.contains(key)) parameters.at(key).get_to(value);
  };
  read("min_lr", s.min_lr);
  read("warmup", s.warmup);
  read("gamma", s.gamma);
  read("step_size", s.step_size);
  read("first_cycle", s.first_cycle);
  read("cycle_growth", s.cycle_growth);
  read("pct_start", s.pct_start);
  read("div_factor", s.div_factor);
  read("final_div_factor", s.final_div_factor);
  read("step_size_up", s.step_size_up);
  read("factor", s.factor);
  read("patience", s.patience);
  read("check_every", s.check_every);
  return s;
}

// files/record_schedules.py ran PyTorch's own schedulers.
TEST(Schedule, EqualsPyTorchStepForStep) {
  int kinds = 0;
  std::string last;
  for (const json& recording : recorded()) {
    const Schedule schedule = schedule_of(recording);
    const auto expected = recording.at("lr").get<std::vector<double>>();
    ScheduledRate rate(schedule);
    for (int step = 0; step < schedule.steps; ++step) {
      // PyTorch's running products round differently; 1e-12 of the highest rate is far above that.
      ASSERT_NEAR(rate.at(step), expected[static_cast<std::size_t>(step)], 1e-12 * schedule.max_lr)
          << recording.at("kind") << " " << recording.at("parameters") << " of " << schedule.steps << " steps, step "
          << step;
      if (rate.checks_after(step)) rate.observe(recording.at("metrics")[static_cast<std::size_t>(step)]);
    }
    if (recording.at("kind") != last) ++kinds;
    last = recording.at("kind");
  }
  EXPECT_GE(kinds, 10);
}

TEST(Schedule, RecordingsHoldEveryKindOfSchedule) {
  const json cases = recorded();
  for (const auto& name : schedule_names()) {
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&](const json& c) { return c.at("kind") == name; })) << name;
  }
}

TEST(Schedule, NamesReadBack) {
  EXPECT_EQ(schedule_names().size(), 10U);
  for (const auto& name : schedule_names()) EXPECT_EQ(to_string(*parse_schedule(name)), name);
  EXPECT_FALSE(parse_schedule("onecycle"));
}

TEST(Schedule, NeverLeavesItsBounds) {
  for (const auto& name : schedule_names()) {
    for (const int steps : {1, 2, 3, 7, 100, 1001}) {
      const auto schedule = usual_schedule(*parse_schedule(name), 0.3, 0.002, steps);
      const auto rates = rates_of(schedule);
      ASSERT_EQ(rates.size(), static_cast<std::size_t>(steps));
      for (const double rate : rates) {
        EXPECT_GE(rate, 0) << name << " of " << steps;
        EXPECT_LE(rate, 0.3 * (1 + 1e-12)) << name << " of " << steps;
      }
    }
  }
}

TEST(UsualSchedule, StepFallsToATenthAfterEachThird) {
  const auto rates = rates_of(usual_schedule(ScheduleKind::step, 1, 0, 300));
  EXPECT_DOUBLE_EQ(rates[99], 1);
  EXPECT_NEAR(rates[100], 0.1, 1e-15);
  EXPECT_NEAR(rates[299], 0.01, 1e-15);
}

TEST(UsualSchedule, ExponentialApproachesAHundredth) {
  const auto schedule = usual_schedule(ScheduleKind::exponential, 2, 0, 500);
  EXPECT_NEAR(rate_at(schedule, 500), 0.02, 1e-14);
}

TEST(UsualSchedule, WarmRestartsAreThreeCyclesOfDoublingLength) {
  const auto rates = rates_of(usual_schedule(ScheduleKind::cosine_warm_restarts, 1, 0, 700));
  for (const std::size_t start : {0U, 100U, 300U}) EXPECT_DOUBLE_EQ(rates[start], 1);
  for (const std::size_t end : {99U, 299U, 699U}) EXPECT_LT(rates[end], 1e-3);
}

TEST(UsualSchedule, OneCycleIsPyTorchsDefault) {
  const auto schedule = usual_schedule(ScheduleKind::one_cycle, 0.5, 0.01, 1000);
  EXPECT_NEAR(rate_at(schedule, 0), 0.02, 1e-15);
  EXPECT_DOUBLE_EQ(rate_at(schedule, 299), 0.5);
  EXPECT_NEAR(rate_at(schedule, 999), 0.5 / 250000, 1e-15);
}

TEST(UsualSchedule, TriangularMakesThreeCyclesBetweenTheBounds) {
  const auto rates = rates_of(usual_schedule(ScheduleKind::triangular, 0.9, 0.1, 600));
  for (const std::size_t low : {0U, 200U, 400U}) EXPECT_NEAR(rates[low], 0.1, 1e-12);
  for (const std::size_t high : {100U, 300U, 500U}) EXPECT_NEAR(rates[high], 0.9, 1e-12);
}

TEST(UsualSchedule, Triangular2HalvesTheHeightOfEachCycle) {
  const auto rates = rates_of(usual_schedule(ScheduleKind::triangular2, 0.9, 0.1, 600));
  EXPECT_NEAR(rates[100], 0.9, 1e-12);
  EXPECT_NEAR(rates[300], 0.5, 1e-12);
  EXPECT_NEAR(rates[500], 0.3, 1e-12);
}

TEST(UsualSchedule, LinearWarmupTakesOneStepInTwenty) {
  const auto rates = rates_of(usual_schedule(ScheduleKind::linear_warmup_cosine, 1, 0, 200));
  EXPECT_DOUBLE_EQ(rates[0], 0.01);
  EXPECT_NEAR(rates[5], 0.505, 1e-15);
  EXPECT_DOUBLE_EQ(rates[10], 1);
  EXPECT_LT(rates[199], 1e-3);
}

TEST(UsualSchedule, WarmupPrecedesADecayAndIsTheRiseOfOneCycle) {
  const auto cosine = usual_schedule(ScheduleKind::cosine, 1, 0, 100, 20);
  EXPECT_DOUBLE_EQ(rate_at(cosine, 0), 0.01);
  EXPECT_DOUBLE_EQ(rate_at(cosine, 20), 1);
  EXPECT_NEAR(rate_at(cosine, 60), 0.5, 1e-15);
  const auto cycle = usual_schedule(ScheduleKind::one_cycle, 1, 0, 100, 20);
  EXPECT_EQ(cycle.warmup, 0);
  EXPECT_DOUBLE_EQ(rate_at(cycle, 19), 1);
}

TEST(UsualSchedule, RefusesAWarmupAsLongAsTheRun) {
  EXPECT_THROW(usual_schedule(ScheduleKind::cosine, 1, 0, 10, 10), std::invalid_argument);
  EXPECT_THROW(usual_schedule(ScheduleKind::cosine, 0, 0, 10), std::invalid_argument);
  EXPECT_THROW(usual_schedule(ScheduleKind::cosine, 1, 0, 0), std::invalid_argument);
}

TEST(ReduceOnPlateau, WaitsForTheSecondCheckWithoutImprovement) {
  auto schedule = usual_schedule(ScheduleKind::reduce_on_plateau, 1, 0, 200);
  EXPECT_EQ(schedule.check_every, 10);
  ScheduledRate rate(schedule);
  for (const double loss : {2.0, 1.5, 1.5}) rate.observe(loss);
  EXPECT_DOUBLE_EQ(rate.at(100), 1);
  rate.observe(1.6);
  EXPECT_DOUBLE_EQ(rate.at(100), 0.1);
}

TEST(ReduceOnPlateau, TakesALossThatIsNotANumberAsNoImprovement) {
  ScheduledRate rate(usual_schedule(ScheduleKind::reduce_on_plateau, 1, 0, 200));
  rate.observe(std::nan(""));
  rate.observe(std::nan(""));
  EXPECT_DOUBLE_EQ(rate.at(0), 0.1);
}

TEST(PyTorchCode, NamesTheSchedulerWithItsParameters) {
  auto schedule = usual_schedule(ScheduleKind::one_cycle, 0.046, 0, 1000);
  EXPECT_EQ(pytorch_code(schedule),
            "scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.046, total_steps=1000, pct_start=0.3, "
            "div_factor=25, final_div_factor=10000, cycle_momentum=False)\n"
            "# after every optimizer.step(): scheduler.step()\n");
  schedule = usual_schedule(ScheduleKind::triangular, 0.3, 0.01, 600);
  EXPECT_NE(pytorch_code(schedule).find("CyclicLR(optimizer, base_lr=0.01, max_lr=0.3, step_size_up=100, "
                                        "mode=\"triangular\", cycle_momentum=False)"),
            std::string::npos);
}

TEST(PyTorchCode, ChainsTheWarmupBeforeTheSchedule) {
  const auto code = pytorch_code(usual_schedule(ScheduleKind::step, 0.1, 0, 310, 10));
  EXPECT_EQ(code,
            "scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, milestones=[10], schedulers=[\n"
            "    torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=10),\n"
            "    torch.optim.lr_scheduler.StepLR(optimizer, step_size=100, gamma=0.1)])\n"
            "# after every optimizer.step(): scheduler.step()\n");
}

}  // namespace
}  // namespace lrfind::train
