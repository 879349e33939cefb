#include "report/terminal_plot.hpp"

#include "report/text.hpp"

#include <algorithm>
#include <cmath>

namespace lrfind::report {
namespace {

constexpr int least_columns = 40;

struct Glyphs {
  std::string_view vertical, corner, horizontal, tick_left, tick_below, level;
};

constexpr Glyphs unicode_glyphs = {"│", "└", "─", "┤", "┬", "·"};
constexpr Glyphs ascii_glyphs = {"|", "+", "-", "+", "+", "."};

double share(const PlotAxis& axis, double value) {
  if (!axis.logarithmic) return (value - axis.range.lo) / (axis.range.hi - axis.range.lo);
  return (std::log(value) - std::log(axis.range.lo)) / (std::log(axis.range.hi) - std::log(axis.range.lo));
}

// A share of 0 to 1 as one of `count` places; shares beyond them land outside, but not so far that lines to them
// would take long.
int place(double share, int count) {
  if (std::isnan(share)) return -1;
  return static_cast<int>(std::lround(std::clamp(share, -1.0, 2.0) * (count - 1)));
}

int left_of(const PlotAxis& y) {
  int width = display_width(y.name);
  for (const Tick& tick : y.ticks) width = std::max(width, display_width(tick.label));
  return width + 2;
}

}  // namespace

int plot_rows(const TerminalStyle& style, int columns_to_a_row, int least, int most) {
  return std::clamp(std::max(style.columns, least_columns) / columns_to_a_row, least, most);
}

TerminalPlot::TerminalPlot(PlotAxis x, PlotAxis y, int header_rows, int rows, const TerminalStyle& style)
    : style_(style),
      x_(std::move(x)),
      y_(std::move(y)),
      header_rows_(header_rows),
      rows_(rows),
      columns_(std::max(style.columns, least_columns)),
      left_(left_of(y_)),
      plot_columns_(columns_ - left_),
      canvas_(columns_, header_rows + rows + 3) {
  draw_axes();
}

void TerminalPlot::draw_axes() {
  const Glyphs& glyphs = style_.unicode ? unicode_glyphs : ascii_glyphs;
  const int axis = left_ - 1;
  const int bottom = header_rows_ + rows_;
  canvas_.write(0, header_rows_ - 1, padded_left(y_.name, axis - 1));
  for (int row = header_rows_; row < bottom; ++row) canvas_.put(axis, row, glyphs.vertical);
  for (const Tick& tick : y_.ticks) {
    canvas_.write(0, row_of(tick.value), padded_left(tick.label, axis - 1));
    canvas_.put(axis, row_of(tick.value), glyphs.tick_left);
  }
  canvas_.put(axis, bottom, glyphs.corner);
  for (int column = left_; column < columns_; ++column) canvas_.put(column, bottom, glyphs.horizontal);
  int free_from = 0;
  for (const Tick& tick : x_.ticks) {
    const int width = display_width(tick.label);
    const int start = std::clamp(column_of(tick.value) - width / 2, 0, columns_ - width);
    canvas_.put(column_of(tick.value), bottom, glyphs.tick_below);
    if (start < free_from) continue;
    canvas_.write(start, bottom + 1, tick.label);
    free_from = start + width + 1;
  }
  canvas_.write(left_ + (plot_columns_ - display_width(x_.name)) / 2, bottom + 2, x_.name);
}

void TerminalPlot::points(const std::vector<double>& x, const std::vector<double>& y, std::string_view glyph,
                          Colour colour) {
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(y[i]) || y[i] > y_.range.hi || y[i] < y_.range.lo) continue;
    canvas_.put(column_of(x[i]), row_of(y[i]), glyph, colour);
  }
}

void TerminalPlot::line(const std::vector<double>& x, const std::vector<double>& y, std::string_view symbol,
                        Colour colour) {
  Dots dots(plot_columns_, rows_);
  bool drawing = false;
  int last_column = 0;
  int last_row = 0;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(y[i])) {
      drawing = false;
      continue;
    }
    const int column = place(share(x_, x[i]), dots.width());
    const int row = dots.height() - 1 - place(share(y_, y[i]), dots.height());
    dots.line(drawing ? last_column : column, drawing ? last_row : row, column, row);
    drawing = true;
    last_column = column;
    last_row = row;
  }
  if (symbol.empty()) {
    dots.draw(canvas_, left_, header_rows_, colour);
  } else {
    dots.draw(canvas_, left_, header_rows_, symbol, colour);
  }
}

void TerminalPlot::upright(double x, std::string_view glyph, Colour colour) {
  if (!shows(x)) return;
  for (int row = header_rows_; row < header_rows_ + rows_; ++row) canvas_.put(column_of(x), row, glyph, colour);
}

void TerminalPlot::level(double y) {
  const std::string_view glyph = (style_.unicode ? unicode_glyphs : ascii_glyphs).level;
  for (int column = left_; column < columns_; column += 2) canvas_.put(column, row_of(y), glyph, Colour::faint);
}

void TerminalPlot::level_name(double y, const std::string& name) {
  canvas_.write(columns_ - display_width(name), std::max(row_of(y) - 1, 0), name, Colour::green);
}

void TerminalPlot::mark_on_axis(double x, std::string_view glyph, Colour colour) {
  if (shows(x)) canvas_.put(column_of(x), header_rows_ + rows_, glyph, colour);
}

void TerminalPlot::span_on_axis(double lo, double hi, std::string_view glyph, Colour colour) {
  const int from = std::max(column_of(std::max(lo, x_.range.lo)), left_);
  const int to = column_of(std::min(hi, x_.range.hi));
  for (int column = from; column <= to; ++column) canvas_.put(column, header_rows_ + rows_, glyph, colour);
}

void TerminalPlot::label(double x, int row, const std::string& text, Side side, Colour colour) {
  if (!shows(x)) return;
  const int width = display_width(text);
  const int column = column_of(x);
  const int start = side == Side::left ? column - width + 1 : side == Side::right ? column : column - width / 2;
  const int first = row == header_rows_ - 1 ? left_ : 0;  // behind the y axis' name
  canvas_.write(std::clamp(start, first, columns_ - width), row, text, colour);
}

void TerminalPlot::title(std::string_view text) {
  canvas_.write(left_, 0, shortened(printable(text), plot_columns_, style_.unicode));
}

std::string TerminalPlot::text() const { return canvas_.text(style_.colour) + legend_text(); }

// Ends of an axis may miss their own value by rounding.
bool TerminalPlot::shows(double x) const { return x >= x_.range.lo * (1 - 1e-9) && x <= x_.range.hi * (1 + 1e-9); }

int TerminalPlot::column_of(double x) const { return left_ + place(share(x_, x), 2 * plot_columns_) / 2; }

int TerminalPlot::row_of(double y) const { return header_rows_ + (4 * rows_ - 1 - place(share(y_, y), 4 * rows_)) / 4; }

std::string TerminalPlot::legend_text() const {
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
  return lines.empty() ? lines : lines + '\n';
}

}  // namespace lrfind::report
