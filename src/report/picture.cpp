#include "report/picture.hpp"
#include <lrfind/error.hpp>

#include "platform/write_file.hpp"
#include "report/axis.hpp"
#include "report/gnuplot.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace lrfind::report {
namespace {

// Okabe and Ito's palette: told apart with every common form of colour blindness.
constexpr std::array<std::string_view, 7> palette = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                     "#E69F00", "#56B4E9", "#000000"};
constexpr std::string_view loss_colour = "#0072B2";
constexpr std::string_view faint_loss_colour = "#8DB9D8";
constexpr std::string_view probe_colour = "#D55E00";
constexpr std::string_view suggestion_colour = "#009E73";
constexpr std::string_view untrusted_colour = "#A0A0A0";
constexpr std::string_view ink = "#404040";

constexpr int width = 800;
constexpr int height = 480;
constexpr int panel_height = 170;

std::string text_of(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.10g", value);
  return buffer.data();
}

std::string colour(std::string_view code) { return " lc rgb '" + std::string(code) + "'"; }

// All values where there are any, so that a data block has equal columns.
std::vector<double> filled(const std::vector<double>& values, std::size_t length) {
  std::vector<double> column = values;
  column.resize(length, not_measured);
  return column;
}

std::string data_of(const NamedResult& named, std::size_t i) {
  const Result& result = named.result;
  const std::size_t length = result.curve.lr.size();
  const std::vector<double> loss = filled(result.curve.loss, length);
  const std::vector<double> smoothed = filled(result.smoothed_loss, length);
  const std::vector<double> probe = filled(result.curve.probe_loss, length);
  const std::vector<double> gain = filled(result.curve.gain_ratio, length);
  const std::vector<double> alignment = filled(result.curve.alignment, length);
  return gnuplot_data("D" + std::to_string(i), {result.curve.lr, loss, smoothed, probe, gain, alignment});
}

std::string upright(double lr, const std::string& look) {
  return "set arrow from first " + text_of(lr) + ", graph 0 to first " + text_of(lr) + ", graph 1 nohead " + look +
         "\n";
}

std::string band(const Interval& interval, std::string_view code) {
  return "set object rectangle from first " + text_of(interval.lo) + ", graph 0 to first " + text_of(interval.hi) +
         ", graph 1 behind fc rgb '" + std::string(code) + "' fs solid 0.15 noborder\n";
}

std::string_view suggestion_code(const Result& result) {
  return result.suggestion.trusted ? suggestion_colour : untrusted_colour;
}

// Interval, suggestion and bounds of one result, the same in both panels.
std::string marks(const Result& result) {
  const Suggestion& suggestion = result.suggestion;
  std::string script = "unset arrow\nunset object\nunset label\n";
  if (suggestion.interval) script += band(*suggestion.interval, suggestion_code(result));
  for (const std::optional<double>& bound : {suggestion.min_lr, suggestion.max_lr}) {
    if (bound) script += upright(*bound, "dt 3 lw 1.5" + colour(ink) + " back");
  }
  if (suggestion.lr) script += upright(*suggestion.lr, "lw 2" + colour(suggestion_code(result)) + " back");
  return script;
}

// Names at the top end of the lines of marks().
std::string mark_labels(const Result& result) {
  const Suggestion& suggestion = result.suggestion;
  std::string script;
  const auto label = [&script](double lr, const std::string& text, const char* side, double offset, double row,
                               std::string_view code) {
    script += "set label " + gnuplot_quoted(text) + " at first " + text_of(lr) + ", graph 1 " + side +
              " offset character " + text_of(offset) + ", " + text_of(row) + " noenhanced front tc rgb '" +
              std::string(code) + "'\n";
  };
  if (suggestion.lr)
    label(*suggestion.lr, "lr " + format_rate(*suggestion.lr), "center", 0, 1.7, suggestion_code(result));
  if (suggestion.min_lr) label(*suggestion.min_lr, "min " + format_rate(*suggestion.min_lr), "right", 0.5, 0.65, ink);
  if (suggestion.max_lr) label(*suggestion.max_lr, "max " + format_rate(*suggestion.max_lr), "left", -0.5, 0.65, ink);
  return script;
}

std::string axes(const Range& rates) {
  return "set encoding utf8\n"
         "set logscale x\n"
         "set xrange [" +
         text_of(rates.lo) + ":" + text_of(rates.hi) +
         "]\n"
         "set format x '10^{%T}'\n"
         "set mxtics 10\n"
         "set border 3 lw 1" +
         colour(ink) +
         "\n"
         "set tics nomirror out textcolor rgb '" +
         std::string(ink) +
         "'\n"
         "set grid xtics ytics lw 0.7 dt 1" +
         colour("#DCDCDC") +
         "\n"
         "set style line 1 lw 2.5" +
         colour(loss_colour) +
         "\n"
         "set key noenhanced samplen 2.2 spacing 1.25 textcolor rgb '" +
         std::string(ink) + "'\n";
}

// Rates of less than two decades need labels between powers of ten.
std::string rate_tics(const Range& rates) {
  if (rates.hi / rates.lo >= 100) return "set xtics auto\n";
  std::string list;
  for (const Tick& tick : decade_ticks(rates)) {
    list += (list.empty() ? "" : ", ") + gnuplot_quoted(format_rate(tick.value)) + " " + text_of(tick.value);
  }
  return "set xtics (" + list + ")\n";
}

std::string title(const std::string& text, const char* offset) {
  return text.empty() ? "unset title\n"
                      : "set title " + gnuplot_quoted(text) + " noenhanced offset 0, " + offset + "\n";
}

