#include "report/progress.hpp"

#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <vector>

namespace lrfind::report {
namespace {

using std::chrono::duration;

constexpr double in_place_interval_s = 0.1;
constexpr double lines_interval_s = 5;

std::string bar(double share, int columns, bool unicode) {
  // Eighths of a block: U+258F (one eighth) to U+2588 (full).
  static constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string text;
  if (!unicode) {
    const int full = static_cast<int>(share * columns);
    text = "[";
    text += padded_right(std::string(static_cast<std::size_t>(full), '#'), columns);
    return text + "]";
  }
  const int filled = static_cast<int>(share * columns * 8);
  for (int i = 0; i < filled / 8; ++i) text += "█";
  text += eighths[static_cast<std::size_t>(filled % 8)];
  text = padded_right(text, columns);
  text.insert(0, "▕");
  return text + "▏";
}

double share_done(const ProgressState& state) {
  const double all = static_cast<double>(std::max(state.trials, state.trial)) * std::max(state.steps, 1);
  const double done = static_cast<double>(state.trial - 1) * state.steps + state.step;
  return std::clamp(done / all, 0.0, 1.0);
}

std::string out_of(int number, int all) {
  const std::string last = std::to_string(all);
  return padded_left(std::to_string(number), static_cast<int>(last.size())) + "/" + last;
}

struct Part {
  std::string text;
  int importance = 0;  // 0 stays whatever the width
};

// In fixed columns, so that the line does not jump while numbers change.
std::vector<Part> parts_of(const ProgressState& state, double elapsed_s, bool unicode) {
  std::vector<Part> parts;
  if (state.trials > 1) parts.push_back({"trial " + out_of(state.trial, state.trials), 2});
  parts.push_back({"step " + out_of(state.step, state.steps), 0});
  const double share = share_done(state);
  parts.push_back({bar(share, 10, unicode), 5});
  if (std::isfinite(state.lr)) parts.push_back({"lr " + padded_right(format_rate(state.lr), 7), 1});
  if (std::isfinite(state.smoothed_loss)) {
    parts.push_back({"loss " + padded_right(format_loss(state.smoothed_loss), 6), 3});
  }
  if (std::isfinite(state.images_per_s)) {
    parts.push_back({padded_left(format_count(std::lround(state.images_per_s)), 5) + " images/s", 4});
  }
  if (share > 0 && elapsed_s > 0) parts.push_back({format_clock(elapsed_s * (1 - share) / share) + " left", 2});
  return parts;
}

std::string joined(const std::vector<Part>& parts) {
  std::string line;
  for (const Part& part : parts) {
    if (!line.empty()) line += "  ";
    line += part.text;
  }
  return line;
}

}  // namespace

ProgressDisplay progress_display(ProgressMode mode, bool can_rewrite) {
  if (mode == ProgressMode::never) return ProgressDisplay::none;
  return mode == ProgressMode::always || can_rewrite ? ProgressDisplay::in_place : ProgressDisplay::lines;
}

std::string progress_line(const ProgressState& state, double elapsed_s, int columns, bool unicode) {
  std::vector<Part> parts = parts_of(state, elapsed_s, unicode);
  while (parts.size() > 1 && display_width(joined(parts)) > columns) {
    parts.erase(std::max_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.importance < b.importance; }));
  }
  return shortened(joined(parts), columns);
}

Progress::Progress(std::ostream& out, ProgressDisplay display, std::function<int()> columns, bool unicode, Clock clock)
    : out_(out),
      display_(display),
      columns_(std::move(columns)),
      unicode_(unicode),
      clock_(std::move(clock)),
      start_(clock_()),
      shown_(start_) {}

Progress::~Progress() { finish(); }

void Progress::update(const ProgressState& state) {
  if (display_ == ProgressDisplay::none) return;
  const auto now = clock_();
  const bool in_place = display_ == ProgressDisplay::in_place;
  const double since = duration<double>(now - shown_).count();
  if (any_shown_ && since < (in_place ? in_place_interval_s : lines_interval_s)) return;
  any_shown_ = true;
  shown_ = now;
  const double elapsed_s = duration<double>(now - start_).count();
  // The last column stays free: some terminals wrap when it is filled.
  const std::string line = progress_line(state, elapsed_s, columns_() - 1, unicode_);
  if (in_place) {
    // In one piece, so that no half line flickers; the code at the end erases what is left of a longer line.
    out_ << "\r" + line + "\x1B[K" << std::flush;
    on_screen_ = true;
  } else {
    out_ << line + "\n" << std::flush;
  }
}

void Progress::erase() {
  if (on_screen_) out_ << "\r\x1B[K" << std::flush;
  on_screen_ = false;
}

void Progress::note(const std::string& line) {
  erase();
  out_ << line << '\n' << std::flush;
}

void Progress::finish() {
  erase();
  display_ = ProgressDisplay::none;
}

}  // namespace lrfind::report
