// From a loss-versus-rate curve to a suggested learning rate. Needs no LibTorch and no OpenCV.
#pragma once

#include <lrfind/curve.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lrfind {

/// Something a person should know about a curve; a reason with `fatal` set makes the suggestion untrusted.
struct Reason {
  std::string
      code;  ///< stable word for scripts, e.g. "never-fell", "diverged-from-start", "still-falling", "too-few-points"
  std::string message;  ///< one sentence: what was seen
  bool fatal = true;
  std::string advice = {};  ///< what to change in the sweep, in words and without a full stop; may be empty
  std::map<std::string, double> values = {};  ///< numbers that go with the code, e.g. "max_lr" of still-falling
};

struct Interval {
  double lo = 0, hi = 0;
};

/// What is known of the images a curve was measured on. It explains curves that mislead.
struct ImageFacts {
  std::size_t train_images = 0;            ///< images that batches are drawn from; 0: unknown
  std::size_t images_per_step = 0;         ///< batch size times accumulated batches; 0: unknown
  std::vector<double> class_counts = {};   ///< training images of each class; empty: unknown
  std::vector<double> class_weights = {};  ///< weight of each class in the loss; empty: all the same
  double label_smoothing = 0;              ///< of the loss, 0 to 1
};

/// The training that a suggestion is for.
struct Plan {
  double steps = 300;  ///< updates of the weights, at least 1; 300: the trainings that the rule was fitted on
  std::optional<double> epochs = {};  ///< passes over the images that these are, where their number is known
  std::string schedule = {};          ///< that its rate follows, a name of `lrfind schedule`; empty: nobody said
  bool assumed = true;                ///< nobody said how long
};

struct SuggestOptions {
  std::string rule = "lrfind";  ///< one of rule_names()
  double smoothing = 0.98;  ///< factor of the debiased exponential moving average, in [0, 1); 0: no rule smooths, as is
                            ///< right for losses that are smoothed already
  std::size_t steps = 0;    ///< steps the sweep was planned for, of which fastai's rules trim a tenth; 0: as many as
                            ///< the curve has, which is fewer after an early stop
  std::string optimizer = {};  ///< "sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "lion", "lars",
                               ///< "lamb"; empty: unknown. The rule lrfind leans on the rates that it is used with
                               ///< (LARS: none) as far as the curve leaves the rate open
  double momentum = 0;         ///< of SGD and LARS, 0 to 1
  Plan plan = {};              ///< of the rule lrfind; the others say the same for every plan
  std::optional<ImageFacts> images = {};  ///< for reasons that are in the data
  bool may_be_smoothed = false;  ///< another tool recorded the losses: look whether it has smoothed them already
};

/// What a suggestion takes account of, and what it would be for another plan.
struct PlannedRates {
  Plan plan;
  std::optional<double> longer_lr, longer_max_lr;  ///< lr and max_lr for ten times as many steps
};

struct Suggestion {
  std::optional<double> lr;              ///< the rate to hold constant
  std::optional<Interval> interval;      ///< 90 % interval of `lr`
  std::optional<double> min_lr, max_lr;  ///< bounds for a cycle; max_lr is also the peak of a decaying schedule
  std::string rule;                      ///< the rule that made `lr`
  std::optional<PlannedRates> plan;      ///< none: the rule takes no account of plans
  bool trusted = false;                  ///< false when any reason is fatal
  std::vector<Reason> reasons;
  std::map<std::string, std::optional<double>> by_rule;  ///< what every rule says of the same curve
};

/// Names that SuggestOptions::rule takes.
std::vector<std::string> rule_names();

/// Half the width of the suggestion's interval in decades: what decides whether another trial is worth its time.
/// Infinite where there is no interval.
double interval_half_width_decades(const Suggestion& suggestion);

/// All trials as one curve on their common rates. Measurements are averaged over the trials that reached a rate.
Trial aggregate(const std::vector<Trial>& trials);

/// Debiased exponential moving average: s_i = a_i / (1 - f^(i+1)), a_i = f a_(i-1) + (1 - f) x_i (Kingma and Ba 2014,
/// section 3). Non-finite values are passed over: they repeat the last average and do not enter it.
std::vector<double> smooth(const std::vector<double>& values, double factor = 0.98);

/// Suggests a rate from a curve. `lr` must rise strictly and be positive, `loss` has the same length.
/// Throws std::invalid_argument for an unknown rule, a smoothing factor out of range, or arrays that do not fit.
Suggestion suggest(const std::vector<double>& lr, const std::vector<double>& loss, const SuggestOptions& options = {});

/// The same from trials, with everything they measured.
Suggestion suggest(const std::vector<Trial>& trials, const SuggestOptions& options = {});

}  // namespace lrfind
