#include "command/command.hpp"
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "platform/cpu_count.hpp"
#include "platform/current_error.hpp"
#include "platform/excerpt.hpp"
#include "platform/resources.hpp"
#include "platform/write_file.hpp"
#include "report/result.hpp"
#include "report/terminal.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <mutex>
#include <string_view>

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
  // LibTorch, its pool, the workers that decode, and what OpenMP and OpenBLAS start of their own.
  constexpr std::size_t address_space = std::size_t{768} << 20U;
  const auto cores = static_cast<unsigned>(available_cores());
  const auto threads = common.threads > 0 ? static_cast<unsigned>(common.threads) : cores;
  platform::require_resources(2 * threads + std::min(cores, 16U) + 2, address_space);
}

void warn_before_training(const experiment::Session& session, const CommonOptions& common, Console& console) {
  if (common.quiet) return;
  for (const auto& sentence : session.slow_because())
    console.out() << "lrfind: " << report::printable(sentence) << "\n";
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

int guarded(const std::string& name, Console& console, const std::function<int()>& body) {
  const auto say = [&](const std::exception& error, const std::string& before = "") {
    console.out() << "lrfind " << name << ": " << before << report::printable(readable_length(error.what())) << "\n";
  };
  try {
    try {
      const int status = body();
      std::cout.flush();
      if (!std::cout) throw output_error("stdout cannot be written");
      return status;
    } catch (...) {
      const Error error = current_error();
      say(error);
      return status_of(error.kind());
    }
  } catch (const Interrupted&) {
    return ExitStatus::interrupted;
  } catch (const std::exception& error) {
    say(error, "unexpected error, please report it: ");
    return device_failed;
  }
}

}  // namespace lrfind::command
