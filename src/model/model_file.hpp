// What a network's file is, before anything in it is used, and LibTorch's errors in the words that matter.
#pragma once

#include <lrfind/error.hpp>

#include <exception>
#include <string>

namespace lrfind::model {

enum class FileKind {
  torchscript,           ///< of torch.jit.save
  exported_program,      ///< of torch.export.save
  old_exported_program,  ///< of torch.export.save before it wrote archive_format
  compiled_program,      ///< of torch._inductor.aoti_compile_and_package
  checkpoint,            ///< of torch.save
  unknown                ///< no archive, or one that is cut off or damaged
};

/// By what an archive of that kind holds. Throws Error (model) where `path` is no regular file that can be read.
FileKind kind_of_file(const std::string& path);

/// What LibTorch's long error says first that is of use: without stack traces and source lines.
std::string reason_in(const std::string& libtorch_error);
std::string reason_in(const std::exception& libtorch_error);

/// All that LibTorch says, without stack traces.
std::string without_backtrace(const std::exception& libtorch_error);

/// What to do about a file that another torch made.
std::string how_to_build_with_another_torch();

}  // namespace lrfind::model
