// The measured side of a range test: plain numbers that the sweep fills and the analysis reads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace lrfind {

/// Why a trial ended.
enum class Stopped {
  completed,    ///< every rate was tried
  diverged,     ///< the stop rule fired: smoothed loss above stop_factor times its best, or a non-finite loss
  interrupted,  ///< the caller asked to stop
};

/// "completed", "diverged" or "interrupted": the words of the result JSON.
std::string_view to_string(Stopped stopped);

/// One range test with its own seed. Every vector is empty (not measured) or as long as `lr`; entry i belongs to
/// step i, which trained one batch at rate lr[i]. A value that was not measured at that step is NaN.
struct Trial {
  std::uint64_t seed = 0;
  std::vector<double> lr;          ///< learning rate of the step, strictly rising
  std::vector<double> loss;        ///< batch training loss before the step's own update
  std::vector<double> probe_loss;  ///< loss on the fixed held-out batch after the step's update
  std::vector<double> gain_ratio;  ///< actual over predicted decrease of the batch's loss by the step's own update
  std::vector<double>
      alignment;  ///< decrease that the step's update promises on the next batch over the one it promised
                  ///< on its own: 1 still downhill for other images too, 0 spent, negative beyond
  std::vector<double> val_loss;      ///< mean validation loss after the step's update
  std::vector<double> val_accuracy;  ///< validation accuracy, 0 to 1, after the step's update
  Stopped stopped = Stopped::completed;
};

}  // namespace lrfind
