#include "report/canvas.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lrfind::report {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::plain:
      return "";
    case Colour::faint:
      return "\x1B[2m";
    case Colour::blue:
      return "\x1B[34m";
    case Colour::orange:
      return "\x1B[33m";
    case Colour::green:
      return "\x1B[32m";
    case Colour::magenta:
      return "\x1B[35m";
    case Colour::cyan:
      return "\x1B[36m";
    case Colour::red:
      return "\x1B[31m";
    case Colour::bold:
      return "\x1B[1m";
  }
  return "";
}

std::size_t index(int column, int row, int columns) {
  return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
}

std::size_t cell_count(int columns, int rows) {
  return static_cast<std::size_t>(std::max(columns, 0)) * static_cast<std::size_t>(std::max(rows, 0));
}

std::string braille(unsigned char dots) {
  const unsigned code = 0x2800U + dots;
  return {static_cast<char>(0xE0U | (code >> 12U)), static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)),
          static_cast<char>(0x80U | (code & 0x3FU))};
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, bool enabled) {
  const std::string_view code = code_of(colour);
  if (!enabled || code.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\x1B[0m";
}

Canvas::Canvas(int columns, int rows) : columns_(columns), rows_(rows), cells_(cell_count(columns, rows)) {}

void Canvas::put(int column, int row, std::string_view character, Colour colour) {
  if (column < 0 || column >= columns_ || row < 0 || row >= rows_) return;
  cells_[index(column, row, columns_)] = {std::string(character), colour};
}

void Canvas::write(int column, int row, std::string_view text, Colour colour) {
  while (!text.empty()) {
    std::size_t bytes = 1;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) ++bytes;
    put(column++, row, text.substr(0, bytes), colour);
    text.remove_prefix(bytes);
  }
}

std::string Canvas::text(bool colour) const {
  std::string lines;
  for (int row = 0; row < rows_; ++row) {
    int end = columns_;
    while (end > 0 && cells_[index(end - 1, row, columns_)].character == " ") --end;
    for (int column = 0; column < end;) {
      const Colour run_colour = cells_[index(column, row, columns_)].colour;
      std::string run;
      for (; column < end && cells_[index(column, row, columns_)].colour == run_colour; ++column) {
        run += cells_[index(column, row, columns_)].character;
      }
      lines += coloured(run, run_colour, colour);
    }
    lines += '\n';
  }
  return lines;
}

Dots::Dots(int columns, int rows) : columns_(columns), rows_(rows), cells_(cell_count(columns, rows)) {}

void Dots::set(int x, int y) {
  if (x < 0 || x >= width() || y < 0 || y >= height()) return;
  static constexpr std::array<std::array<unsigned char, 2>, 4> bits = {
      {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
  unsigned char& cell = cells_[index(x / 2, y / 4, columns_)];
  cell = static_cast<unsigned char>(cell | bits[static_cast<std::size_t>(y % 4)][static_cast<std::size_t>(x % 2)]);
}

void Dots::line(int x0, int y0, int x1, int y1) {
  const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
  for (int i = 0; i <= steps; ++i) {
    const double along = static_cast<double>(i) / steps;
    set(x0 + static_cast<int>(along * (x1 - x0) + (x1 >= x0 ? 0.5 : -0.5)),
        y0 + static_cast<int>(along * (y1 - y0) + (y1 >= y0 ? 0.5 : -0.5)));
  }
}

void Dots::draw(Canvas& canvas, int column, int row, Colour colour) const {
  for (int y = 0; y < rows_; ++y) {
    for (int x = 0; x < columns_; ++x) {
      const unsigned char dots = cells_[index(x, y, columns_)];
      if (dots != 0) canvas.put(column + x, row + y, braille(dots), colour);
    }
  }
}

void Dots::draw(Canvas& canvas, int column, int row, std::string_view character, Colour colour) const {
  for (int y = 0; y < rows_; ++y) {
    for (int x = 0; x < columns_; ++x) {
      if (cells_[index(x, y, columns_)] != 0) canvas.put(column + x, row + y, character, colour);
    }
  }
}

}  // namespace lrfind::report
