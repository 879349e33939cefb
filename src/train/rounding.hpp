// Two ways of computing the same numbers, which differ in their last bit.
#pragma once

namespace lrfind::train {

/// With the fewest operations; or with PyTorch's in its order, so that the losses of a network of Python's are Python's
/// to the last bit, where LibTorch's kernels are: images as torchvision.transforms.v2 normalises them, updates as the
/// classes of torch.optim make them.
enum class Rounding { own, as_pytorch };

}  // namespace lrfind::train
