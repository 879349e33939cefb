#include "platform/tensor_memory.hpp"

#include "platform/block_pool.hpp"

#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#include <unistd.h>

#include <mutex>

namespace lrfind::train {

namespace {

constexpr std::size_t large = std::size_t{128} << 10U;  // bytes; smaller blocks are well kept by the C library

std::size_t physical_memory() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) * static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES));
}

class TensorMemory : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(std::size_t bytes) override { return make(bytes); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
#else
  c10::DataPtr allocate(std::size_t bytes) const override { return make(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &free; }

 private:
  // Shared by all: a deleter is a plain function. Tensors may outlive everything else, so neither ends.
  struct Shared {
    std::mutex mutex;
    BlockPool pool{physical_memory()};
    c10::Allocator* rest = c10::GetDefaultCPUAllocator();
  };
  static Shared& shared() {
    static auto* const one = new Shared;
    return *one;
  }

  static c10::DataPtr make(std::size_t bytes) {
    void* block = nullptr;
    if (bytes >= large) {
      const std::lock_guard lock(shared().mutex);
      block = shared().pool.take(bytes);
    }
    if (block == nullptr) block = shared().rest->raw_allocate(bytes);
    return {block, block, &free, c10::Device(c10::DeviceType::CPU)};
  }

  static void free(void* block) {
    if (!shared().pool.owns(block)) return shared().rest->raw_deallocate(block);
    const std::lock_guard lock(shared().mutex);
    shared().pool.give_back(block);
  }
};

}  // namespace

void keep_tensor_memory() {
  static const bool once = [] {
    c10::SetCPUAllocator(new TensorMemory);  // LibTorch keeps it
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace lrfind::train
