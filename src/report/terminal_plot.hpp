// Two axes in a terminal, and what is drawn between them. From the top:
//   header   labels over places of the x axis, or a title; the y axis' name ends it on the left
//   plot     tick labels and axis on the left, curves and marks right of them
//   axis     ticks of x
//   labels   of the ticks, then the axis' name
//   legend   as many lines as it takes
#pragma once

#include "report/axis.hpp"
#include "report/canvas.hpp"
#include "report/terminal.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

struct PlotAxis {
  std::string_view name;
  Range range;
  bool logarithmic = false;
  std::vector<Tick> ticks;
};

struct LegendEntry {
  std::string symbol, text;
  Colour colour = Colour::plain;
};

/// At least 40 columns wide, else as wide as the style says. Values beyond the axes are not drawn.
class TerminalPlot {
 public:
  TerminalPlot(PlotAxis x, PlotAxis y, int header_rows, int rows, const TerminalStyle& style);

  void points(const std::vector<double>& x, const std::vector<double>& y, std::string_view glyph, Colour colour);

  /// Through the finite values, broken at the others; as braille, or in `symbol` where one is given.
  void line(const std::vector<double>& x, const std::vector<double>& y, std::string_view symbol, Colour colour);

  void upright(double x, std::string_view glyph, Colour colour);

  /// A dotted line across the plot; its name, on the right above it, covers what is drawn before.
  void level(double y);
  void level_name(double y, const std::string& name);

  void mark_on_axis(double x, std::string_view glyph, Colour colour);
  void span_on_axis(double lo, double hi, std::string_view glyph, Colour colour);

  enum class Side { left, middle, right };

  /// Above the plot, on the named side of its place.
  void label(double x, int row, const std::string& text, Side side, Colour colour);

  void title(std::string_view text);

  void legend(const LegendEntry& entry) { legend_.push_back(entry); }

  int columns() const { return columns_; }

  std::string text() const;

 private:
  void draw_axes();
  bool shows(double x) const;
  int column_of(double x) const;
  int row_of(double y) const;
  std::string legend_text() const;

  TerminalStyle style_;
  PlotAxis x_, y_;
  int header_rows_, rows_, columns_, left_, plot_columns_;
  Canvas canvas_;
  std::vector<LegendEntry> legend_;
};

/// Rows of a plot that is as wide as the style says, one to so many columns, within bounds.
int plot_rows(const TerminalStyle& style, int columns_to_a_row, int least, int most);

}  // namespace lrfind::report
