// The differences between LibTorch 1.13 and 2.x that this program meets, in one place.
#pragma once

#include <ATen/autocast_mode.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <optional>

#define LRFIND_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace lrfind::train {

#if LRFIND_TORCH_AT_LEAST(2, 4)
template <typename T>
using Maybe = std::optional<T>;
#else
template <typename T>
using Maybe = c10::optional<T>;
#endif

/// While alive, operators on `device` run in `dtype` where that is safe (autocast).
class Autocast {
 public:
  Autocast(const torch::Device& device, at::ScalarType dtype) : device_(device.type()) {
    set(true, dtype);
    at::autocast::increment_nesting();
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    set(false, at::kFloat);
  }

 private:
  void set(bool on, at::ScalarType dtype) const {
#if LRFIND_TORCH_AT_LEAST(2, 4)
    at::autocast::set_autocast_enabled(device_, on);
    if (on) at::autocast::set_autocast_dtype(device_, dtype);
#else
    if (device_ == at::kCUDA) {
      at::autocast::set_enabled(on);
      if (on) at::autocast::set_autocast_gpu_dtype(dtype);
    } else {
      at::autocast::set_cpu_enabled(on);
      if (on) at::autocast::set_autocast_cpu_dtype(dtype);
    }
#endif
  }

  at::DeviceType device_;
};

}  // namespace lrfind::train
