#include "model/network.hpp"

#include <ATen/record_function.h>

namespace lrfind::model {

torch::Tensor forward_once(Network& network, const torch::Tensor& images) {
  const torch::NoGradGuard no_grad;
  const auto buffers = network.buffers();
  std::vector<torch::Tensor> before;
  for (const auto& buffer : buffers) before.push_back(buffer.tensor.clone());
  const auto restore = [&] {
    for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i].tensor.copy_(before[i]);
    network.train(true);
  };
  network.train(false);
  try {
    auto output = network.forward(images);
    restore();
    return output;
  } catch (...) {
    restore();
    throw;
  }
}

std::int64_t count_parameters(const Network& network) {
  std::int64_t count = 0;
  for (const auto& parameter : network.parameters()) count += parameter.tensor.numel();
  return count;
}

void move_to(Network& network, const torch::Device& device, torch::MemoryFormat format) {
  const torch::NoGradGuard no_grad;
  for (auto& list : {network.parameters(), network.buffers()}) {
    for (const auto& [name, tensor] : list) {
      auto moved = tensor.detach().to(device);
      if (moved.dim() == 4) moved = moved.contiguous(format);
      tensor.set_data(moved);
    }
  }
}

namespace {

thread_local std::int64_t multiply_adds = 0;

// What a call's inputs say, kept until its outputs are there: LibTorch 2 shows each only at its own end of the call.
struct Call : at::ObserverContext {
  std::int64_t per_output = 0;     // multiply-adds per value of the output
  std::int64_t weight_values = 0;  // of a convolution, whose output has a channel per weight filter
};

torch::Tensor tensor(const c10::IValue& value) { return value.isTensor() ? value.toTensor() : torch::Tensor(); }

// Convolutions and matrix products are counted where LibTorch records them, so a TorchScript network is counted too.
std::unique_ptr<at::ObserverContext> note_inputs(const at::RecordFunction& function) {
  auto call = std::make_unique<Call>();
  const std::string_view name = function.name();
  const auto inputs = function.inputs();
  if (name == "aten::convolution" && inputs.size() > 1) {
    if (const auto weight = tensor(inputs[1]); weight.defined()) call->weight_values = weight.numel();
  } else if (name == "aten::addmm" || name == "aten::mm" || name == "aten::bmm") {
    const std::size_t at = name == "aten::addmm" ? 1 : 0;
    if (inputs.size() > at) {
      if (const auto left = tensor(inputs[at]); left.defined()) call->per_output = left.size(-1);
    }
  }
  return call;
}

void count_outputs(const at::RecordFunction& function, at::ObserverContext* context) {
  const auto* call = static_cast<const Call*>(context);
  if (call == nullptr || (call->per_output == 0 && call->weight_values == 0) || function.outputs().empty()) return;
  const auto output = tensor(function.outputs()[0]);
  if (!output.defined()) return;
  multiply_adds += output.numel() * (call->weight_values > 0 ? call->weight_values / output.size(1) : call->per_output);
}

}  // namespace

std::int64_t count_multiply_adds(Network& network, const torch::Tensor& image) {
  multiply_adds = 0;
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(note_inputs, count_outputs)
                                                     .needsInputs(true)
                                                     .needsOutputs(true)
                                                     .scopes({at::RecordScope::FUNCTION}));
  forward_once(network, image);
  at::removeCallback(handle);
  return multiply_adds / image.size(0);
}

}  // namespace lrfind::model
