#include "model/exported_network.hpp"

#include "model/exported_archive.hpp"
#include "model/exported_graph.hpp"
#include "model/initialise.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace lrfind::model {

using torch::Tensor;
using Holds = ExportedProgram::Holds;

namespace {

// A program in half or double precision is trained in single precision, as every other network: its tensors and the
// types that its graph names.
void use_floats(ExportedFile& file, const std::string& path) {
  const auto& tensors = file.program.tensors;
  const auto first =
      std::find_if(tensors.begin(), tensors.end(), [](const auto& t) { return t.holds == Holds::parameter; });
  if (first == tensors.end()) return;
  const auto type = file.tensors.at(first->name).scalar_type();
  if (type == torch::kFloat || !c10::isFloatingType(type)) return;
  for (auto& [name, tensor] : file.tensors) {
    if (tensor.scalar_type() == type) tensor.set_data(tensor.to(torch::kFloat));
  }
  constexpr int single_precision = 7;  // torch/_export/serde/schema.py, ScalarType
  for (auto& node : file.program.nodes) {
    for (auto& input : node.inputs) {
      auto* named = std::get_if<ExportedArgument::ScalarType>(&input.value.is);
      if (named != nullptr && scalar_type_of(named->code, path) == type) named->code = single_precision;
    }
  }
}

std::string shape_of(const std::vector<ExportedSize>& sizes) {
  std::string text;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    text += (text.empty() ? "" : " x ") + (sizes[i] ? std::to_string(*sizes[i]) : std::string("any"));
  }
  return text;
}

}  // namespace

struct ExportedNetwork::Program {
  std::string path;
  ExportedFile file;
  ExportedGraph graph;
  std::vector<ValueId> copied;
  std::vector<std::pair<ValueId, Tensor>> updates;  // of buffers
  GivenTensors given;
  std::vector<c10::IValue> values;  // of the pass that is under way
  torch::Device constants_on = torch::kCPU;
  bool training = true;

  // By name. Those of two names are one.
  std::vector<NamedTensor> all(Holds holds) const {
    std::vector<NamedTensor> list;
    for (const auto& tensor : file.program.tensors) {
      if (tensor.holds == holds) list.push_back({tensor.name, given.at(tensor.value)});
    }
    return each_once(list);
  }

  void check(const Tensor& images) const {
    const auto& wanted = file.program.image_sizes;
    const auto& most = file.program.largest_batch;
    if (most && images.size(0) > *most) {
      throw model_error("\"" + path + "\" was exported for batches of at most " + std::to_string(*most) +
                        " images, not " + std::to_string(images.size(0)) +
                        "; lower --batch-size, or export it for any");
    }
    for (std::size_t i = 1; i < wanted.size(); ++i) {
      if (!wanted[i] || images.size(static_cast<std::int64_t>(i)) == *wanted[i]) continue;
      throw model_error(
          "\"" + path + "\" was exported for images of " + shape_of(wanted) + " (channels, height, width), not " +
          std::to_string(images.size(1)) + " x " + std::to_string(images.size(2)) + " x " +
          std::to_string(images.size(3)) + "; give --image-size " +
          (wanted.size() == 4 && wanted[2] && wanted[3] ? std::to_string(*wanted[2]) + "x" + std::to_string(*wanted[3])
                                                        : "that fits") +
          ", or export it for others");
    }
  }

  void set_out(const Tensor& images) {
    values.assign(file.program.value_names.size(), {});
    values[file.program.images] = images;
    if (images.device() != constants_on) {
      for (const auto& [name, tensor] : all(Holds::constant)) tensor.set_data(tensor.to(images.device()));
      constants_on = images.device();
    }
    for (const auto value : copied) {
      values[value] = value == file.program.images ? images.clone() : given.at(value).clone();
    }
  }

  // What a program without operators that change their arguments gives back for its buffers.
  void update_buffers() const {
    if (!training) return;
    const torch::NoGradGuard no_grad;
    for (const auto& [value, buffer] : updates) {
      if (values[value].isTensor()) buffer.copy_(values[value].toTensor());
    }
  }

