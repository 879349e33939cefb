#include "command/command.hpp"
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "platform/cpu_count.hpp"
#include "platform/current_error.hpp"
#include "platform/excerpt.hpp"
#include "platform/resources.hpp"
#include "platform/standard_streams.hpp"
#include "platform/write_file.hpp"
#include "report/result.hpp"
#include "report/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <system_error>

namespace lrfind::command {

CommandLine::CommandLine(const std::string& name, const std::string& description, const std::string& examples,
                         CommonOptions& common)
    : app_(description, "lrfind " + name), options_(app_), common_(common) {
  app_.footer("\nExamples:\n" + examples);
  app_.get_formatter()->column_width(34);
  app_.set_help_flag("-h,--help", "print this and exit")->group("General");
  app_.option_defaults()->always_capture_default(false);
}

bool CommandLine::parse(const Invocation& invocation) {
  declare_common_options(options_, common_);
  auto arguments = invocation.arguments;
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app_.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    std::cout << app_.help();
    return false;
  } catch (const CLI::ParseError& error) {
    throw usage_error(std::string(error.what()) + "; see " + app_.get_name() + " --help");
  }
  if (!common_.config.empty()) options_.read_config(common_.config);
  return true;
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
  for (const auto& sentence : session.slow_because())
    console.out() << "lrfind: " << report::printable(sentence) << "\n";
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
  const auto say = [&](const std::string& sentence, int status) {
    console.out() << name << ": " << report::printable(readable_length(sentence)) << "\n";
    return status;
  };
  try {
    try {
      const int status = body();
      flush_stdout();
      return status;
    } catch (...) {
      const Error error = current_error();
      return say(error.what(), status_of(error.kind()));
    }
  } catch (const Interrupted&) {
    return ExitStatus::interrupted;
  } catch (const std::exception& error) {
    return say("unexpected error, please report it: " + std::string(error.what()), device_failed);
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
