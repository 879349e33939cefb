// A grid of characters to draw on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lrfind::report {

enum class Colour { plain, faint, blue, orange, green, magenta, cyan, red, bold };

/// The text wrapped in the terminal's codes for a colour, or as it is.
std::string coloured(std::string_view text, Colour colour, bool enabled);

/// Columns and rows are counted from the top left; what lies outside is not drawn. Every character takes one column.
class Canvas {
 public:
  Canvas(int columns, int rows);

  void put(int column, int row, std::string_view character, Colour colour = Colour::plain);
  void write(int column, int row, std::string_view text, Colour colour = Colour::plain);

  /// Lines without trailing blanks, each ending in a newline.
  std::string text(bool colour) const;

 private:
  struct Cell {
    std::string character = " ";
    Colour colour = Colour::plain;
  };
  int columns_, rows_;
  std::vector<Cell> cells_;
};

/// Dots in a grid of 2 x 4 to a character cell, shown as braille (Unicode 15, chapter 21.1).
class Dots {
 public:
  Dots(int columns, int rows);

  int width() const { return 2 * columns_; }
  int height() const { return 4 * rows_; }

  /// A straight line between two dots, ends included; what lies outside is not drawn.
  void line(int x0, int y0, int x1, int y1);

  /// Puts every cell that has a dot onto the canvas, its top left at (column, row).
  void draw(Canvas& canvas, int column, int row, Colour colour) const;

  /// The same with one character for every cell that has a dot.
  void draw(Canvas& canvas, int column, int row, std::string_view character, Colour colour) const;

 private:
  void set(int x, int y);

  int columns_, rows_;
  std::vector<unsigned char> cells_;
};

}  // namespace lrfind::report
