#include "report/terminal_curve.hpp"

#include "report/terminal_plot.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lrfind::report {
namespace {

struct Glyphs {
  std::string_view dot, probe, suggestion, bound, span, line_sample;
};

constexpr Glyphs unicode_glyphs = {"·", "○", "┃", "┊", "━", "⠒⠒"};
constexpr Glyphs ascii_glyphs = {".", "o", "|", ":", "=", "**"};

constexpr std::array<Colour, 6> series_colours = {Colour::blue,    Colour::orange, Colour::green,
                                                  Colour::magenta, Colour::cyan,   Colour::red};
constexpr std::array<std::string_view, 6> unicode_symbols = {"●", "▲", "■", "◆", "✚", "○"};
constexpr std::array<std::string_view, 6> ascii_symbols = {"o", "x", "+", "*", "#", "@"};

TerminalPlot plot_of(const Range& rates, const Range& losses, const TerminalStyle& style) {
  constexpr int header_rows = 2;  // the suggestion's label, then those of the bounds
  const int rows = plot_rows(style, 5, 10, 24);
  return {{"learning rate", rates, true, decade_ticks(rates)},
          {"loss", losses, false, linear_ticks(losses, rows / 3)},
          header_rows,
          rows,
          style};
}

void add_bounds(TerminalPlot& plot, const Suggestion& suggestion, const Glyphs& glyphs) {
  for (const auto& [rate, name, side] : {std::tuple{suggestion.min_lr, "min ", TerminalPlot::Side::left},
                                         std::tuple{suggestion.max_lr, "max ", TerminalPlot::Side::right}}) {
    if (!rate) continue;
    plot.upright(*rate, glyphs.bound, Colour::faint);
    plot.label(*rate, 1, name + format_rate(*rate), side, Colour::plain);
  }
}

void add_suggestion(TerminalPlot& plot, const Suggestion& suggestion, const Glyphs& glyphs) {
  if (!suggestion.lr) return;
  const Colour colour = suggestion.trusted ? Colour::green : Colour::red;
  if (suggestion.interval) plot.span_on_axis(suggestion.interval->lo, suggestion.interval->hi, glyphs.span, colour);
  plot.upright(*suggestion.lr, glyphs.suggestion, colour);
  const std::string label =
      suggestion.trusted ? "lr " + format_rate(*suggestion.lr) : "lr " + format_rate(*suggestion.lr) + " (not trusted)";
  plot.label(*suggestion.lr, 0, label, TerminalPlot::Side::middle, colour);
}

constexpr std::string_view nothing = "Nothing to draw: no step was measured.\n";

}  // namespace

std::string draw_curve(const Result& result, const TerminalStyle& style) {
  if (result.curve.lr.empty()) return std::string(nothing);
  const std::vector<NamedResult> alone = {{"", result}};
  TerminalPlot plot = plot_of(rate_range(alone), loss_range(alone), style);
  const Glyphs& glyphs = style.unicode ? unicode_glyphs : ascii_glyphs;
  const std::string_view line_symbol = style.unicode ? "" : "*";
  plot.points(result.curve.lr, result.curve.loss, glyphs.dot, Colour::faint);
  add_bounds(plot, result.suggestion, glyphs);
  add_suggestion(plot, result.suggestion, glyphs);
  plot.points(result.curve.lr, result.curve.probe_loss, glyphs.probe, Colour::magenta);
  plot.line(result.curve.lr, result.smoothed_loss, line_symbol, Colour::blue);

  plot.legend({std::string(glyphs.dot), "batch loss", Colour::faint});
  plot.legend({std::string(glyphs.line_sample), "smoothed", Colour::blue});
  if (any_finite(result.curve.probe_loss)) {
    plot.legend({std::string(glyphs.probe), "probe loss", Colour::magenta});
  }
  if (result.suggestion.lr) {
    plot.legend(
        {std::string(glyphs.suggestion), "suggestion", result.suggestion.trusted ? Colour::green : Colour::red});
  }
  if (result.suggestion.lr && result.suggestion.interval) {
    plot.legend({std::string(glyphs.span), "90 % interval", result.suggestion.trusted ? Colour::green : Colour::red});
  }
  if (result.suggestion.min_lr || result.suggestion.max_lr) {
    plot.legend({std::string(glyphs.bound), "bounds", Colour::faint});
  }
  return plot.text();
}

std::string draw_curves(const std::vector<NamedResult>& results, const TerminalStyle& style) {
  if (results.size() == 1) return draw_curve(results[0].result, style);
  const bool empty = std::all_of(results.begin(), results.end(),
                                 [](const NamedResult& named) { return named.result.curve.lr.empty(); });
  if (empty) return std::string(nothing);
  TerminalPlot plot = plot_of(rate_range(results), smoothed_range(results), style);
  // Colour tells fine lines apart; without it every line has a symbol of its own.
  const bool fine = style.colour && style.unicode;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Result& result = results[i].result;
    const Colour colour = series_colours[i % series_colours.size()];
    const std::string_view symbol = (style.unicode ? unicode_symbols : ascii_symbols)[i % unicode_symbols.size()];
    plot.line(result.curve.lr, result.smoothed_loss, fine ? "" : symbol, colour);
    std::string text = shortened(printable(results[i].name), plot.columns() - 20, style.unicode);
    if (result.suggestion.lr) {
      plot.mark_on_axis(*result.suggestion.lr, symbol, colour);
      text += "  lr " + format_rate(*result.suggestion.lr);
    }
    plot.legend({std::string(symbol), text, colour});
  }
  return plot.text();
}

}  // namespace lrfind::report
