// How far a run has come, while it runs.
#pragma once

#include "report/result.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

namespace lrfind::report {

enum class ProgressMode { automatic, always, never };

/// How progress is shown.
enum class ProgressDisplay {
  none,
  in_place,  ///< one line, rewritten
  lines,     ///< a new line every few seconds
};

/// automatic: in place where the line can be rewritten, else a line every few seconds; always: in place everywhere.
ProgressDisplay progress_display(ProgressMode mode, bool can_rewrite);

struct ProgressState {
  int step = 0, steps = 0;    ///< steps done of the current trial
  int trial = 1, trials = 1;  ///< from 1
  double lr = not_measured;   ///< of the step just done
  double smoothed_loss = not_measured;
  double images_per_s = not_measured;
};

/// Where progress is shown: a stream with its terminal.
struct ProgressTarget {
  std::ostream& out;
  ProgressDisplay display = ProgressDisplay::none;
  std::function<int()> columns;
  bool unicode = false;
};

/// Shows progress on a stream that the caller owns and keeps alive. One thread at a time.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// `columns` is asked before every line, so that a resized terminal is followed; unicode draws the bar finer.
  Progress(std::ostream& out, ProgressDisplay display, std::function<int()> columns, bool unicode = false,
           Clock clock = std::chrono::steady_clock::now);
  explicit Progress(const ProgressTarget& target)
      : Progress(target.out, target.display, target.columns, target.unicode) {}
  ~Progress();  ///< finishes
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows the state, unless the last one was shown less than 0.1 s (in place) or 5 s (lines) ago.
  void update(const ProgressState& state);

  /// Prints `line` for good, above the progress line.
  void note(const std::string& line);

  /// Removes the progress line. Further updates show nothing.
  void finish();

 private:
  void erase();

  std::ostream& out_;
  ProgressDisplay display_;
  std::function<int()> columns_;
  bool unicode_;
  Clock clock_;
  std::chrono::steady_clock::time_point start_, shown_;
  bool any_shown_ = false;
  bool on_screen_ = false;
};

/// One progress line of at most `columns` columns; parts are dropped from the least important where it is narrow.
/// `elapsed_s` is the time since the first step began.
std::string progress_line(const ProgressState& state, double elapsed_s, int columns, bool unicode);

}  // namespace lrfind::report
