#include <lrfind/error.hpp>
#include "model/builtin.hpp"
#include "model/loaded_network.hpp"
#include "model/memory_format.hpp"
#include "model/torchscript.hpp"
#include "platform/tensor_memory.hpp"
#include "platform/watchdog.hpp"
#include "train/bf16.hpp"
#include "train/distributed/process_group.hpp"
#include "train/distributed/sync_batchnorm.hpp"
#include "train/engine.hpp"
#include "train/parameter_groups.hpp"
#include "train/trainer.hpp"

#include <c10/core/DeviceGuard.h>
#include <torch/version.h>

#include <stdexcept>
#include <system_error>

namespace lrfind::train {

namespace {

#ifdef LRFIND_TORCH_WITH_CUDA
constexpr bool built_with_cuda = true;
#else
constexpr bool built_with_cuda = false;
#endif

// A TorchScript error names the failing line of the network first and the reason at its end.
std::string first_line(const std::string& text) {
  const auto at = text.rfind("RuntimeError: ");
  const std::string reason = at == std::string::npos ? text : text.substr(at);
  return reason.substr(0, reason.find('\n'));
}

// What LibTorch reads of the system: it is not mounted in some containers and chroots, and takes file descriptors.
void require_system_files(const std::string& what) {
  if (what.find("cpuinfo") != std::string::npos) {
    throw device_error(
        "LibTorch cannot read in /proc/cpuinfo and /sys/devices/system/cpu what processor this is; mount "
        "them, or raise the limit on open files (ulimit -n)");
  }
  if (what.find("/dev/urandom") != std::string::npos) {
    throw device_error("LibTorch cannot read /dev/urandom; mount it, or raise the limit on open files (ulimit -n)");
  }
}

[[noreturn]] void say_for_people(const std::string& what, const torch::Device& device) {
  if (what.find("out of memory") != std::string::npos || what.find("can't allocate memory") != std::string::npos ||
      what.find("not enough memory") != std::string::npos) {
    throw device_error("out of memory on " + device.str() +
                       "; lower --batch-size (--accumulate keeps the update's size) or --image-size");
  }
  if (what.find("CUDA") != std::string::npos || what.find("cuDNN") != std::string::npos) {
    throw device_error(device.str() + " failed: " + what);
  }
  require_system_files(what);
  throw model_error("the network could not be trained: " + what);
}

// LibTorch reports trouble of many kinds as one type; what a user can act on is told apart here.
[[noreturn]] void rethrow_for_people(const torch::Device& device) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    say_for_people(first_line(error.what_without_backtrace()), device);
  } catch (const std::system_error&) {
    throw;  // the machine's, said by whoever started us
  } catch (const std::logic_error&) {
    throw;  // a mistake of ours
  } catch (const std::bad_alloc&) {
    throw device_error("out of memory; lower --batch-size or --image-size");
  } catch (const std::runtime_error& error) {
    say_for_people(first_line(error.what()), device);  // from the TorchScript interpreter of LibTorch 1.13
  } catch (const std::exception& error) {
    // oneDNN's.
    throw device_error(
        "LibTorch failed on " + device.str() + " (" + first_line(error.what()) +
        "), as it does where the machine refuses it memory; lower --batch-size or --image-size, or raise "
        "the limits (ulimit -v)");
  }
}

ByteTensors byte_tensors(const BatchView& images) {
  const auto n = static_cast<std::int64_t>(images.labels.size());
  auto* pixels = const_cast<std::uint8_t*>(images.pixels.data());  // from_blob takes no const; nothing writes to it
  auto* labels = const_cast<std::int64_t*>(images.labels.data());
  return {torch::from_blob(pixels, {n, images.shape.height, images.shape.width, images.shape.channels}, torch::kByte),
          torch::from_blob(labels, {n}, torch::kLong), images.indices, images.augmentations};
}

std::vector<ByteTensors> byte_tensors(std::span<const BatchView> batches) {
  std::vector<ByteTensors> tensors;
  tensors.reserve(batches.size());
  for (const auto& batch : batches) tensors.push_back(byte_tensors(batch));
  return tensors;
}

std::vector<ParameterFacts> facts(const std::vector<model::NamedTensor>& tensors) {
  std::vector<ParameterFacts> list;
  for (const auto& [name, tensor] : tensors) list.push_back({name, tensor.sizes().vec(), tensor.numel()});
  return list;
}

bool names_a_file(const std::string& network) {
  const auto ends_with = [&](const std::string& end) {
    return network.size() > end.size() && network.compare(network.size() - end.size(), end.size(), end) == 0;
  };
  return ends_with(".pt") || ends_with(".pt2") || network.find('/') != std::string::npos;
}

