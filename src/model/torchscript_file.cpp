#include "model/torchscript_file.hpp"

#include "model/model_file.hpp"
#include "model/torchscript_archive.hpp"
#include "model/torchscript_limits.hpp"

#include <torch/version.h>

#include <filesystem>
#include <optional>
#include <string>

namespace lrfind::model {

namespace {

std::string not_torchscript(const std::string& path, FileKind kind) {
  const std::string start = "model file \"" + path + "\" is not TorchScript";
  const std::string how = "; export it with torch.jit.script or scripts/export_network.py";
  switch (kind) {
    case FileKind::exported_program:
      return start + " but a program of torch.export" + how;
    case FileKind::checkpoint:
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

std::string cannot_load(const std::string& path, const std::string& error) {
  const std::string file = "model file \"" + path + "\" is TorchScript";
  if (const auto name = missing_operator(error)) {
    const auto since = first_version_with(*name);
    return file + " that calls the operator " + *name + ", which LibTorch " TORCH_VERSION " does not have" +
           (since.empty() ? ": a newer torch exported it" : " (torch " + since + " and newer do)") + "; " +
           how_to_build_with_another_torch();
  }
  return file + ", but LibTorch " TORCH_VERSION " cannot load it: " + reason_in(error) +
         "; if a newer torch exported it, " + how_to_build_with_another_torch();
}

}  // namespace

torch::jit::Module load_torchscript(const std::string& path) {
  const auto kind = kind_of_file(path);
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
    throw model_error(kind == FileKind::torchscript ? cannot_load(path, without_backtrace(error))
                                                    : not_torchscript(path, kind));
  }
}

}  // namespace lrfind::model
