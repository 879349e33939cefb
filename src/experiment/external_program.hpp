// A training program of somebody else as the step of a range test: it is started, told a rate for each step, and asked
// for the loss. Needs no LibTorch.
#pragma once

#include "experiment/exec_protocol.hpp"
#include "platform/guarded_process.hpp"
#include "platform/private_socket.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::experiment {

struct ExternalSettings {
  std::vector<std::string> command;  ///< the program and its arguments
  double start_timeout = 300;        ///< seconds until it says hello; 0: no limit
  double step_timeout = 300;         ///< seconds until it answers a step; 0: no limit
  std::int64_t threads = 0;          ///< OMP_NUM_THREADS of the program; 0: as it is
};

/// Told of every line that a program prints, without its end.
using OnLine = std::function<void(std::string_view line)>;

/// The last lines of what a program prints.
class LastLines {
 public:
  explicit LastLines(OnLine on_line) : on_line_(std::move(on_line)) {}

  /// Takes what came next.
  void add(std::string_view bytes);
  /// Takes the last line even where its end is missing.
  void finish();
  /// Nothing follows.
  void end();
  bool ended() const { return ended_; }
  /// The last lines in one, with escapes made visible and cut where they are long; empty: nothing was printed.
  std::string text() const;

 private:
  void add_line(std::string_view line);

  OnLine on_line_;
  std::string unfinished_;
  bool returned_ = false;  // to the beginning of the line
  bool ended_ = false;
  std::vector<std::string> lines_;
};

/// One process of the program, with its connection. Every Error has the last lines that it printed.
class ExternalProgram {
 public:
  /// Starts the program, which finds LRFIND_SOCKET and, of its first trial, LRFIND_SEED, and waits for its hello.
  /// Throws Error (usage, model, output, device), StepInterrupted.
  ExternalProgram(const ExternalSettings& settings, std::uint64_t seed, std::stop_token stop, const OnLine& on_line);
  ExternalProgram(const ExternalProgram&) = delete;
  ExternalProgram& operator=(const ExternalProgram&) = delete;
  /// Ends it, and everything it started.
  ~ExternalProgram();

  const Hello& hello() const { return hello_; }

  /// Has the program train one batch. Throws Error (model), StepInterrupted.
  Measurement step(const StepToTake& step);

  /// Has it start over (Hello::resets).
  void reset(std::uint64_t seed);

  /// Says that no step follows, gives the program some seconds to end by itself, and ends it. Throws Error (model)
  /// where an answer is left over.
  void finish();

 private:
  std::string next_line(double timeout, const std::string& option);
  void wait(double seconds);
  void linger(double seconds);
  void take_connection();
  void receive();
  void read_output();
  void send(const std::string& message);
  [[noreturn]] void fail(const std::string& clause);
  [[noreturn]] void fail_in_time(const std::string& limit);
  [[noreturn]] void fail_without_connection();
  std::string last_words();

  ExternalSettings settings_;
  std::stop_token stop_;
  int woken_ = -1;  // can be read from once a stop is requested
  LastLines output_, errors_;
  platform::PrivateSocket socket_;
  platform::GuardedProcess process_;
  int connection_ = -1;
  bool closed_ = false;  // by the program
  bool done_ = false;    // the program was told that no step follows
  std::optional<platform::Ending> ending_;
  std::string received_;
  std::string doing_;  // for sentences: "before it said hello"
  Hello hello_;
  std::optional<std::stop_callback<std::function<void()>>> wake_up_;
};

}  // namespace lrfind::experiment
