#include "train/distributed/sync_batchnorm.hpp"

#include "platform/torch_compat.hpp"

namespace lrfind::train {

namespace {

using torch::Tensor;

std::shared_ptr<ProcessGroup> current_group;  // of the one SyncBatchNorm

// The sum over the ranks. What a rank's loss owes to it, it owes to every rank's summand.
class SumOverRanks : public torch::autograd::Function<SumOverRanks> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* /*context*/, const Tensor& values) {
    auto sum = values.detach().clone();
    current_group->sum(sum);
    return sum;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* /*context*/,
                                               const torch::autograd::tensor_list& gradients) {
    auto sum = gradients[0].clone();
    current_group->sum(sum);
    return {sum};
  }
};

void keep(const Maybe<Tensor>& running, const Tensor& now, double momentum) {
  if (!running.has_value() || !running->defined()) return;
  const torch::NoGradGuard no_grad;
  running->mul_(1 - momentum).add_(now.detach().to(running->scalar_type()), momentum);
}

// The operator aten::batch_norm (Ioffe and Szegedy 2015, algorithm 1), mean and variance over all ranks.
Tensor batch_norm(const Tensor& input, const Maybe<Tensor>& weight, const Maybe<Tensor>& bias,
                  const Maybe<Tensor>& running_mean, const Maybe<Tensor>& running_var, bool training, double momentum,
                  double eps, bool cudnn_enabled) {
  if (!training || !current_group) {
    return std::get<0>(at::_batch_norm_impl_index(input, weight, bias, running_mean, running_var, training, momentum,
                                                  eps, cudnn_enabled));
  }
  const auto channels = input.size(1);
  std::vector<std::int64_t> others, shape(static_cast<std::size_t>(input.dim()), 1);
  for (std::int64_t d = 0; d < input.dim(); ++d) {
    if (d != 1) others.push_back(d);
  }
  shape[1] = channels;
  const auto x = input.to(torch::kFloat);
  const auto count = torch::full({1}, static_cast<double>(x.numel() / channels), x.options());
  const auto sums = SumOverRanks::apply(torch::cat({x.sum(others), count}));
  const auto values = sums[channels].detach();
  const auto mean = sums.narrow(0, 0, channels) / values;
  const auto centred = x - mean.view(shape);
  const auto variance = SumOverRanks::apply(centred.square().sum(others)) / values;
  keep(running_mean, mean, momentum);
  keep(running_var, variance * (values / (values - 1)), momentum);
  auto result = centred * (variance + eps).rsqrt().view(shape);
  if (weight.has_value() && weight->defined()) result = result * weight->view(shape);
  if (bias.has_value() && bias->defined()) result = result + bias->view(shape);
  return result.to(input.scalar_type());
}

}  // namespace

SyncBatchNorm::SyncBatchNorm(std::shared_ptr<ProcessGroup> group)
    : kernels_(torch::Library::IMPL, "aten", Maybe<c10::DispatchKey>(), __FILE__, __LINE__) {
  current_group = std::move(group);
  for (const auto key : {c10::DispatchKey::AutogradCPU, c10::DispatchKey::AutogradCUDA}) {
    kernels_.impl("batch_norm", torch::dispatch(key, TORCH_FN(batch_norm)));
  }
}

SyncBatchNorm::~SyncBatchNorm() { current_group = nullptr; }

}  // namespace lrfind::train
