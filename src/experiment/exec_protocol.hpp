// What lrfind and a training program say to each other over LRFIND_SOCKET, one JSON object a line
// (configs/schema/exec-1.schema.json). Foreign bytes in, plain values out.
#pragma once

#include "report/result.hpp"

#include <lrfind/range_test.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lrfind::experiment {

/// Lines are far shorter; what is longer is no message.
inline constexpr std::size_t longest_message = std::size_t{64} << 10U;

/// What a program says of itself; everything may be left out.
struct Hello {
  std::string optimizer;           ///< in small letters, without its module; empty: not said
  std::optional<double> momentum;  ///< in [0, 1)
  std::int64_t batch_size = 0;     ///< samples of one update, all ranks together; 0: not said
  bool resets = false;             ///< whether it can start over within its process
  std::string model, device;
  std::int64_t parameters = 0, classes = 0, train_samples = 0;  ///< 0: not said
  report::Json as_said = report::Json::object();
};

/// Takes the program's first line. Throws Error (model), whose text goes on after "the program": "said hello with ...".
Hello parse_hello(std::string_view line);

/// Takes its answer to `step`. A loss of null or NaN is one that is not finite. Throws Error (model) as parse_hello,
/// also where it says that it answers another step.
Measurement parse_answer(std::string_view line, int step);

/// What the program is to do next.
struct StepToTake {
  int trial = 0;  ///< from 0
  std::uint64_t seed = 0;
  int step = 0;  ///< from 0
  int steps = 0;
  double lr = 0;
};

/// Each with its newline.
std::string step_message(const StepToTake& step);
std::string reset_message(std::uint64_t seed);
std::string done_message();

}  // namespace lrfind::experiment
