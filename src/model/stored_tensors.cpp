#include "model/stored_tensors.hpp"

#include "model/exported_json.hpp"

#include <optional>

namespace lrfind::model {

namespace {

using Json = ExportedJson::Json;

// How many elements a tensor's memory must have; nothing where that is beyond any memory.
std::optional<std::int64_t> elements_reached(const StoredTensor& tensor) {
  std::int64_t last = tensor.offset;
  std::int64_t count = 1;
  for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
    std::int64_t step = 0;
    if (__builtin_mul_overflow(count, tensor.sizes[i], &count)) return std::nullopt;
    if (tensor.sizes[i] == 0) return 0;
    if (__builtin_mul_overflow(tensor.sizes[i] - 1, tensor.strides[i], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  if (__builtin_add_overflow(last, std::int64_t{1}, &last)) return std::nullopt;
  return last;
}

// Appended piece by piece: GCC 12 takes what operator+ does for an overlap.
std::string about(const std::string& before, const std::string& name, const std::string& after) {
  std::string text = before;
  text += '"';
  text += excerpt(name);
  text += '"';
  return text += after;
}

StoredTensor read_stored(const ExportedJson& read, const std::string& name, const Json& stored) {
  StoredTensor tensor;
  const auto* meta = read.find(stored, "tensor_meta");
  if (meta == nullptr || read.boolean(read.member(stored, "use_pickle"), "use_pickle")) {
    read.refuse(about("keeps ", name, " as Python code (pickle), which is not read; only plain tensors are supported"));
  }
  tensor.path = read.text_in(stored, "path_name");
  tensor.scalar_type = read.code(read.member(*meta, "dtype"), "dtype");
  const auto numbers = [&](const char* what) {
    std::vector<std::int64_t> list;
    for (const auto& each : read.list_in(*meta, what)) {
      list.push_back(read.integer(read.member(each, "as_int"), what));
      if (list.back() < 0) read.damaged(about("", name, std::string(" has negative ") + what));
    }
    return list;
  };
  tensor.sizes = numbers("sizes");
  tensor.strides = numbers("strides");
  tensor.offset = read.integer(read.member(read.member(*meta, "storage_offset"), "as_int"), "storage_offset");
  const auto reached = tensor.sizes.size() == tensor.strides.size() && tensor.offset >= 0
                           ? elements_reached(tensor)
                           : std::optional<std::int64_t>();
  if (!reached) read.damaged(about("the sizes and strides of ", name, " do not fit"));
  tensor.storage_elements = *reached;
  return tensor;
}

}  // namespace

std::map<std::string, StoredTensor> parse_stored_tensors(std::string_view json, const std::string& file) {
  const ExportedJson read(file);
  const auto list = read.parse(json, "its list of weights");
  const auto& config = read.member(list, "config");
  if (!config.is_object()) read.damaged("\"config\" is no object");
  std::map<std::string, StoredTensor> tensors;
  for (const auto& [name, stored] : config.items()) tensors.emplace(name, read_stored(read, name, stored));
  return tensors;
}

}  // namespace lrfind::model
