#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <vector>

namespace lrfind::train {

/// Where the random numbers of `device` and of the CPU stood: rewinding lets dropout draw the same masks again.
class RandomState {
 public:
  explicit RandomState(const torch::Device& device) {
    add(torch::kCPU);
    if (!device.is_cpu()) add(device);
  }
  void rewind() {
    for (auto& place : places_) place.generator.set_state(place.state);
  }
  bool operator==(const RandomState& other) const {
    return std::equal(places_.begin(), places_.end(), other.places_.begin(), other.places_.end(), same);
  }
  bool same_on_cpu(const RandomState& other) const { return same(places_.front(), other.places_.front()); }

 private:
  struct Place {
    at::Generator generator;
    torch::Tensor state;
  };
  static bool same(const Place& a, const Place& b) { return a.state.equal(b.state); }
  void add(const torch::Device& device) {
    auto generator = at::globalContext().defaultGenerator(device);
    auto state = generator.get_state();
    places_.push_back({std::move(generator), std::move(state)});
  }

  std::vector<Place> places_;  // the CPU's first
};

}  // namespace lrfind::train
