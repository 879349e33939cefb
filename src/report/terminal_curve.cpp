// Layout of a drawing, from the top:
//   header   the suggestion's label, then those of the bounds
//   plot     tick labels and axis on the left, the curves right of them
//   axis     decade ticks
//   labels   of the ticks, then the axis' name
//   legend   as many lines as it takes
#include "report/terminal_curve.hpp"

#include "report/axis.hpp"
#include "report/canvas.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lrfind::report {
namespace {

constexpr int header_rows = 2;

struct Glyphs {
  std::string_view dot, probe, suggestion, bound, vertical, corner, horizontal, tick_left, tick_below, span,
      line_sample;
};

constexpr Glyphs unicode_glyphs = {"·", "○", "┃", "┊", "│", "└", "─", "┤", "┬", "━", "⠒⠒"};
constexpr Glyphs ascii_glyphs = {".", "o", "|", ":", "|", "+", "-", "+", "+", "=", "**"};

constexpr std::array<Colour, 6> series_colours = {Colour::blue,    Colour::orange, Colour::green,
                                                  Colour::magenta, Colour::cyan,   Colour::red};
constexpr std::array<std::string_view, 6> unicode_symbols = {"●", "▲", "■", "◆", "✚", "○"};
constexpr std::array<std::string_view, 6> ascii_symbols = {"o", "x", "+", "*", "#", "@"};

struct LegendEntry {
  std::string symbol, text;
  Colour colour = Colour::plain;
};

class Drawing {
 public:
  Drawing(const Range& rates, const Range& losses, const TerminalStyle& style)
      : style_(style),
        columns_(std::max(style.columns, 40)),
        plot_rows_(std::clamp(columns_ / 5, 10, 24)),
        glyphs_(style.unicode ? unicode_glyphs : ascii_glyphs),
        rates_(rates),
        losses_(losses),
        loss_ticks_(linear_ticks(losses_, plot_rows_ / 3)),
        left_(axis_column() + 1),
        plot_columns_(columns_ - left_),
        canvas_(columns_, header_rows + plot_rows_ + 3) {}

  void axes() {
    const int axis = left_ - 1;
    const int bottom = header_rows + plot_rows_;
    canvas_.write(0, 1, padded_left("loss", axis - 1));
    for (int row = header_rows; row < bottom; ++row) canvas_.put(axis, row, glyphs_.vertical);
    for (const Tick& tick : loss_ticks_) {
      const int row = row_of(tick.value);
      canvas_.write(0, row, padded_left(tick.label, axis - 1));
      canvas_.put(axis, row, glyphs_.tick_left);
    }
    canvas_.put(axis, bottom, glyphs_.corner);
    for (int column = left_; column < columns_; ++column) canvas_.put(column, bottom, glyphs_.horizontal);
    int free_from = 0;
    for (const Tick& tick : decade_ticks(rates_)) {
      const int column = column_of(tick.value);
      const int width = display_width(tick.label);
      const int start = std::clamp(column - width / 2, 0, columns_ - width);
      canvas_.put(column, bottom, glyphs_.tick_below);
      if (start < free_from) continue;
      canvas_.write(start, bottom + 1, tick.label);
      free_from = start + width + 1;
    }
    const std::string_view name = "learning rate";
    canvas_.write(left_ + (plot_columns_ - display_width(name)) / 2, bottom + 2, name);
  }

  void points(const std::vector<double>& lr, const std::vector<double>& values, std::string_view glyph, Colour colour) {
    for (std::size_t i = 0; i < std::min(lr.size(), values.size()); ++i) {
      if (!std::isfinite(values[i]) || values[i] > losses_.hi || values[i] < losses_.lo) continue;
      canvas_.put(column_of(lr[i]), row_of(values[i]), glyph, colour);
    }
  }

