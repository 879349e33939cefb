// What all subcommands have in common. One file per subcommand; main.cpp only picks.
#pragma once

#include <lrfind/error.hpp>
#include "command/console.hpp"
#include "command/exit_status.hpp"
#include "command/page.hpp"
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
  std::vector<CommandSummary> commands = {};  ///< all there are
  /// Where it is set, the command does nothing but tell it what it is.
  std::function<void(const CommandPage&)> describe = {};
};

/// A subcommand's life: its options, and the texts that its help and its manual page are made of.
class CommandLine {
 public:
  /// `examples` are lines that work when pasted.
  CommandLine(const std::string& name, const std::string& description, const std::string& examples,
              CommonOptions& common);

  OptionSet& options() { return options_; }

  /// Behind the command's name, in place of "[OPTIONS]" and the arguments.
  void synopsis(const std::string& text) { page_.synopsis = text; }
  /// What follows -- is another program's command line.
  void runs_a_command() { page_.runs_a_command = true; }
  /// For commands that train nothing and draw no random numbers: --seed, --threads and --progress are taken, as scripts
  /// may give them to every command, and mean nothing.
  void trains_nothing() { meaningless_ = {"seed", "threads", "progress"}; }
  /// What exit status 4 means, for commands that have it.
  void untrusted_means(const std::string& text) { untrusted_ = text; }
  void file(const std::string& path, const std::string& what) { page_.files.emplace_back(path, what); }
  void variable(const std::string& name, const std::string& what) { page_.variables.emplace_back(name, what); }

  /// Parses arguments and config file. Returns false when there is nothing to do: the help, the manual page or the
  /// version was asked for, which is then on stdout, or only what the command is. Throws Error (usage).
  bool parse(const Invocation& invocation);

 private:
  CommandPage complete_page() const;

  CLI::App app_;
  CommandPage page_;
  std::vector<std::string> meaningless_;
  std::string untrusted_;
  OptionSet options_;
  CommonOptions& common_;
};

/// Runs `body` and turns what it throws into a sentence on stderr, which begins with `name`, and an exit status.
int guarded(const std::string& name, Console& console, const std::function<int()>& body);

/// Silences the console of all ranks but the first: before the options are read, as the launcher says, and after.
void let_one_rank_speak(Console& console);
void let_one_rank_speak(Console& console, const experiment::Team& team);

/// What all ranks of the command must have in common: lrfind's version and the options.
void expect_same_options(experiment::Team& team, const OptionSet& options, const experiment::SessionSettings& settings);

/// Team::together; where the work throws, the rank that has something to say may speak.
int in_team(experiment::Team& team, Console& console, const std::function<int()>& work);

/// Prints a suggested rate on stdout. Throws Error (output) whose sentence has the rate.
void print_rate(double lr);

/// Throws Error (device) where the machine would not give a training what it needs.
void require_machine(const CommonOptions& common);

/// Says before the long work what a person should know of it (Session::notices).
void warn_before_training(const experiment::Session& session, const CommonOptions& common, Console& console);

/// Takes what a network prints and shows the first of it as lines of its own, so that nobody takes them for lrfind's.
std::function<void(const std::string& text)> network_listener(const CommonOptions& common, Console& console);

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
