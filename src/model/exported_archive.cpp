#include "model/exported_archive.hpp"

#include "model/model_file.hpp"
#include "model/stored_tensors.hpp"
#include "platform/excerpt.hpp"
#include "platform/zip_archive.hpp"

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lrfind::model {

namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class Archive {
 public:
  explicit Archive(const std::string& path) : path_(path), zip_(path) {
    using Problem = platform::ZipArchive::Problem;
    if (zip_.problem() == Problem::damaged) refuse(zip_.reason());
    if (zip_.problem() == Problem::no_archive || zip_.entries().empty()) refuse("is damaged: it is no archive");
    // All entries lie in one folder, which may have any name.
    const auto& first = zip_.entries().front().name;
    const auto folder = first.substr(0, first.find('/') + 1);
    for (const auto& entry : zip_.entries()) {
      if (entry.deflated) refuse("has compressed entries, which torch.export.save does not write");
      if (entry.name.rfind(folder, 0) != 0) continue;
      if (!entries_.emplace(entry.name.substr(folder.size()), &entry).second) {
        damaged("it has two entries \"" + excerpt(entry.name) + "\"");
      }
    }
  }

  [[noreturn]] void damaged(const std::string& clause) const { refuse("is damaged: " + clause); }

  bool has(const std::string& name) const { return entries_.count(name) > 0; }
  const std::map<std::string, const platform::ZipEntry*>& entries() const { return entries_; }
  std::uint64_t bytes() const { return zip_.file_bytes(); }

  std::string content(const std::string& name) const {
    if (!has(name)) damaged("it has no entry \"" + excerpt(name) + "\"");
    try {
      return zip_.content(*entries_.at(name));
    } catch (const std::runtime_error& error) {
      refuse(error.what());
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& clause) const {
    throw model_error("exported program \"" + path_ + "\" " + clause + "; export it again");
  }

  std::string path_;
  platform::ZipArchive zip_;
  std::map<std::string, const platform::ZipEntry*> entries_;  // by their names in the folder
};

// models/NAME.json -> NAME
std::string only_model(const Archive& archive, const std::string& path) {
  const std::string folder = "models/", suffix = ".json";
  std::vector<std::string> models;
  for (const auto& [name, entry] : archive.entries()) {
    if (name.rfind(folder, 0) == 0 && ends_with(name, suffix) && name.size() > folder.size() + suffix.size()) {
      models.push_back(name.substr(folder.size(), name.size() - folder.size() - suffix.size()));
    }
  }
  if (models.size() != 1) {
    throw model_error("\"" + path + "\" holds " + std::to_string(models.size()) +
                      " exported programs; a file of torch.export.save holds one");
  }
  return models.front();
}

/// Tensors of one folder of the archive.
class TensorReader {
 public:
  TensorReader(const Archive& archive, std::string folder, const std::string& file)
      : archive_(archive), folder_(std::move(folder)), file_(file) {}

  torch::Tensor read(const std::string& name, const StoredTensor& stored) {
    const auto [place, is_new] = memory_.try_emplace(stored.path);
    if (is_new) {
      place->second = {name, stored, make(name, stored)};
      return place->second.tensor;
    }
    const auto& first = place->second;
    const bool same = first.stored.sizes == stored.sizes && first.stored.strides == stored.strides &&
                      first.stored.offset == stored.offset && first.stored.scalar_type == stored.scalar_type;
    if (!same) {
      throw model_error("exported program \"" + file_ + "\" has two tensors, \"" + excerpt(first.name) + "\" and \"" +
                        excerpt(name) + "\", that share a part of their memory, which is not supported");
    }
    return first.tensor;
  }

 private:
  struct Memory {
    std::string name;  // of the tensor that was read from it
    StoredTensor stored;
    torch::Tensor tensor;
  };

  torch::Tensor make(const std::string& name, const StoredTensor& stored) const {
    const auto type = scalar_type_of(stored.scalar_type, file_);
    const auto item = static_cast<std::int64_t>(c10::elementSize(type));
    const auto too_short = [&] {
      archive_.damaged("\"" + excerpt(name) + "\" reaches beyond its " + folder_ + excerpt(stored.path));
    };
    if (stored.storage_elements > static_cast<std::int64_t>(archive_.bytes()) / item) too_short();
    auto bytes = archive_.content(folder_ + stored.path);
    if (stored.storage_elements * item > static_cast<std::int64_t>(bytes.size())) too_short();
    try {
      const auto whole = torch::from_blob(bytes.data(), {stored.storage_elements}, torch::TensorOptions(type));
      return whole.as_strided(stored.sizes, stored.strides, stored.offset).clone();
    } catch (const std::exception& error) {  // sizes far beyond the bytes by strides of 0
      archive_.damaged("\"" + excerpt(name) + "\" cannot be made, " + reason_in(error));
    }
  }

  const Archive& archive_;
  std::string folder_;
  const std::string& file_;
  std::map<std::string, Memory> memory_;
};

}  // namespace

torch::ScalarType scalar_type_of(int code, const std::string& file) {
  // torch/_export/serde/schema.py, ScalarType
  static const std::map<int, torch::ScalarType> types = {
      {1, torch::kByte}, {2, torch::kChar},  {3, torch::kShort},  {4, torch::kInt},   {5, torch::kLong},
      {6, torch::kHalf}, {7, torch::kFloat}, {8, torch::kDouble}, {12, torch::kBool}, {13, torch::kBFloat16}};
  const auto found = types.find(code);
  if (found == types.end()) {
    throw model_error("exported program \"" + file + "\" has values of type " + std::to_string(code) +
                      " of torch.export's schema, which is not supported; floating-point and whole numbers are");
  }
  return found->second;
}

ExportedFile read_exported_file(const std::string& path) {
  const Archive archive(path);
  if (archive.has("byteorder") && archive.content("byteorder") != "little") {
    throw model_error("exported program \"" + path + "\" was written on a big-endian machine, which is not supported");
  }
  const auto model = only_model(archive, path);
  ExportedFile file{parse_exported_program(archive.content("models/" + model + ".json"), path), {}};

  const std::string weights = "data/weights/", constants = "data/constants/";
  if (archive.has(weights + model + ".pt")) {
    throw model_error("exported program \"" + path +
                      "\" keeps its weights as Python objects (pickle), as torch 2.8 wrote them; export it again with "
                      "torch 2.9 or newer");
  }
  const auto listed = [&](const std::string& name) {
    return archive.has(name) ? parse_stored_tensors(archive.content(name), path)
                             : std::map<std::string, StoredTensor>();
  };
  const auto in_weights = listed(weights + model + "_weights_config.json");
  const auto in_constants = listed(constants + model + "_constants_config.json");
  TensorReader read_weight(archive, weights, path), read_constant(archive, constants, path);
  for (const auto& tensor : file.program.tensors) {
    if (const auto found = in_weights.find(tensor.name); found != in_weights.end()) {
      file.tensors[tensor.name] = read_weight.read(tensor.name, found->second);
    } else if (const auto constant = in_constants.find(tensor.name); constant != in_constants.end()) {
      file.tensors[tensor.name] = read_constant.read(tensor.name, constant->second);
    } else {
      archive.damaged("it names the tensor \"" + excerpt(tensor.name) + "\" and does not hold it");
    }
  }
  return file;
}

}  // namespace lrfind::model