  /// As braille, or in `symbol` where one is given.
  void line(const std::vector<double>& lr, const std::vector<double>& values, std::string_view symbol, Colour colour) {
    Dots dots(plot_columns_, plot_rows_);
    bool drawing = false;
    int last_x = 0;
    int last_y = 0;
    for (std::size_t i = 0; i < std::min(lr.size(), values.size()); ++i) {
      if (!std::isfinite(values[i])) {
        drawing = false;
        continue;
      }
      const int x = place(rate_share(lr[i]), dots.width());
      const int y = dots.height() - 1 - place(loss_share(values[i]), dots.height());
      dots.line(drawing ? last_x : x, drawing ? last_y : y, x, y);
      drawing = true;
      last_x = x;
      last_y = y;
    }
    if (symbol.empty()) {
      dots.draw(canvas_, left_, header_rows, colour);
    } else {
      dots.draw(canvas_, left_, header_rows, symbol, colour);
    }
  }

  void upright(double lr, std::string_view glyph, Colour colour) {
    if (!shows(lr)) return;
    for (int row = header_rows; row < header_rows + plot_rows_; ++row) canvas_.put(column_of(lr), row, glyph, colour);
  }

  void mark_on_axis(double lr, std::string_view glyph, Colour colour) {
    if (shows(lr)) canvas_.put(column_of(lr), header_rows + plot_rows_, glyph, colour);
  }

  /// Over the axis, between two rates.
  void span_on_axis(double lo, double hi, Colour colour) {
    const int bottom = header_rows + plot_rows_;
    const int from = std::max(column_of(std::max(lo, rates_.lo)), left_);
    const int to = column_of(std::min(hi, rates_.hi));
    for (int column = from; column <= to; ++column) canvas_.put(column, bottom, glyphs_.span, colour);
  }

  enum class Side { left, middle, right };

  /// A label above the plot, on the named side of its rate.
  void label(double lr, int row, const std::string& text, Side side, Colour colour) {
    if (!shows(lr)) return;
    const int width = display_width(text);
    const int column = column_of(lr);
    const int start = side == Side::left ? column - width + 1 : side == Side::right ? column : column - width / 2;
    // "loss" stands left of the plot.
    canvas_.write(std::clamp(start, row == 0 ? 0 : left_, columns_ - width), row, text, colour);
  }

  void legend(const LegendEntry& entry) { legend_.push_back(entry); }

  bool shows(double lr) const { return lr >= rates_.lo * (1 - 1e-9) && lr <= rates_.hi * (1 + 1e-9); }

  const Glyphs& glyphs() const { return glyphs_; }
  int columns() const { return columns_; }

  std::string text() const { return canvas_.text(style_.colour) + legend_text(); }

 private:
  int axis_column() const {
    int width = display_width("loss");
    for (const Tick& tick : loss_ticks_) width = std::max(width, display_width(tick.label));
    return width + 1;
  }

  double rate_share(double lr) const {
    return (std::log(lr) - std::log(rates_.lo)) / (std::log(rates_.hi) - std::log(rates_.lo));
  }
  double loss_share(double loss) const { return (loss - losses_.lo) / (losses_.hi - losses_.lo); }

  // A share of 0 to 1 as one of `count` places; shares beyond them land outside, but not so far that lines to them
  // would take long.
  static int place(double share, int count) {
    if (std::isnan(share)) return -1;
    return static_cast<int>(std::lround(std::clamp(share, -1.0, 2.0) * (count - 1)));
  }

  int column_of(double lr) const { return left_ + place(rate_share(lr), 2 * plot_columns_) / 2; }
  int row_of(double loss) const {
    return header_rows + (4 * plot_rows_ - 1 - place(loss_share(loss), 4 * plot_rows_)) / 4;
  }

  std::string legend_text() const {
    std::string lines;
    int width = 0;
    for (const LegendEntry& entry : legend_) {
      const int entry_width = display_width(entry.symbol) + 1 + display_width(entry.text);
      const bool breaks = width == 0 || width + 3 + entry_width > columns_;
      if (breaks) {
        if (width > 0) lines += '\n';
        lines += "  ";
        width = 2;
      } else {
        lines += "   ";
        width += 3;
      }
      lines += coloured(entry.symbol, entry.colour, style_.colour) + ' ' + entry.text;
      width += entry_width;
    }
    return lines + '\n';
  }