class TorchEngine : public Engine {
 public:
  TorchEngine() { keep_tensor_memory(); }

  std::string libtorch_version() const override { return TORCH_VERSION; }
  Blas blas() const override { return blas_of_libtorch(); }

  std::shared_ptr<Group> join(const Ranks& ranks, double timeout_s, bool alone) override {
    const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_s * 1000));
    const auto group = ProcessGroup::join(ranks, timeout);
    if (!alone) group_ = group;
    return group;
  }

  std::string open_device(const DeviceRequest& request) override {
    watchdog_ = request.watchdog;
    try {
      start_threads(request.threads);
      at::globalContext().setFlushDenormal(true);
      if (request.deterministic) at::globalContext().setDeterministicAlgorithms(true, false);
      at::globalContext().setBenchmarkCuDNN(!request.deterministic);
      device_ = choose_device(request.name, request.local_rank);
    } catch (const c10::Error& error) {
      const auto what = first_line(error.what_without_backtrace());
      require_system_files(what);
      throw device_error("LibTorch cannot compute here: " + what);
    }
    return device_.str();
  }

  std::string no_bf16_because() const override { return train::no_bf16_because(device_); }

  FittingImages load(const NetworkRequest& request, const data::ImageShape& likely) override {
    return guarded([&] { return load_network(request, likely); });
  }

  std::vector<std::string> network_notes() const override { return network_notes_; }

  void build(const data::ImageShape& shape, int classes) override {
    guarded([&] { build_network(shape, classes); });
  }

  void set_recipe(const Recipe& recipe, const Normalisation& normalisation) override {
    check_precision(recipe.precision, device_);
    if (recipe.precision == Precision::tf32) {
      at::globalContext().setAllowTF32CuBLAS(true);
      at::globalContext().setAllowTF32CuDNN(true);
    }
    if (group_ && recipe.sync_batchnorm) sync_batchnorm_ = std::make_unique<SyncBatchNorm>(group_);
    // A network from Python, in Python's precision, has the losses that it has in Python, to the last bit where
    // LibTorch is the same: with the kernels of the format in which Python has it, and the operators of its optimizers.
    // On the CPU, whose kernels give the same answer every time.
    const bool as_python = loaded_ != nullptr && device_.is_cpu() && recipe.precision == Precision::fp32 &&
                           recipe.memory_format != MemoryFormat::channels_last;
    auto format = as_python ? torch::MemoryFormat::Contiguous : format_;
    if (recipe.memory_format == MemoryFormat::contiguous) format = torch::MemoryFormat::Contiguous;
    if (recipe.memory_format == MemoryFormat::channels_last) format = torch::MemoryFormat::ChannelsLast;
    const auto rounding = as_python ? Rounding::as_pytorch : Rounding::own;
    guarded([&] {
      trainer_ = std::make_unique<Trainer>(*network_, recipe, normalisation, device_, format,
                                           group_ ? GraphCapture() : Trainer::capture_for(device_), group_, rounding);
    });
  }

  std::vector<ParameterFacts> parameters() const override { return facts(network_->parameters()); }
  std::vector<ParameterFacts> trained() const override { return facts(trainer_->trained()); }

  bool normalises_batches() const override {
    const auto buffers = network_->buffers();
    return std::any_of(buffers.begin(), buffers.end(), [](const auto& b) { return b.tensor.is_floating_point(); });
  }

  std::int64_t multiply_adds() override {
    return guarded([&] {
      const auto device = network_->parameters().front().tensor.device();
      return model::count_multiply_adds(
          *network_, torch::zeros({1, shape_.channels, shape_.height, shape_.width}, torch::TensorOptions(device)));
    });
  }

  std::vector<std::string> start(std::uint64_t seed, bool fresh_weights) override {
    return guarded([&] { return trainer_->start(seed, fresh_weights); });
  }

  void set_probe(const BatchView& batch) override {
    guarded([&] { trainer_->set_probe(batch.labels.empty() ? ByteTensors{} : byte_tensors(batch)); });
  }

  bool augments() const override { return !device_.is_cpu(); }
  void keep_images(std::size_t images, std::size_t bytes) override { trainer_->keep_images(images, bytes); }

  void prepare(int batch_size, int accumulate, bool gain) override {
    if (device_.is_cpu()) return;
    const ByteTensors zeros{torch::zeros({batch_size, shape_.height, shape_.width, shape_.channels}, torch::kByte),
                            torch::zeros({batch_size}, torch::kLong)};
    guarded([&] { trainer_->prepare(std::vector<ByteTensors>(static_cast<std::size_t>(accumulate), zeros), gain); });
  }

  void submit(std::span<const BatchView> batches, double lr, bool measure_gain) override {
    guarded([&] { trainer_->submit(byte_tensors(batches), lr, measure_gain); });
  }

  Measurement collect() override {
    return guarded([&] { return trainer_->collect(); });
  }

  int ahead() const override { return trainer_->ahead(); }
  StepTimes times() const override { return trainer_->times(); }
  std::string not_captured_because() const override { return trainer_->not_captured_because(); }

  Evaluation evaluate(std::span<const BatchView> batches) override {
    return guarded([&] { return trainer_->evaluate(byte_tensors(batches)); });
  }

  void record_update_ratios(bool on) override {
    guarded([&] { trainer_->record_update_ratios(on); });
  }
  std::vector<double> update_ratios() const override { return trainer_->update_ratios(); }

 private:
  // LibTorch's pool waits for ever for a thread that the machine refuses it.
  void start_threads(int threads) {
    const platform::Watchdog::Guard on_guard(watchdog_);
    torch::set_num_threads(threads);
    set_blas_threads(threads);
  }

  FittingImages load_network(const NetworkRequest& request, const data::ImageShape& likely) {
    request_ = request;
    if (model::find_builtin(request.name) != nullptr) return {};
    if (!names_a_file(request.name)) model::make_builtin(request.name, {});  // throws
    model::hear_networks(request.says);
    auto network = model::load_network(request.name);
    const FittingImages fitting{network->channels(likely), network->image_size()};
    network_notes_ = network->notes();
    loaded_ = network.get();
    network_ = std::move(network);
    return fitting;
  }

  void build_network(const data::ImageShape& shape, int classes) {
    shape_ = shape;
    if (loaded_ == nullptr) {
      if (request_.replace_head) {
        throw usage_error(
            "--replace-head is for a network from a file (torch.export, TorchScript); built-in networks always fit the "
            "classes");
      }
      network_ = model::make_builtin(request_.name, {.channels = shape.channels,
                                                     .height = shape.height,
                                                     .width = shape.width,
                                                     .classes = classes,
                                                     .width_factor = request_.width_factor,
                                                     .depth = request_.depth});
    } else if (request_.replace_head) {
      loaded_->replace_head(classes, request_.seed);
    }
    const auto images = torch::zeros({2, shape.channels, shape.height, shape.width});
    model::check_output(*network_, images, classes);
    format_ = model::memory_format(*network_, images, device_);
  }

  static torch::Device choose_device(const std::string& name, int local_rank) {
    if (name == "cpu") return torch::kCPU;
    const auto count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
    const auto own = static_cast<c10::DeviceIndex>(count > 0 ? local_rank % count : 0);
    if (name == "auto") return count > 0 ? torch::Device(torch::kCUDA, own) : torch::Device(torch::kCPU);
    const int index = name == "cuda" ? own : std::stoi(name.substr(5));
    if (count == 0) {
      throw device_error("--device " + name + ": no CUDA device answers" +
                         (built_with_cuda ? " (LibTorch " TORCH_VERSION " has CUDA; is the driver loaded?)"
                                          : " (LibTorch " TORCH_VERSION " here is built for the CPU alone)") +
                         "; --device cpu works");
    }
    if (index >= count) {
      throw device_error(
          "--device " + name + ": there " +
          (count == 1 ? "is 1 CUDA device, cuda:0"
                      : "are " + std::to_string(count) + " CUDA devices, cuda:0 to cuda:" + std::to_string(count - 1)));
    }
    return {torch::kCUDA, static_cast<c10::DeviceIndex>(index)};
  }

  // Runs `work` with device_ as the current GPU and tells its trouble to people.
  template <typename Work>
  auto guarded(const Work& work) -> decltype(work()) {
    try {
      const platform::Watchdog::Guard on_guard(device_.is_cpu() ? watchdog_ : nullptr);
      c10::OptionalDeviceGuard on_device;
      if (!device_.is_cpu()) on_device.reset_device(device_);
      return work();
    } catch (const Error&) {
      throw;
    } catch (...) {
      rethrow_for_people(device_);
    }
  }

  std::shared_ptr<ProcessGroup> group_;  // null: this process trains alone
  std::unique_ptr<SyncBatchNorm> sync_batchnorm_;
  platform::Watchdog* watchdog_ = nullptr;
  torch::Device device_ = torch::kCPU;
  NetworkRequest request_;
  data::ImageShape shape_;
  std::unique_ptr<model::Network> network_;
  std::vector<std::string> network_notes_;
  model::LoadedNetwork* loaded_ = nullptr;  // network_ when it came from a file
  torch::MemoryFormat format_ = torch::MemoryFormat::ChannelsLast;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace

}  // namespace lrfind::train

extern "C" lrfind::train::Engine* lrfind_make_engine() { return new lrfind::train::TorchEngine(); }
