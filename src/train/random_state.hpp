#pragma once

#include <torch/torch.h>

namespace lrfind::train {

/// Where the random numbers of `device` stood: rewinding lets dropout draw the same masks again.
class RandomState {
 public:
  explicit RandomState(const torch::Device& device)
      : generator_(at::globalContext().defaultGenerator(device)), state_(generator_.get_state()) {}
  void rewind() { generator_.set_state(state_); }
  bool operator==(const RandomState& other) const { return state_.equal(other.state_); }

 private:
  at::Generator generator_;
  torch::Tensor state_;
};

}  // namespace lrfind::train
