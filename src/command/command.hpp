// What all subcommands have in common. One file per subcommand; main.cpp only picks.
#pragma once

#include <lrfind/error.hpp>
#include "command/console.hpp"
#include "command/exit_status.hpp"
#include "command/settings.hpp"
#include "experiment/session.hpp"
#include "report/progress.hpp"

#include <functional>
#include <string>
#include <vector>

namespace lrfind::command {

struct Invocation {
  std::vector<std::string> arguments;  ///< after the subcommand's name
  Console& console;
};

/// A subcommand's life: an App with its help, its options, and the texts around them.
class CommandLine {
 public:
  /// `examples` are lines that work when pasted.
  CommandLine(const std::string& name, const std::string& description, const std::string& examples,
              CommonOptions& common);

  CLI::App& app() { return app_; }
  OptionSet& options() { return options_; }

  /// Parses arguments and config file. Returns false when help was asked for, which is then on stdout. Throws
  /// Error (usage).
  bool parse(const Invocation& invocation);

 private:
  CLI::App app_;
  OptionSet options_;
  CommonOptions& common_;
};

/// Runs `body` and turns what it throws into a sentence on stderr and an exit status.
int guarded(const std::string& name, Console& console, const std::function<int()>& body);

/// Throws Error (device) where the machine would not give a training what it needs.
void require_machine(const CommonOptions& common);

/// Says before the long work what makes it slow and can be mended (Session::slow_because).
void warn_before_training(const experiment::Session& session, const CommonOptions& common, Console& console);

/// Where progress is shown, as the options say.
report::ProgressTarget progress_target(const CommonOptions& common, Console& console);

int sweep(const Invocation& invocation);
int exec(const Invocation& invocation);
int suggest(const Invocation& invocation);
int verify(const Invocation& invocation);
int plot(const Invocation& invocation);
int inspect(const Invocation& invocation);
int models(const Invocation& invocation);
int schedule(const Invocation& invocation);

}  // namespace lrfind::command
