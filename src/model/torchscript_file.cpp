#include "model/torchscript_file.hpp"
#include <lrfind/error.hpp>

#include "model/torchscript_archive.hpp"
#include "model/torchscript_limits.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/version.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

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

std::string without_backtrace(const std::exception& error) {
  const auto* c10 = dynamic_cast<const c10::Error*>(&error);
  return c10 != nullptr ? c10->what_without_backtrace() : error.what();
}

// What a file is that LibTorch does not take, by what an archive of that kind holds.
enum class Kind { torchscript, exported_program, checkpoint, unknown };

bool any_ends_with(const std::vector<std::string>& names, const std::string& end) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  });
}

Kind kind_of(const std::string& path) {
  try {
    caffe2::serialize::PyTorchStreamReader archive(path);
    const auto names = archive.getAllRecords();
    if (any_ends_with(names, "constants.pkl")) return Kind::torchscript;
    if (any_ends_with(names, "archive_format") || any_ends_with(names, "serialized_exported_program.json")) {
      return Kind::exported_program;
    }
    if (any_ends_with(names, "data.pkl")) return Kind::checkpoint;
  } catch (const std::exception&) {
    return Kind::unknown;  // no archive, or one that is cut off
  }
  return Kind::unknown;
}

std::string not_torchscript(const std::string& path, Kind kind) {
  const std::string start = "model file \"" + path + "\" is not TorchScript";
  const std::string how = "; export it with torch.jit.script or scripts/export_torchscript.py";
  switch (kind) {
    case Kind::exported_program:
      return start + " but a program of torch.export" + how;
    case Kind::checkpoint:
      return start + " but a checkpoint of torch.save, which cannot be run without its Python code" + how;
    default:
      return start + ", or it is cut off or damaged" + how;
  }
}

// "Unknown builtin op: aten::scaled_dot_product_attention." -> "aten::scaled_dot_product_attention"
std::optional<std::string> missing_operator(const std::string& error) {
  for (const std::string start : {"Unknown builtin op: ", "Unknown torch op: ", "Could not find operator "}) {
    const auto found = error.find(start);
    if (found == std::string::npos) continue;
    const auto begin = found + start.size();
    const auto end = error.find_first_of(" \n\t(", begin);
    auto name = error.substr(begin, end == std::string::npos ? end : end - begin);
    while (!name.empty() && (name.back() == '.' || name.back() == ',')) name.pop_back();
    return name;
  }
  return std::nullopt;
}

// The first PyTorch that has an operator which many exported networks call.
std::string first_version_with(const std::string& name) {
  if (name == "aten::scaled_dot_product_attention") return "2.0";
  if (name == "aten::rms_norm") return "2.4";
  return {};
}

const std::string how_to_build =
    "build lrfind against the torch of the Python that exported it (activate its environment and run scripts/demo.sh, "
    "or "
    "cmake -DTorch_DIR=DIR/share/cmake/Torch with what python3 -c \"import torch; print(torch.__path__[0])\" prints)";

std::string cannot_load(const std::string& path, const std::string& error) {
  const std::string file = "model file \"" + path + "\" is TorchScript";
  if (const auto name = missing_operator(error)) {
    const auto since = first_version_with(*name);
    return file + " that calls the operator " + *name + ", which LibTorch " TORCH_VERSION " does not have" +
           (since.empty() ? ": a newer torch exported it" : " (torch " + since + " and newer do)") + "; " +
           how_to_build;
  }
  return file + ", but LibTorch " TORCH_VERSION " cannot load it: " + reason_in(error) +
         "; if a newer torch exported it, " + how_to_build;
}

void require_regular_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw model_error("model file \"" + path + "\" does not exist");
  if (std::filesystem::is_directory(status)) {
    throw model_error("model \"" + path +
                      "\" is a folder; a TorchScript file is needed (scripts/export_torchscript.py)");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw model_error("model \"" + path + "\" is not a regular file; a TorchScript file is needed");
  }
  if (!std::ifstream(path)) throw model_error("model file \"" + path + "\" cannot be opened");
}

}  // namespace

std::string reason_in(const std::string& libtorch_error) {
  // The failing line of the network comes in the middle, the reason at the end.
  const auto at = libtorch_error.rfind("RuntimeError: ");
  return first_line(at == std::string::npos ? libtorch_error : libtorch_error.substr(at));
}

torch::jit::Module load_torchscript(const std::string& path) {
  require_regular_file(path);
  const auto refuse_for = [&](const std::string& problem) {
    if (!problem.empty()) throw model_error("model file \"" + path + "\" " + problem + "; it is not run");
  };
  refuse_for(archive_problem(path));
  try {
    auto script = torch::jit::load(path, torch::kCPU);
    refuse_for(why_not_run(script, std::filesystem::file_size(path)));
    return script;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const Kind kind = kind_of(path);
    throw model_error(kind == Kind::torchscript ? cannot_load(path, without_backtrace(error))
                                                : not_torchscript(path, kind));
  }
}

}  // namespace lrfind::model
