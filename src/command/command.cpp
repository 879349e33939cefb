#include "command/command.hpp"

#include "data/error.hpp"
#include "experiment/session.hpp"
#include "model/model_error.hpp"
#include "platform/write_file.hpp"
#include "report/result.hpp"
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
    throw UsageError(std::string(error.what()) + "; see " + app_.get_name() + " --help");
  }
  if (!common_.config.empty()) options_.read_config(common_.config);
  return true;
}

void warn_before_training(const Session& session, const CommonSettings& common, People& people) {
  if (common.quiet) return;
  for (const auto& sentence : session.slow_because()) people.out() << "lrfind: " << sentence << "\n";
}

int guarded(const std::string& name, People& people, const std::function<int()>& body) {
  const auto say = [&](const std::exception& error, int status) {
    people.out() << "lrfind " << name << ": " << error.what() << "\n";
    return status;
  };
  try {
    const int status = body();
    std::cout.flush();
    if (!std::cout) throw report::OutputError("stdout cannot be written");
    return status;
  } catch (const UsageError& error) {
    return say(error, usage);
  } catch (const train::RecipeError& error) {
    return say(error, usage);
  } catch (const report::OutputError& error) {
    return say(error, usage);
  } catch (const std::invalid_argument& error) {
    return say(error, usage);
  } catch (const report::ResultError& error) {
    return say(error, bad_input);
  } catch (const data::DataError& error) {
    return say(error, bad_input);
  } catch (const model::ModelError& error) {
    return say(error, bad_input);
  } catch (const train::DeviceError& error) {
    return say(error, device_failed);
  } catch (const data::Interrupted&) {
    return ExitStatus::interrupted;
  } catch (const std::bad_alloc&) {
    people.out() << "lrfind " << name << ": out of memory; lower --batch-size, --image-size or --cache-mb\n";
    return device_failed;
  } catch (const std::exception& error) {
    people.out() << "lrfind " << name << ": unexpected error, please report it: " << error.what() << "\n";
    return 1;
  }
}

}  // namespace lrfind::command