std::string heading(const NamedResult& named) {
  const Result& result = named.result;
  std::vector<std::string> parts;
  if (!result.model.name.empty()) parts.push_back(result.model.name);
  const std::string data = std::filesystem::path(result.dataset.path).filename().string();
  if (!data.empty()) parts.push_back(data);
  for (const char* option : {"optimizer", "batch-size"}) {
    const auto value = result.config.find(option);
    if (value == result.config.end()) continue;
    parts.push_back(value->is_string() ? value->get<std::string>() : "batch " + value->dump());
  }
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text.empty() ? named.name : text;
}

std::string loss_panel(const Result& result) {
  std::string plots = "plot $D0 using 1:2 with points pt 7 ps 0.5" + colour(faint_loss_colour) + " title 'batch loss'";
  if (any_finite(result.curve.probe_loss)) {
    plots += ", $D0 using 1:4 with lines lw 1.8" + colour(probe_colour) + " title 'probe loss'";
  }
  plots += ", $D0 using 1:3 with lines ls 1 title 'smoothed loss'";
  if (result.suggestion.interval) {
    plots += ", NaN with boxes fs solid 0.15 noborder" + colour(suggestion_code(result)) + " title '90 % interval'";
  }
  return plots + "\n";
}

bool has_ratios(const Result& result) {
  return any_finite(result.curve.gain_ratio) || any_finite(result.curve.alignment);
}

// Gain ratio and alignment: 1 where a step does what its gradient promises, 0 where it does nothing.
std::string ratio_panel(const Result& result) {
  const bool gain = any_finite(result.curve.gain_ratio);
  const bool alignment = any_finite(result.curve.alignment);
  std::string script =
      "set yrange [-0.25:1.25]\nset ytics 0, 0.5\nset ylabel 'ratio'\nset key bottom left Left reverse\n";
  script += "plot 1 with lines lw 1 dt 2" + colour("#909090") + " notitle";
  if (gain)
    script += ", $D0 using 1:5 with linespoints pt 7 ps 0.3 lw 1.2" + colour(palette[3]) + " title 'gain ratio'";
  if (alignment)
    script += ", $D0 using 1:6 with linespoints pt 7 ps 0.3 lw 1.2" + colour(palette[4]) + " title 'alignment'";
  return script + "\n";
}

std::string single(const NamedResult& named) {
  const Result& result = named.result;
  const bool ratios = has_ratios(result);
  const Range rates = rate_range({named});
  const Range losses = loss_range({named});
  const double split = static_cast<double>(panel_height) / (height + panel_height);
  std::string script = axes(rates) + rate_tics(rates) + "set lmargin 9\nset rmargin 3\n" + marks(result) +
                       mark_labels(result) + title(heading(named), "1.6") +
                       "set ylabel 'loss'\nset key bottom left Left reverse\nset yrange [" + text_of(losses.lo) + ":" +
                       text_of(losses.hi) + "]\n";
  if (!ratios) return script + "set tmargin 5\nset xlabel 'learning rate'\n" + loss_panel(result);
  script += "set multiplot\nset tmargin 5\nset bmargin 1.2\nset size 1, " + text_of(1 - split) + "\nset origin 0, " +
            text_of(split) + "\nset format x ''\n" + loss_panel(result);
  script += marks(result) + "unset title\nset tmargin 0.6\nset bmargin 3.6\nset size 1, " + text_of(split) +
            "\nset origin 0, 0\nset format x '10^{%T}'\nset xlabel 'learning rate'\n" + rate_tics(rates) +
            ratio_panel(result);
  return script + "unset multiplot\n";
}

std::string overlay(const std::vector<NamedResult>& results) {
  const Range rates = rate_range(results);
  const Range losses = smoothed_range(results);
  std::string script =
      axes(rates) + rate_tics(rates) +
      "set xlabel 'learning rate'\nset ylabel 'smoothed loss'\nset key bottom left Left reverse\nset yrange [" +
      text_of(losses.lo) + ":" + text_of(losses.hi) + "]\n";
  std::string plots;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string look = colour(palette[i % palette.size()]);
    const std::optional<double>& lr = results[i].result.suggestion.lr;
    if (lr) script += upright(*lr, "lw 1.5 dt 2" + look + " back");
    const std::string name = results[i].name + (lr ? "  (lr " + format_rate(*lr) + ")" : "");
    plots += (i == 0 ? "plot " : ", ") + std::string("$D") + std::to_string(i) + " using 1:3 with lines lw 2.5" + look +
             " title " + gnuplot_quoted(name);
  }
  return script + plots + "\n";
}

}  // namespace

bool is_picture(const std::string& path) { return gnuplot_terminal(path, width, height).has_value(); }

std::optional<std::string> picture_problem(const std::string& path) {
  if (!is_picture(path)) {
    return "cannot draw '" + path + "': the name of a picture ends in .png, .svg or .pdf";
  }
  if (!gnuplot_installed()) {
    return "cannot draw '" + path + "': gnuplot is not installed (Debian: apt-get install gnuplot-nox)";
  }
  return std::nullopt;
}

void write_picture(const std::vector<NamedResult>& results, const std::string& path) {
  if (const auto problem = picture_problem(path)) throw output_error(*problem);
  const bool measured = std::any_of(results.begin(), results.end(),
                                    [](const NamedResult& named) { return !named.result.curve.lr.empty(); });
  if (!measured) throw output_error("cannot draw '" + path + "': no step was measured");
  const bool panel = results.size() == 1 && has_ratios(results[0].result);
  std::string script = *gnuplot_terminal(path, width, panel ? height + panel_height : height);
  for (std::size_t i = 0; i < results.size(); ++i) script += data_of(results[i], i);
  script += results.size() == 1 ? single(results[0]) : overlay(results);
  write_file(path, run_gnuplot(script));
}

}  // namespace lrfind::report
