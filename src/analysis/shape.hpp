// What a loss curve looks like, measured robustly: where it starts, how far it falls, how noisy it is, how it ends.
#pragma once

#include <lrfind/curve.hpp>
#include <vector>

namespace lrfind::analysis {

/// Fewer finite points than this support no statement about a curve.
constexpr std::size_t fewest_points = 20;

/// The shape of the finite points of one curve. Levels and noise are in the unit of the loss.
struct Shape {
  std::vector<double> lr, loss;  ///< the points with a finite loss
  std::vector<double> level;     ///< the loss smoothed without lag, for each of them
  std::size_t window = 1;        ///< points that one level rests on
  double noise = 0;              ///< standard deviation of one batch's loss around `level` before the lowest point
  double start = 0;              ///< level of the first tenth
  double lowest = 0;             ///< lowest level past the first tenth
  double evidence = 0;           ///< the smallest fall that noise alone does not explain
  std::size_t lowest_at = 0;     ///< index of `lowest`
  std::size_t rise_at = 0;       ///< first index from which the level stays clearly above `start`; size: it does not
  bool ends_rising = false;      ///< the curve ends above its lowest level, or by divergence
  bool ends_falling = false;     ///< the curve ends in a clear descent

  std::size_t size() const { return lr.size(); }
  double fall() const { return start - lowest; }
  bool fell() const { return fall() > evidence; }

  /// Index where the loss has begun to fall: the last one above the lowest point whose level is within a tenth of the
  /// fall of the starting level.
  std::size_t fall_begins_at() const;
};

/// The shape of a curve. With fewer than `fewest_points` finite points only `lr` and `loss` are filled in.
Shape shape_of(const Trial& trial);

}  // namespace lrfind::analysis
