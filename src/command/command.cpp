#include "command/command.hpp"
#include <lrfind/error.hpp>
#include "command/arguments.hpp"
#include "command/help.hpp"
#include "command/manual.hpp"
#include "platform/interrupted.hpp"

#include "platform/cpu_count.hpp"
#include "platform/current_error.hpp"
#include "platform/excerpt.hpp"
#include "platform/resources.hpp"
#include "platform/standard_streams.hpp"
#include "platform/write_file.hpp"
#include "report/result.hpp"
#include "report/terminal.hpp"
#include "report/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <mutex>
#include <string_view>
#include <system_error>

namespace lrfind::command {

CommandLine::CommandLine(const std::string& name, const std::string& description, const std::string& examples,
                         CommonOptions& common)
    : app_("", "lrfind " + name), options_(app_), common_(common) {
  page_.name = name;
  page_.description = description;
  page_.examples = examples;
  app_.set_help_flag();  // answered before CLI11 reads anything
}

CommandPage CommandLine::complete_page() const {
  CommandPage page = page_;
  page.arguments = options_.arguments();
  page.options = options_.option_texts();
  for (const auto& option : options_of_every_command()) page.options.push_back(option);
  if (page.synopsis.empty()) {
    page.synopsis = "[OPTIONS]";
    for (const auto& argument : page.arguments) page.synopsis += " " + argument.name + (argument.repeats ? "..." : "");
  }
  page.statuses = status_meanings(untrusted_);
  return page;
}

bool CommandLine::parse(const Invocation& invocation) {
  declare_common_options(options_, common_);
  options_.hide(meaningless_);
  const CommandPage page = complete_page();
  if (invocation.describe) {
    invocation.describe(page);
    return false;
  }
  switch (what_is_asked(invocation.arguments, page)) {
    case Asked::help:
      std::cout << help_text(page, help_columns());
      return false;
    case Asked::manual:
      std::cout << manual_page(page, invocation.commands);
      return false;
    case Asked::version:
      std::cout << "lrfind " LRFIND_VERSION "\n";
      return false;
    case Asked::work:
      break;
  }
  auto arguments = invocation.arguments;
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app_.parse(arguments);
  } catch (const CLI::ExtrasError&) {
    throw usage_error("nothing is to be done with \"" + excerpt(app_.remaining().front()) + "\": it is lrfind " +
                      page.name + " " + page.synopsis);
  } catch (const CLI::ParseError& error) {
    throw usage_error(std::string(error.what()) + "; see lrfind " + page.name + " --help");
  }
  if (!common_.config.empty()) options_.read_config(common_.config);
  return true;
}

void let_one_rank_speak(Console& console) {
  try {
    console.silence(train::find_ranks().rank > 0);
  } catch (const Error&) {
    // Said by whoever reads the options, which may make up for it.
  }
}

void let_one_rank_speak(Console& console, const experiment::Team& team) { console.silence(team.rank() > 0); }

void expect_same_options(experiment::Team& team, const OptionSet& options,
                         const experiment::SessionSettings& settings) {
  experiment::Team::Facts facts{{"lrfind's version", LRFIND_VERSION}, {"--parallel", settings.team.parallel}};
  const auto all = options.resolved();
  for (const auto& [key, value] : all.items()) {
    // What each rank may well have its own of.
    if (key == "device" || key == "threads" || key == "workers" || key == "cache-mb") continue;
    facts.emplace_back("--" + key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  team.expect(std::move(facts));
}

int in_team(experiment::Team& team, Console& console, const std::function<int()>& work) {
  try {
    return team.together(work);
  } catch (...) {
    console.silence(!team.speaks());
    throw;
  }
}

void require_machine(const CommonOptions& common) {
  // LibTorch, its pool, the workers that decode, the watchdog, and what OpenMP and OpenBLAS start of their own.
  constexpr std::size_t address_space = std::size_t{768} << 20U;
  const auto cores = static_cast<unsigned>(available_cores());
  const auto threads = common.threads > 0 ? static_cast<unsigned>(common.threads) : cores;
  platform::require_resources(2 * threads + std::min(cores, 16U) + 3, address_space);
}

void warn_before_training(const experiment::Session& session, const CommonOptions& common, Console& console) {
  if (common.quiet) return;
  for (const auto& sentence : session.notices()) console.out() << "lrfind: " << report::printable(sentence) << "\n";
}

std::function<void(const std::string& text)> network_listener(const CommonOptions& common, Console& console) {
  if (common.quiet) return {};
  constexpr int most_lines = 20;
  struct Heard {
    std::mutex mutex;
    int lines = 0;
  };
  return [&console, heard = std::make_shared<Heard>()](const std::string& text) {
    const std::lock_guard lock(heard->mutex);
    const std::string over_progress = report::can_rewrite_line(console.descriptor()) ? "\r\x1b[K" : "";
    std::string_view rest = text;
    for (; !rest.empty() && heard->lines <= most_lines; ++heard->lines) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      console.out() << over_progress
                    << (heard->lines < most_lines ? "the network prints: " + report::printable(excerpt(line))
                                                  : "the network prints more, which is left out")
                    << "\n";
    }
  };
}

report::ProgressTarget progress_target(const CommonOptions& common, Console& console) {
  const auto mode = common.quiet || common.progress == "never" ? report::ProgressMode::never
                    : common.progress == "always"              ? report::ProgressMode::always
                                                               : report::ProgressMode::automatic;
  return {.out = console.out(),
          .display = report::progress_display(mode, report::can_rewrite_line(console.descriptor())),
          .columns = [&console] { return console.style().columns; },
          .unicode = console.style().unicode};
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::output:
      return usage;
    case ErrorKind::data:
    case ErrorKind::model:
      return bad_input;
    case ErrorKind::device:
      break;
  }
  return device_failed;
}

namespace {

void flush_stdout() {
  std::cout.flush();
  if (std::cout) return;
  platform::check_stdout();  // knows the usual reasons
  throw output_error("stdout cannot be written");
}

}  // namespace

int guarded(const std::string& name, Console& console, const std::function<int()>& body) {
  const auto say = [&](const std::string& sentence) {
    console.out() << name << ": " << report::printable(readable_length(sentence)) << "\n";
  };
  try {
    try {
      const int status = body();
      flush_stdout();
      return status;
    } catch (...) {
      const Error error = current_error();
      say(error.what());
      return status_of(error.kind());
    }
  } catch (const Interrupted&) {
    return ExitStatus::interrupted;
  } catch (const std::exception& error) {
    say("unexpected error, please report it: " + std::string(error.what()));
    return device_failed;
  }
}

void print_rate(double lr) {
  const std::string text = report::Json(lr).dump();
  if (const int error = report::write_to_descriptor(STDOUT_FILENO, text + "\n"); error != 0) {
    throw output_error("stdout cannot be written (" + std::generic_category().message(error) +
                       "); the suggested rate is " + text);
  }
}

}  // namespace lrfind::command
