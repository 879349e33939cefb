#include "model/network.hpp"

#include <ATen/record_function.h>

namespace lrfind::model {

std::int64_t count_parameters(const Network& network) {
  std::int64_t count = 0;
  for (const auto& parameter : network.parameters()) count += parameter.tensor.numel();
  return count;
}

void move_to(Network& network, const torch::Device& device) {
  const torch::NoGradGuard no_grad;
  for (auto& list : {network.parameters(), network.buffers()}) {
    for (const auto& [name, tensor] : list) {
      auto moved = tensor.detach().to(device);
      if (moved.dim() == 4) moved = moved.contiguous(torch::MemoryFormat::ChannelsLast);
      tensor.set_data(moved);
    }
  }
}

namespace {

thread_local std::int64_t multiply_adds = 0;

// Convolutions and matrix products are counted where LibTorch records them, so a TorchScript network is counted too.
void count_call(const at::RecordFunction& call) {
  const std::string_view name = call.name();
  const auto inputs = call.inputs();
  const auto outputs = call.outputs();
  const auto tensor = [](const c10::IValue& value) { return value.isTensor() ? value.toTensor() : torch::Tensor(); };
  if (name == "aten::convolution" && inputs.size() > 1 && !outputs.empty()) {
    const auto weight = tensor(inputs[1]);
    const auto output = tensor(outputs[0]);
    if (weight.defined() && output.defined()) multiply_adds += output.numel() * weight.numel() / output.size(1);
  } else if ((name == "aten::addmm" || name == "aten::mm" || name == "aten::bmm") && !outputs.empty()) {
    const auto left = tensor(inputs[name == "aten::addmm" ? 1 : 0]);
    const auto output = tensor(outputs[0]);
    if (left.defined() && output.defined()) multiply_adds += output.numel() * left.size(-1);
  }
}

}  // namespace

std::int64_t count_multiply_adds(Network& network, const torch::Tensor& image) {
  const torch::NoGradGuard no_grad;
  network.train(false);
  multiply_adds = 0;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(
          [](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> { return nullptr; },
          [](const at::RecordFunction& call, at::ObserverContext*) { count_call(call); })
          .needsInputs(true)
          .needsOutputs(true)
          .scopes({at::RecordScope::FUNCTION}));
  network.forward(image);
  at::removeCallback(handle);
  network.train(true);
  return multiply_adds / image.size(0);
}

}  // namespace lrfind::model
