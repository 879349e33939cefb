#include "model/model_file.hpp"
#include "platform/did_you_mean.hpp"

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace lrfind::model {

namespace {

std::string first_line(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(" \t") != std::string::npos) return line;
  }
  return "unknown error";
}

void require_regular_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw model_error("model file \"" + path + "\" does not exist" + did_you_mean_path(path));
  }
  const std::string needed = "; a file of torch.export or TorchScript is needed";
  if (std::filesystem::is_directory(status)) {
    throw model_error("model \"" + path + "\" is a folder" + needed + " (scripts/export_network.py)");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw model_error("model \"" + path + "\" is not a regular file" + needed);
  }
  if (!std::ifstream(path)) throw model_error("model file \"" + path + "\" cannot be opened");
}

}  // namespace

FileKind kind_of_file(const std::string& path) {
  require_regular_file(path);
  try {
    caffe2::serialize::PyTorchStreamReader archive(path);
    const auto names = archive.getAllRecords();
    const auto any = [&](auto fits) { return std::any_of(names.begin(), names.end(), fits); };
    const auto named = [&](std::string_view end) {
      return any([&](const std::string& name) {
        return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
      });
    };
    if (named("constants.pkl")) return FileKind::torchscript;
    if (named("serialized_exported_program.json")) return FileKind::old_exported_program;
    if (named("archive_format")) {
      const bool has_graph = any([](const std::string& name) { return name.rfind("models/", 0) == 0; });
      return has_graph ? FileKind::exported_program : FileKind::compiled_program;
    }
    if (named("data.pkl")) return FileKind::checkpoint;
  } catch (const std::exception&) {
    return FileKind::unknown;
  }
  return FileKind::unknown;
}

std::string reason_in(const std::string& libtorch_error) {
  // The failing line of the network comes in the middle, the reason at the end.
  const auto at = libtorch_error.rfind("RuntimeError: ");
  return first_line(at == std::string::npos ? libtorch_error : libtorch_error.substr(at));
}

std::string reason_in(const std::exception& libtorch_error) { return reason_in(without_backtrace(libtorch_error)); }

std::string without_backtrace(const std::exception& libtorch_error) {
  const auto* c10 = dynamic_cast<const c10::Error*>(&libtorch_error);
  return c10 != nullptr ? c10->what_without_backtrace() : libtorch_error.what();
}

std::string how_to_build_with_another_torch() {
  return "build lrfind against the torch of the Python that exported it (activate its environment and run "
         "scripts/demo.sh, or cmake -DTorch_DIR=DIR/share/cmake/Torch with what python3 -c \"import torch; "
         "print(torch.__path__[0])\" prints)";
}

}  // namespace lrfind::model