  TerminalStyle style_;
  int columns_, plot_rows_;
  const Glyphs& glyphs_;
  Range rates_, losses_;
  std::vector<Tick> loss_ticks_;
  int left_, plot_columns_;
  Canvas canvas_;
  std::vector<LegendEntry> legend_;
};

void add_bounds(Drawing& drawing, const Suggestion& suggestion) {
  for (const auto& [rate, name, side] : {std::tuple{suggestion.min_lr, "min ", Drawing::Side::left},
                                         std::tuple{suggestion.max_lr, "max ", Drawing::Side::right}}) {
    if (!rate) continue;
    drawing.upright(*rate, drawing.glyphs().bound, Colour::faint);
    drawing.label(*rate, 1, name + format_rate(*rate), side, Colour::plain);
  }
}

void add_suggestion(Drawing& drawing, const Suggestion& suggestion) {
  if (!suggestion.lr) return;
  const Colour colour = suggestion.trusted ? Colour::green : Colour::red;
  if (suggestion.interval) drawing.span_on_axis(suggestion.interval->lo, suggestion.interval->hi, colour);
  drawing.upright(*suggestion.lr, drawing.glyphs().suggestion, colour);
  const std::string label =
      suggestion.trusted ? "lr " + format_rate(*suggestion.lr) : "lr " + format_rate(*suggestion.lr) + " (not trusted)";
  drawing.label(*suggestion.lr, 0, label, Drawing::Side::middle, colour);
}

bool any_finite(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

constexpr std::string_view nothing = "Nothing to draw: no step was measured.\n";

}  // namespace

std::string draw_curve(const Result& result, const TerminalStyle& style) {
  if (result.curve.lr.empty()) return std::string(nothing);
  const std::vector<NamedResult> alone = {{"", result}};
  Drawing drawing(rate_range(alone), loss_range(alone), style);
  const Glyphs& glyphs = drawing.glyphs();
  const std::string_view line_symbol = style.unicode ? "" : "*";
  drawing.axes();
  drawing.points(result.curve.lr, result.curve.loss, glyphs.dot, Colour::faint);
  add_bounds(drawing, result.suggestion);
  add_suggestion(drawing, result.suggestion);
  drawing.points(result.curve.lr, result.curve.probe_loss, glyphs.probe, Colour::magenta);
  drawing.line(result.curve.lr, result.smoothed_loss, line_symbol, Colour::blue);

  drawing.legend({std::string(glyphs.dot), "batch loss", Colour::faint});
  drawing.legend({std::string(glyphs.line_sample), "smoothed", Colour::blue});
  if (any_finite(result.curve.probe_loss)) {
    drawing.legend({std::string(glyphs.probe), "probe loss", Colour::magenta});
  }
  if (result.suggestion.lr) {
    drawing.legend(
        {std::string(glyphs.suggestion), "suggestion", result.suggestion.trusted ? Colour::green : Colour::red});
  }
  if (result.suggestion.lr && result.suggestion.interval) {
    drawing.legend(
        {std::string(glyphs.span), "90 % interval", result.suggestion.trusted ? Colour::green : Colour::red});
  }
  if (result.suggestion.min_lr || result.suggestion.max_lr) {
    drawing.legend({std::string(glyphs.bound), "bounds", Colour::faint});
  }
  return drawing.text();
}

std::string draw_curves(const std::vector<NamedResult>& results, const TerminalStyle& style) {
  if (results.size() == 1) return draw_curve(results[0].result, style);
  const bool empty = std::all_of(results.begin(), results.end(),
                                 [](const NamedResult& named) { return named.result.curve.lr.empty(); });
  if (empty) return std::string(nothing);
  Drawing drawing(rate_range(results), smoothed_range(results), style);
  drawing.axes();
  // Colour tells fine lines apart; without it every line has a symbol of its own.
  const bool fine = style.colour && style.unicode;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Result& result = results[i].result;
    const Colour colour = series_colours[i % series_colours.size()];
    const std::string_view symbol = (style.unicode ? unicode_symbols : ascii_symbols)[i % unicode_symbols.size()];
    drawing.line(result.curve.lr, result.smoothed_loss, fine ? "" : symbol, colour);
    std::string text = shortened(printable(results[i].name), drawing.columns() - 20, style.unicode);
    if (result.suggestion.lr) {
      drawing.mark_on_axis(*result.suggestion.lr, symbol, colour);
      text += "  lr " + format_rate(*result.suggestion.lr);
    }
    drawing.legend({std::string(symbol), text, colour});
  }
  return drawing.text();
}

}  // namespace lrfind::report
