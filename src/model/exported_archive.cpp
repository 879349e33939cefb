#include "model/exported_archive.hpp"

#include "model/model_file.hpp"
#include "model/stored_tensors.hpp"
#include "platform/excerpt.hpp"

#include <caffe2/serialize/file_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

namespace lrfind::model {

namespace {

using caffe2::serialize::FileAdapter;
using caffe2::serialize::PyTorchStreamReader;

std::uint16_t little_endian_16(const char* bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) |
                                    static_cast<unsigned>(static_cast<unsigned char>(bytes[1])) << 8U);
}

/// Hands bytes of the file to LibTorch's reader and looks at the archive's directory on its way: an entry that is not
/// stored as it is could unfold to any size, and torch.export.save writes none.
class StoredEntries : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit StoredEntries(const std::string& path) : file_(path) {}

  std::size_t size() const override { return file_.size(); }
  std::size_t read(std::uint64_t position, void* buffer, std::size_t count, const char* what) const override {
    const auto got = file_.read(position, buffer, count, what);
    if (!opened_) look_for_compressed(static_cast<const char*>(buffer), got);
    return got;
  }

  /// The directory was read.
  void opened() { opened_ = true; }
  bool has_compressed() const { return has_compressed_; }

 private:
  // Central directory file headers: APPNOTE.TXT 6.3.10 of PKWARE, section 4.3.12.
  void look_for_compressed(const char* bytes, std::size_t count) const {
    constexpr std::size_t header = 46, method_at = 10, lengths_at = 28;
    std::size_t at = 0;
    while (at + header <= count && std::memcmp(bytes + at, "PK\1\2", 4) == 0) {
      has_compressed_ = has_compressed_ || little_endian_16(bytes + at + method_at) != 0;
      std::size_t names = 0;  // of name, extra field and comment
      for (const std::size_t i : {0U, 2U, 4U}) names += little_endian_16(bytes + at + lengths_at + i);
      at += header + names;
    }
  }

  FileAdapter file_;
  bool opened_ = false;
  mutable bool has_compressed_ = false;
};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

class Archive {
 public:
  explicit Archive(const std::string& path) : path_(path) {
    try {
      const auto entries = std::make_shared<StoredEntries>(path);
      reader_ = std::make_unique<PyTorchStreamReader>(entries);
      entries->opened();
      if (entries->has_compressed()) {
        throw model_error("exported program \"" + path +
                          "\" has compressed entries, which torch.export.save does not write; export it again");
      }
      bytes_ = entries->size();
      names_ = reader_->getAllRecords();
      std::sort(names_.begin(), names_.end());
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      damaged(reason_in(error));
    }
  }

  [[noreturn]] void damaged(const std::string& clause) const {
    throw model_error("exported program \"" + path_ + "\" is damaged: " + clause + "; export it again");
  }

  bool has(const std::string& name) const { return std::binary_search(names_.begin(), names_.end(), name); }
  const std::vector<std::string>& names() const { return names_; }
  std::size_t bytes() const { return bytes_; }

  /// The bytes of an entry; they belong to the caller.
  std::pair<at::DataPtr, std::size_t> read(const std::string& name) const {
    if (!has(name)) damaged("it has no entry \"" + excerpt(name) + "\"");
    try {
      auto [data, size] = reader_->getRecord(name);
      return {std::move(data), size};
    } catch (const std::exception& error) {
      damaged("the entry \"" + excerpt(name) + "\" cannot be read, " + reason_in(error));
    }
  }

  std::string text(const std::string& name) const {
    const auto [data, size] = read(name);
    return {static_cast<const char*>(data.get()), size};
  }

 private:
  std::string path_;
  std::unique_ptr<PyTorchStreamReader> reader_;
  std::vector<std::string> names_;
  std::size_t bytes_ = 0;
};

// models/NAME.json -> NAME
std::string only_model(const Archive& archive, const std::string& path) {
  const std::string folder = "models/", suffix = ".json";
  std::vector<std::string> models;
  for (const auto& name : archive.names()) {
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
    auto [data, size] = archive_.read(folder_ + stored.path);
    if (stored.storage_elements * item > static_cast<std::int64_t>(size)) too_short();
    try {
      const auto whole = torch::from_blob(data.get(), {stored.storage_elements}, torch::TensorOptions(type));
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
  if (archive.has("byteorder") && archive.text("byteorder") != "little") {
    throw model_error("exported program \"" + path + "\" was written on a big-endian machine, which is not supported");
  }
  const auto model = only_model(archive, path);
  ExportedFile file{parse_exported_program(archive.text("models/" + model + ".json"), path), {}};

  const std::string weights = "data/weights/", constants = "data/constants/";
  if (archive.has(weights + model + ".pt")) {
    throw model_error("exported program \"" + path +
                      "\" keeps its weights as Python objects (pickle), as torch 2.8 wrote them; export it again with "
                      "torch 2.9 or newer");
  }
  const auto listed = [&](const std::string& name) {
    return archive.has(name) ? parse_stored_tensors(archive.text(name), path) : std::map<std::string, StoredTensor>();
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
