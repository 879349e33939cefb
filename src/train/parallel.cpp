#include "train/parallel.hpp"

#include <ATen/TensorIterator.h>
#include <torch/torch.h>

namespace lrfind::train {

void parallel_ranges(std::int64_t count, std::int64_t grain,
                     const std::function<void(std::int64_t begin, std::int64_t end)>& work) {
  if (count <= grain) return work(0, count);
  // Memory that nobody touches: where LibTorch's iterator stands in it is the number.
  const auto numbers = torch::empty({count}, torch::kByte);
  const auto* first = static_cast<const char*>(numbers.data_ptr());
  const auto range = [&](char** at, const std::int64_t* /*strides*/, std::int64_t size, std::int64_t /*rows: 1*/) {
    work(at[0] - first, at[0] - first + size);
  };
  at::TensorIteratorConfig().add_output(numbers).add_input(numbers).build().for_each(range, grain);
}

}  // namespace lrfind::train
