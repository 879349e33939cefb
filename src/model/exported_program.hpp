// What torch.export.save writes, as plain values: the graph of a network with its inputs, without LibTorch and without
// the weights. The format is that of torch/_export/serde/schema.py, version 8: JSON, in which every argument is an
// object with one member that names its kind ("as_tensor", "as_ints", ...).
#pragma once

#include <lrfind/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lrfind::model {

/// The number of a value of the graph: an input, or what a node answers with.
using ValueId = std::size_t;

/// What a node is given. Types, layouts and memory formats are the schema's numbers, not LibTorch's.
struct ExportedArgument {
  struct None {};
  struct Value {
    ValueId id = 0;
  };
  struct ScalarType {
    int code = 0;
  };
  struct Layout {
    int code = 0;
  };
  struct MemoryFormat {
    int code = 0;
  };
  struct Device {};  // which one is the file's business: the network runs where its images are
  using List = std::vector<ExportedArgument>;

  std::variant<None, Value, bool, std::int64_t, double, std::string, ScalarType, Layout, MemoryFormat, Device, List> is;
};

struct ExportedNode {
  struct Input {
    std::string name;  ///< of the operator's argument
    ExportedArgument value;
  };
  /// One of the operator's answers: a value, or a list of such. Nothing where the graph does not name it.
  struct Output {
    bool is_list = false;
    std::vector<std::optional<ValueId>> values;
  };

  std::string name;      ///< "aten::conv2d", or Python's own: "_operator.mul"
  std::string overload;  ///< "Tensor"; empty for the default
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  bool differentiable = true;  ///< false: under torch.no_grad

  /// As messages call it: "aten::add.Tensor".
  std::string target() const { return overload.empty() ? name : name + "." + overload; }
};

/// A size that is the file's, or nothing where the network takes any.
using ExportedSize = std::optional<std::int64_t>;

struct ExportedProgram {
  enum class Holds { parameter, buffer, constant };
  struct Tensor {
    Holds holds = Holds::parameter;
    std::string name;  ///< dotted path in the module
    ValueId value = 0;
  };
  struct BufferUpdate {
    std::string buffer;
    ValueId value = 0;
  };

  std::string torch_version;              ///< that wrote the file
  std::vector<Tensor> tensors;            ///< in the order of the file
  ValueId images = 0;                     ///< the one input
  std::vector<ExportedSize> image_sizes;  ///< [N, channels, height, width]; empty where the file does not say
  std::optional<std::int64_t> largest_batch;
  std::vector<ExportedNode> nodes;  ///< each uses only values of those before it
  ValueId logits = 0;
  std::vector<BufferUpdate> buffer_updates;  ///< values that replace a buffer's after a pass in training mode
  std::vector<std::string> value_names;      ///< by ValueId
};

/// json: a file's models/NAME.json; file: its path, for messages. Throws Error (model) for a file of a newer schema,
/// one that is damaged, kinds of arguments that are not supported, values used before they are defined, a fixed batch,
/// and inputs or outputs that are not those of a classifier.
ExportedProgram parse_exported_program(std::string_view json, const std::string& file);

}  // namespace lrfind::model
