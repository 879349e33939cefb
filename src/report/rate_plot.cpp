#include "report/rate_plot.hpp"
#include <lrfind/error.hpp>

#include "analysis/text.hpp"
#include "platform/write_file.hpp"
#include "report/axis.hpp"
#include "report/gnuplot.hpp"
#include "report/picture.hpp"
#include "report/terminal_plot.hpp"
#include "report/text.hpp"

#include <algorithm>
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

}  // namespace

std::string draw_rates(const RatePlot& plot, const TerminalStyle& style) {
  const int rows = plot_rows(style, 6, 8, 16);
  const Range rates = range_of(plot);
  std::vector<double> steps(plot.lr.size());
  std::iota(steps.begin(), steps.end(), 1.0);
  std::vector<Tick> ends = {{1, "1"}};
  if (steps.size() > 1) ends.push_back({steps.back(), std::to_string(steps.size())});
  TerminalPlot drawing({"step", {1, std::max(steps.back(), 2.0)}, false, ends},
                       {"rate", rates, false, linear_ticks(rates, rows / 3)}, 1, rows, style);
  drawing.title(plot.title);
  for (const auto& [name, rate] : plot.marks) drawing.level(rate);
  drawing.line(steps, plot.lr, style.unicode ? "" : "*", Colour::blue);
  for (const auto& [name, rate] : plot.marks) drawing.level_name(rate, name + " " + format_rate(rate));
  return drawing.text();
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
            std::to_string(std::max<std::size_t>(plot.lr.size(), 2)) + "]\nset yrange [0:" + analysis::exact(rates.hi) +
            "]\n";
  script += "set title " + gnuplot_quoted(plot.title) + " noenhanced\n";
  std::string lines;
  for (const auto& [name, rate] : plot.marks) {
    script += "set label " + gnuplot_quoted(" " + name + " " + format_rate(rate)) + " at graph 1, first " +
              analysis::exact(rate) + " left noenhanced tc rgb '#009E73'\n";
    lines += ", " + analysis::exact(rate) + " with lines lw 1.5 dt 3 lc rgb '#009E73'";
  }
  script += "plot $rates using 1:2 with lines lw 2.5 lc rgb '#0072B2'" + lines + "\n";
  write_file(path, run_gnuplot(script));
}

}  // namespace lrfind::report
