#include "model/loaded_network.hpp"

#include "model/exported_network.hpp"
#include "model/model_file.hpp"
#include "model/torchscript.hpp"

#include <set>
#include <sstream>

namespace lrfind::model {

std::optional<int> LoadedNetwork::channels(const data::ImageShape& likely) {
  for (const int channels : {likely.channels, likely.channels == 1 ? 3 : 1}) {
    try {
      forward_once(*this, torch::zeros({2, channels, likely.height, likely.width}));
      return channels;
    } catch (const Error&) {
      continue;
    }
  }
  return std::nullopt;
}

std::unique_ptr<LoadedNetwork> load_network(const std::string& path) {
  const std::string again =
      "; export it again with torch.export.save of torch 2.9 or newer (scripts/export_network.py)";
  switch (kind_of_file(path)) {
    case FileKind::exported_program:
      return std::make_unique<ExportedNetwork>(path);
    case FileKind::old_exported_program:
      throw model_error("model file \"" + path + "\" is a program that an old torch exported" + again);
    case FileKind::compiled_program:
      throw model_error("model file \"" + path + "\" is a compiled program (AOTInductor), which cannot be trained" +
                        again);
    case FileKind::unknown:
      if (path.size() > 4 && path.compare(path.size() - 4, 4, ".pt2") == 0) {
        throw model_error("model file \"" + path + "\" is no program of torch.export, or it is cut off or damaged" +
                          again);
      }
      [[fallthrough]];
    default:
      return std::make_unique<TorchScriptNetwork>(path);
  }
}

std::vector<std::string> notes_of(const BakedModes& modes, const std::string& path, const std::string& made) {
  const std::string how = "; export it in training mode (scripts/export_network.py does)";
  const auto of = [](int count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  std::vector<std::string> notes;
  if (modes.frozen_norms > 0 || modes.disabled_dropouts > 0) {
    std::string frozen;
    if (modes.frozen_norms > 0) {
      frozen = of(modes.frozen_norms, "normalisation layer") + " with the running statistics of the file for ever";
    }
    if (modes.disabled_dropouts > 0) {
      frozen += (frozen.empty() ? "" : " and ") + of(modes.disabled_dropouts, "dropout layer") + " switched off";
    }
    notes.push_back("\"" + path + "\" was " + made + " in evaluation mode and trains so: " + frozen + how);
  }
  if (modes.enabled_dropouts > 0) {
    notes.push_back("\"" + path + "\" was " + made +
                    " in training mode: " + of(modes.enabled_dropouts, "dropout layer") +
                    " drop in evaluation too, so validation figures come out too low; torch.jit.script keeps the mode "
                    "free");
  }
  return notes;
}

Error no_linear_head(const std::string& path, std::int64_t classes) {
  return model_error("--replace-head needs a network that ends in a linear layer, and \"" + path +
                     "\" has none; give its last layer " + std::to_string(classes) + " outputs before exporting it");
}

std::vector<NamedTensor> each_once(const std::vector<NamedTensor>& tensors) {
  std::set<const void*> seen;
  std::vector<NamedTensor> list;
  for (const auto& item : tensors) {
    if (seen.insert(item.tensor.unsafeGetTensorImpl()).second) list.push_back(item);
  }
  return list;
}

void require_trainable(const std::vector<NamedTensor>& parameters, const std::string& path) {
  if (parameters.empty()) throw model_error("model file \"" + path + "\" has no parameters to train (is it frozen?)");
  for (const auto& [name, tensor] : parameters) {
    if (!tensor.is_floating_point()) {
      throw model_error("parameter \"" + name + "\" of \"" + path + "\" is " + std::string(tensor.dtype().name()) +
                        ", not floating point; a quantised network cannot be trained");
    }
    const torch::NoGradGuard no_grad;
    if (tensor.scalar_type() != torch::kFloat) tensor.set_data(tensor.to(torch::kFloat));
    tensor.requires_grad_(true);
  }
}

void throw_cannot_run(const std::string& what, const torch::Tensor& images, const std::exception& error) {
  const std::string text = without_backtrace(error);
  for (const char* trouble : {"memory", "CUDA", "cuDNN"}) {
    if (text.find(trouble) != std::string::npos) throw;  // the device's trouble, not the network's
  }
  std::string shape = "a tensor";
  if (images.dim() == 4) {
    shape = "images of " + std::to_string(images.size(1)) + " x " + std::to_string(images.size(2)) + " x " +
            std::to_string(images.size(3)) + " (channels, height, width)";
  }
  throw model_error(what + " cannot be run on " + shape + ": " + reason_in(text));
}

void check_output(Network& network, const torch::Tensor& images, std::int64_t classes) {
  const auto output = forward_once(network, images);
  std::ostringstream shape;
  shape << output.sizes();
  const std::string must =
      "; it must be [N, classes], here [" + std::to_string(images.size(0)) + ", " + std::to_string(classes) + "]";
  if (!output.is_floating_point()) {
    throw model_error("the network's output is " + std::string(output.dtype().name()) + ", not floating-point logits");
  }
  if (output.dim() != 2 || output.size(0) != images.size(0)) {
    throw model_error("the network's output has shape " + shape.str() + must);
  }
  if (output.size(1) != classes) {
    throw model_error("the network answers with " + std::to_string(output.size(1)) + " classes and the data has " +
                      std::to_string(classes) + "; --replace-head gives it a fresh last layer of the right size");
  }
}

}  // namespace lrfind::model
