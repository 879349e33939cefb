// The file of torch.export.save: a zip archive of JSON and raw bytes, read in place. Nothing is written to disk and no
// Python object is read.
//
//   archive_format                                   "pt2"
//   byteorder                                        "little"
//   models/NAME.json                                 the graph (exported_program.hpp)
//   data/weights/NAME_weights_config.json            shapes of parameters and buffers, and where their bytes are
//   data/weights/weight_0                            bytes
//   data/constants/NAME_constants_config.json        likewise of tensors that are no parameters
//   data/constants/tensor_0
//   data/sample_inputs/NAME.pt                       a pickle, which is left alone
#pragma once

#include "model/exported_program.hpp"

#include <torch/torch.h>

#include <map>
#include <string>

namespace lrfind::model {

struct ExportedFile {
  ExportedProgram program;
  /// Every tensor that the program names, by its name; tensors of two names that share all of their memory are one.
  std::map<std::string, torch::Tensor> tensors;
};

/// Throws Error (model): an archive that is damaged or of another kind, entries that are compressed, tensors that reach
/// beyond their bytes or share a part of them, and what parse_exported_program throws.
ExportedFile read_exported_file(const std::string& path);

/// LibTorch's type for a number of the schema's. Throws Error (model); file: for the message.
torch::ScalarType scalar_type_of(int code, const std::string& file);

}  // namespace lrfind::model
