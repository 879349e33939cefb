#include "fuzz/command_targets.hpp"

#include "fuzz/answer.hpp"

#include <command/settings.hpp>
#include <experiment/analyse.hpp>
#include <experiment/first_rate.hpp>
#include <experiment/saved_curves.hpp>
#include <model/torchscript_archive.hpp>
#include <report/axis.hpp>
#include <report/rate_plot.hpp>
#include <report/result.hpp>
#include <report/summary.hpp>
#include <report/terminal_curve.hpp>
#include <schedule/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace lrfind::fuzz {
namespace {

struct SweepLine {
  command::SweepOptions settings;
  CLI::App app;
  command::OptionSet options{app};

  SweepLine() {
    command::declare_sweep_options(options, settings);
    command::declare_common_options(options, settings.common);
  }
};

void use(SweepLine& line) {
  expect_answer([&] { command::parse_batch_sizes(line.settings.batch_sizes); });
  expect_answer([&] { experiment::recipe_of(line.settings.session.recipe); });
  experiment::range_options(experiment::with_usual_first_rate(line.settings), 1);
  experiment::suggest_options(line.settings);
  const std::string resolved = line.options.resolved().dump(-1, ' ', false, report::Json::error_handler_t::replace);
  SweepLine again;
  again.options.read_config(written("again.json", resolved));
}

constexpr report::TerminalStyle styles[] = {{80, false, true}, {40, true, false}, {200, true, true}};

}  // namespace

void read_config(std::string_view bytes) {
  SweepLine line;
  bool taken = false;
  expect_answer([&] {
    line.options.read_config(written("config.json", bytes));
    taken = true;
  });
  if (taken) use(line);
}

void read_arguments(std::string_view bytes) {
  std::vector<std::string> arguments;
  while (!bytes.empty() && arguments.size() < 64) {
    arguments.emplace_back(bytes.substr(0, bytes.find('\n')));
    bytes.remove_prefix(std::min(bytes.size(), arguments.back().size() + 1));
  }
  std::reverse(arguments.begin(), arguments.end());
  SweepLine line;
  bool taken = false;
  try {
    expect_answer([&] {
      line.app.parse(arguments);
      taken = true;
    });
  } catch (const CLI::ParseError&) {  // told as a usage error
  }
  if (taken) use(line);
}

void read_archive(std::string_view bytes) {
  model::source_problem(bytes);
  model::archive_problem(written("network.pt", bytes));
}

void analyse_result(std::string_view bytes) {
  const std::string file = written("result.json", bytes);
  expect_answer([&] {
    const report::Result result = experiment::read_curves({file});
    for (const std::string& metric : experiment::metric_names()) {
      for (const std::string& rule : rule_names()) {
        report::Result again = result;
        expect_answer([&] {
          experiment::analyse_again(again, {.rule = rule, .smoothing = 0.9, .metric = metric});
          report::parse_result(report::to_text(again), "again");
          report::summary(again, styles[0]);
        });
      }
    }
  });
}

void draw_result(std::string_view bytes) {
  expect_answer([&] {
    const report::Result result = report::parse_result(bytes, "fuzz");
    const std::vector<report::NamedResult> results = {{"one", result}, {"two", result}};
    const report::Range rates = report::rate_range(results);
    report::decade_ticks(rates);
    report::loss_range(results);
    report::smoothed_range(results);
    for (const auto& style : styles) {
      report::draw_curve(result, style);
      report::draw_curves(results, style);
    }
  });
}

void make_schedule(std::string_view bytes) {
  struct {
    double highest, lowest;
    std::uint32_t kind, steps, warmup;
  } drawn{};
  std::memcpy(&drawn, bytes.data(), std::min(bytes.size(), sizeof drawn));
  // As the command's options let them through.
  const auto rate = [](double value) { return value > 0 && std::isfinite(value); };
  if (!rate(drawn.highest) || !rate(drawn.lowest)) return;
  const auto names = train::schedule_names();
  const auto kind = *train::parse_schedule(names[drawn.kind % names.size()]);
  constexpr std::uint32_t most = 20000;
  try {
    const auto schedule =
        train::usual_schedule(kind, drawn.highest, std::min(drawn.lowest, drawn.highest),
                              static_cast<int>(drawn.steps % most), static_cast<int>(drawn.warmup % most));
    const report::RatePlot plot{"fuzz", train::rates_of(schedule), {{"max_lr", schedule.max_lr}}};
    for (const auto& style : styles) report::draw_rates(plot, style);
    train::pytorch_code(schedule);
  } catch (const std::invalid_argument&) {  // the command asks before
  }
}

}  // namespace lrfind::fuzz
