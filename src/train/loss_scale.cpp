#include "train/loss_scale.hpp"

namespace lrfind::train {

namespace {

constexpr double first_value = 65536;
constexpr double updates_before_growth = 2000;

}  // namespace

using torch::Tensor;

LossScale::LossScale(Precision precision, const torch::Device& device) {
  if (precision != Precision::fp16) return;
  value_ = torch::full({}, first_value, torch::TensorOptions(device));
  updates_ = torch::zeros({}, torch::TensorOptions(device));
}

void LossScale::reset() {
  if (!value_.defined()) return;
  value_.fill_(first_value);
  updates_.zero_();
}

Tensor LossScale::scaled(const Tensor& loss) const { return value_.defined() ? loss * value_ : loss; }

void LossScale::unscale(std::vector<Tensor>& gradient) const {
  if (!value_.defined()) return;
  for (auto& part : gradient) part = part / value_;
}

Tensor LossScale::overflowed(const std::vector<Tensor>& gradient) {
  if (!value_.defined()) return {};
  Tensor finite;
  for (const auto& part : gradient) {
    const auto all = part.isfinite().all();
    finite = finite.defined() ? finite.logical_and(all) : all;
  }
  const auto overflow = finite.logical_not();
  updates_.add_(1).masked_fill_(overflow, 0);
  const auto grows = updates_.eq(updates_before_growth);
  updates_.masked_fill_(grows, 0);
  value_.copy_(torch::where(overflow, value_ / 2, torch::where(grows, value_ * 2, value_)));
  return overflow;
}

std::vector<Tensor> LossScale::state() const {
  return value_.defined() ? std::vector<Tensor>{value_, updates_} : std::vector<Tensor>{};
}

}  // namespace lrfind::train
