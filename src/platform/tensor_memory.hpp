// Where LibTorch's tensors on the CPU lie: in a pool that keeps its pages (block_pool.hpp, with what it buys and the
// script that measures it).
#pragma once

namespace lrfind::train {

/// From now on large tensors come from a BlockPool, as long as it has room. A training step takes and frees the same
/// large tensors again and again: given back to the system each time, every page of them would cost a fault. To be
/// called before the first tensor; a second call does nothing.
void keep_tensor_memory();

}  // namespace lrfind::train
