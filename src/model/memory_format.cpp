#include "model/memory_format.hpp"

#include <ATen/record_function.h>

#include <algorithm>

namespace lrfind::model {

namespace {

constexpr std::int64_t vector_width = 16;  // floats of an AVX-512 register, the widest that oneDNN blocks channels by

// Whether the weight is that of 1 x 1 convolutions from or to few channels; a transposed one has its inputs first.
bool is_narrow_point(const torch::Tensor& weight) {
  return weight.defined() && weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1 &&
         std::min(weight.size(0), weight.size(1)) < vector_width;
}

thread_local bool strides_over_narrow_points = false;

// aten::convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
std::unique_ptr<at::ObserverContext> look_at(const at::RecordFunction& function) {
  const auto inputs = function.inputs();
  if (std::string_view(function.name()) != "aten::convolution" || inputs.size() < 4 || !inputs[1].isTensor()) return {};
  if (!is_narrow_point(inputs[1].toTensor())) return {};
  const auto strides = inputs[3].toIntVector();
  if (std::any_of(strides.begin(), strides.end(), [](std::int64_t s) { return s > 1; }))
    strides_over_narrow_points = true;
  return {};
}

}  // namespace

torch::MemoryFormat memory_format(Network& network, const torch::Tensor& image, const torch::Device& device) {
  const auto parameters = network.parameters();
  const bool has_narrow_points = std::any_of(parameters.begin(), parameters.end(), [](const NamedTensor& parameter) {
    return is_narrow_point(parameter.tensor);
  });
  if (!device.is_cpu() || !has_narrow_points) return torch::MemoryFormat::ChannelsLast;
  strides_over_narrow_points = false;
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(look_at).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  forward_once(network, image);
  at::removeCallback(handle);
  return strides_over_narrow_points ? torch::MemoryFormat::Contiguous : torch::MemoryFormat::ChannelsLast;
}

}  // namespace lrfind::model
