#include "command/command.hpp"
#include <lrfind/error.hpp>
#include "platform/interrupted.hpp"

#include "data/error.hpp"
#include "experiment/session.hpp"
#include "platform/excerpt.hpp"
#include "platform/write_file.hpp"
#include "report/result.hpp"
#include "report/text.hpp"
#include "train/recipe.hpp"

#include <algorithm>
#include <iostream>

namespace lrfind::command {

CommandLine::CommandLine(const std::string& name, const std::string& description, const std::string& examples,
                         CommonSettings& common)
    : app_(description, "lrfind " + name), options_(app_), common_(common) {
  app_.footer("\nExamples:\n" + examples);
  app_.get_formatter()->column_width(34);
  app_.set_help_flag("-h,--help", "print this and exit")->group("General");
  app_.option_defaults()->always_capture_default(false);
}

bool CommandLine::parse(const Invocation& invocation) {
  declare(options_, common_);
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

void warn_before_training(const Session& session, const CommonSettings& common, People& people) {
  if (common.quiet) return;
  for (const auto& sentence : session.slow_because()) people.out() << "lrfind: " << report::printable(sentence) << "\n";
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

int guarded(const std::string& name, People& people, const std::function<int()>& body) {
  const auto say = [&](const std::exception& error, int status) {
    people.out() << "lrfind " << name << ": " << report::printable(readable_length(error.what())) << "\n";
    return status;
  };
  try {
    const int status = body();
    std::cout.flush();
    if (!std::cout) throw output_error("stdout cannot be written");
    return status;
  } catch (const Error& error) {
    return say(error, status_of(error.kind()));
  } catch (const Interrupted&) {
    return ExitStatus::interrupted;
  } catch (const std::bad_alloc&) {
    people.out() << "lrfind " << name << ": out of memory; lower --batch-size, --image-size or --cache-mb\n";
    return device_failed;
  } catch (const std::exception& error) {
    people.out() << "lrfind " << name
                 << ": unexpected error, please report it: " << report::printable(readable_length(error.what()))
                 << "\n";
    return device_failed;
  }
}

}  // namespace lrfind::command
