// Pieces of Python that the frameworks' lines have in common.
#pragma once

#include "schedule/training_code.hpp"

#include <string>

namespace lrfind::train {

/// The shortest text that Python reads as the same number.
std::string text_of(double value);
std::string text_of(int value);

/// A rate as people write it, and never as a whole number: "3.0", "0.0001".
std::string rate_text(double rate);

/// ", name=value".
template <typename T>
std::string argument(const char* name, T value) {
  return std::string(", ") + name + "=" + text_of(value);
}

/// A scheduler of PyTorch as an expression over `optimizer`.
struct TorchScheduler {
  std::string schedule;  ///< the part after the warm-up, "torch.optim.lr_scheduler.StepLR(...)"; empty: the rate stays
  std::string warmup;    ///< empty: none
};
TorchScheduler torch_scheduler(const Schedule& schedule);

/// "scheduler = ..." from both parts in sequence, lines that begin with `indent`; not for reduce-on-plateau with a
/// warm-up, nor for a rate that stays.
std::string torch_scheduler_lines(const Schedule& schedule, const std::string& indent);

/// "optimizer = torch.optim.SGD(model.parameters(), lr=...)", with the parameters of `owner`.
std::string torch_optimizer_line(const Schedule& schedule, const OptimizerCode& optimizer, const std::string& owner);

/// As in a sentence: "one-cycle schedule", "step schedule after a warm-up".
std::string called(const Schedule& schedule);

std::string lightning_code(const Schedule& schedule, const OptimizerCode& optimizer);
std::string keras_code(const Schedule& schedule, const OptimizerCode& optimizer);
std::string transformers_code(const Schedule& schedule, const OptimizerCode& optimizer, const BatchCode& batches);
std::string timm_code(const Schedule& schedule, const OptimizerCode& optimizer);

}  // namespace lrfind::train
