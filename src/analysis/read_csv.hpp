// A curve that another tool recorded.
#pragma once

#include <istream>
#include <lrfind/curve.hpp>

namespace lrfind::analysis {

/// Reads a loss curve of two columns, `lr,loss`: comma, semicolon or tab between them, a first line of names optional,
/// blank lines and lines that begin with # passed over, further columns ignored. "nan", "inf" and an empty loss stand
/// for a loss that is not finite. With names, the columns called `lr` and `loss` are taken wherever they stand.
/// Throws std::runtime_error with the line's number and what would be right.
Trial read_csv(std::istream& in);

}  // namespace lrfind::analysis