  Tensor run(const Tensor& images) {
    set_out(images);
    const ExportedPass pass{training, images.device()};
    const ExportedOperation* current = nullptr;
    try {
      for (const auto& operation : graph.operations) {
        current = &operation;
        operation.run(values, pass);
      }
      update_buffers();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw_cannot_run(
          "the operator " + (current == nullptr ? std::string("?") : current->name()) + " of \"" + path + "\"", images,
          error);
    }
    const auto answer = values[file.program.logits];
    if (!answer.isTensor()) throw model_error("\"" + path + "\" does not compute what it answers with");
    return answer.toTensor();
  }
};

ExportedNetwork::ExportedNetwork(const std::string& path) : program_(std::make_unique<Program>()) {
  auto& [own_path, file, graph, copied, updates, given, values, constants_on, training] = *program_;
  own_path = path;
  file = read_exported_file(path);
  use_floats(file, path);
  for (const auto& tensor : file.program.tensors) given.emplace(tensor.value, file.tensors.at(tensor.name));
  require_trainable(parameters(), path);
  for (const auto& update : file.program.buffer_updates) {
    const auto buffer = file.tensors.find(update.buffer);
    if (buffer != file.tensors.end()) updates.emplace_back(update.value, buffer->second);
  }
  graph.program = &file.program;
  for (const auto& node : file.program.nodes) {
    if (!is_assertion(node.name)) graph.operations.emplace_back(node, given, path);
  }
  copied = copied_values(graph, path);
  update_buffers_in_training_alone(graph);
  expect_means_in_evaluation(graph);
  forget_after_last_use(graph);
}

ExportedNetwork::~ExportedNetwork() = default;

Tensor ExportedNetwork::forward(const Tensor& images) {
  program_->check(images);
  // Values of a pass that failed must not live on.
  struct Clear {
    std::vector<c10::IValue>& values;
    ~Clear() { values.clear(); }
  } const clear{program_->values};
  return program_->run(images);
}

std::vector<NamedTensor> ExportedNetwork::parameters() const { return program_->all(Holds::parameter); }

std::vector<NamedTensor> ExportedNetwork::buffers() const { return program_->all(Holds::buffer); }

void ExportedNetwork::train(bool on) { program_->training = on; }

std::vector<std::string> ExportedNetwork::initialise(std::uint64_t seed) {
  auto generator = make_generator(seed);
  std::set<const void*> fresh;
  initialise_by_uses(*this, uses_of_tensors(program_->graph), fresh, generator);
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : buffers()) {
    if (name.find("num_batches_tracked") != std::string::npos) tensor.zero_();
  }
  return left_as_they_were(*this, fresh);
}

std::optional<int> ExportedNetwork::channels(const data::ImageShape& likely) {
  const auto& sizes = program_->file.program.image_sizes;
  if (sizes.size() < 2 || !sizes[1]) return LoadedNetwork::channels(likely);
  return *sizes[1] == 1 || *sizes[1] == 3 ? std::optional(static_cast<int>(*sizes[1])) : std::nullopt;
}

std::optional<std::pair<int, int>> ExportedNetwork::image_size() const {
  const auto& sizes = program_->file.program.image_sizes;
  constexpr std::int64_t largest = 1 << 16;
  const auto fits = [&](std::size_t i) { return i < sizes.size() && sizes[i] && *sizes[i] > 0 && *sizes[i] < largest; };
  if (!fits(2) || !fits(3)) return std::nullopt;
  return std::pair(static_cast<int>(*sizes[2]), static_cast<int>(*sizes[3]));
}

std::vector<std::string> ExportedNetwork::notes() const {
  return notes_of(baked_modes(program_->graph), program_->path, "exported");
}

void ExportedNetwork::replace_head(std::int64_t classes, std::uint64_t seed) {
  const auto head = linear_head(program_->graph);
  if (!head) throw no_linear_head(program_->path, classes);
  auto generator = make_generator(seed);
  const auto inputs = program_->given.at(head->weight).size(1);
  const auto weight = torch::empty({classes, inputs}).requires_grad_(true);
  const auto bias = head->bias ? torch::empty({classes}).requires_grad_(true) : Tensor();
  initialise_affine(weight, bias, generator);
  const auto put = [&](ValueId value, const Tensor& tensor) {
    program_->given[value] = tensor;
    for (auto& operation : program_->graph.operations) operation.give(value, tensor);
  };
  put(head->weight, weight);
  if (head->bias) put(*head->bias, bias);
}

}  // namespace lrfind::model
