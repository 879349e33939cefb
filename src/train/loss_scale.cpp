#include "train/loss_scale.hpp"

#include <cmath>

namespace lrfind::train {

namespace {

constexpr double first_value = 65536;
constexpr int updates_before_growth = 2000;

}  // namespace

void LossScale::reset() {
  value_ = used_ ? first_value : 1;
  updates_ = 0;
}

bool LossScale::overflowed(const torch::Tensor& gradient) {
  if (!used_) return false;
  const bool overflow = !std::isfinite(gradient.sum().item<double>());
  updates_ = overflow ? 0 : updates_ + 1;
  if (overflow) value_ /= 2;
  if (updates_ == updates_before_growth) {
    value_ *= 2;
    updates_ = 0;
  }
  return overflow;
}

}  // namespace lrfind::train
