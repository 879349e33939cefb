#include "report/rate_plot.hpp"
#include <lrfind/error.hpp>

#include "platform/write_file.hpp"
#include "report/axis.hpp"
#include "report/canvas.hpp"
#include "report/gnuplot.hpp"
#include "report/picture.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

namespace lrfind::report {
namespace {

constexpr int picture_width = 800;
constexpr int picture_height = 420;

// From 0, so that heights compare, to a little above the highest rate.
Range range_of(const RatePlot& plot) {
  double top = *std::max_element(plot.lr.begin(), plot.lr.end());
  for (const auto& mark : plot.marks) top = std::max(top, mark.second);
  return {0, 1.05 * top};
}

std::string text_of(double value) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

int place(double share, int count) { return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * (count - 1))); }

}  // namespace

std::string draw_rates(const RatePlot& plot, const TerminalStyle& style) {
  const int columns = std::max(style.columns, 40);
  const int rows = std::clamp(columns / 6, 8, 16);
  const Range rates = range_of(plot);
  const auto rate_ticks = linear_ticks(rates, rows / 3);
  int margin = display_width("rate");
  for (const Tick& tick : rate_ticks) margin = std::max(margin, display_width(tick.label));
  const int left = margin + 2;
  const int plot_columns = columns - left;
  Canvas canvas(columns, rows + 4);
  const auto row_of = [&](double rate) { return 1 + (4 * rows - 1 - place(rate / rates.hi, 4 * rows)) / 4; };

  canvas.write(left, 0, shortened(printable(plot.title), plot_columns, style.unicode));
  for (int row = 1; row <= rows; ++row) canvas.put(left - 1, row, style.unicode ? "│" : "|");
  for (const Tick& tick : rate_ticks) {
    canvas.write(0, row_of(tick.value), padded_left(tick.label, margin));
    canvas.put(left - 1, row_of(tick.value), style.unicode ? "┤" : "+");
  }
  canvas.put(left - 1, rows + 1, style.unicode ? "└" : "+");
  for (int column = left; column < columns; ++column) canvas.put(column, rows + 1, style.unicode ? "─" : "-");
  for (const auto& [name, rate] : plot.marks) {
    for (int column = left; column < columns; column += 2) {
      canvas.put(column, row_of(rate), style.unicode ? "·" : ".", Colour::faint);
    }
  }

  Dots dots(plot_columns, rows);
  const double last_step = std::max<double>(static_cast<double>(plot.lr.size()) - 1, 1);
  int last_x = 0;
  int last_y = 0;
  for (std::size_t i = 0; i < plot.lr.size(); ++i) {
    const int x = place(static_cast<double>(i) / last_step, dots.width());
    const int y = dots.height() - 1 - place(plot.lr[i] / rates.hi, dots.height());
    dots.line(i == 0 ? x : last_x, i == 0 ? y : last_y, x, y);
    last_x = x;
    last_y = y;
  }
  if (style.unicode) {
    dots.draw(canvas, left, 1, Colour::blue);
  } else {
    dots.draw(canvas, left, 1, "*", Colour::blue);
  }
  for (const auto& [name, rate] : plot.marks) {
    const std::string text = name + " " + format_rate(rate);
    canvas.write(columns - display_width(text), std::max(row_of(rate) - 1, 0), text, Colour::green);
  }

  const std::string end = std::to_string(plot.lr.size());
  canvas.write(left, rows + 2, "1");
  canvas.write(left + (plot_columns - 4) / 2, rows + 2, "step");
  canvas.write(columns - display_width(end), rows + 2, end);
  std::string text = canvas.text(style.colour);
  while (text.size() > 1 && text.substr(text.size() - 2) == "\n\n") text.pop_back();
  return text;
}

void write_rates_picture(const RatePlot& plot, const std::string& path) {
  if (const auto problem = picture_problem(path)) throw output_error(*problem);
  std::vector<double> steps(plot.lr.size());
  std::iota(steps.begin(), steps.end(), 1.0);
  const Range rates = range_of(plot);
  std::string script = *gnuplot_terminal(path, picture_width, picture_height);
  script += gnuplot_data("rates", {steps, plot.lr});
  script +=
      "set encoding utf8\nset border 3 lc rgb '#404040'\nset tics nomirror out textcolor rgb '#404040'\n"
      "set grid xtics ytics lw 0.7 dt 1 lc rgb '#DCDCDC'\nunset key\nset rmargin 12\n";
  script += "set xlabel 'step'\nset ylabel 'learning rate'\nset xrange [1:" +
            std::to_string(std::max<std::size_t>(plot.lr.size(), 2)) + "]\nset yrange [0:" + text_of(rates.hi) + "]\n";
  script += "set title " + gnuplot_quoted(plot.title) + " noenhanced\n";
  std::string lines;
  for (const auto& [name, rate] : plot.marks) {
    script += "set label " + gnuplot_quoted(" " + name + " " + format_rate(rate)) + " at graph 1, first " +
              text_of(rate) + " left noenhanced tc rgb '#009E73'\n";
    lines += ", " + text_of(rate) + " with lines lw 1.5 dt 3 lc rgb '#009E73'";
  }
  script += "plot $rates using 1:2 with lines lw 2.5 lc rgb '#0072B2'" + lines + "\n";
  write_file(path, run_gnuplot(script));
}

}  // namespace lrfind::report
