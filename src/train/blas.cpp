#include "train/blas.hpp"

#include <ATen/Context.h>
#include <ATen/Version.h>

#include <dlfcn.h>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>

namespace lrfind::train {

namespace {

std::string file_of(const void* address) {
  Dl_info info{};
  return address != nullptr && dladdr(address, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

using Library = std::unique_ptr<void, int (*)(void*)>;

Library open_again(const std::string& file) {
  return {file.empty() ? nullptr : dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD),
          [](void* library) { return library == nullptr ? 0 : dlclose(library); }};
}

// Of the library or of one that it is linked with: Debian's libblas.so.3 of OpenBLAS is a thin one.
void* function_of(const std::string& file, const char* name) {
  const auto library = open_again(file);
  return library == nullptr ? nullptr : dlsym(library.get(), name);
}

// This file is linked into what LibTorch is opened with, so the loader looks for both in the same places.
void* bound_sgemm() { return dlsym(RTLD_DEFAULT, "sgemm_"); }

// Whether split_gemm.cpp stands between LibTorch and the library.
bool is_split() { return file_of(bound_sgemm()) == file_of(reinterpret_cast<void*>(&blas_of_libtorch)); }

std::string file_of_blas() {
  if (!is_split()) return file_of(bound_sgemm());
  return file_of(function_of(file_of(reinterpret_cast<void*>(&at::get_mkl_version)), "sgemm_"));
}

// "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build ..." -> "2024.2"
std::string version_in(const std::string& text) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto begin = std::find_if(text.begin(), text.end(), is_digit);
  const auto end = std::find_if(begin, text.end(), [&](char c) { return !is_digit(c) && c != '.'; });
  return {begin, end};
}

// What only the implementations that are fast define.
struct Mark {
  const char* function;
  const char* name;
};
constexpr Mark marks[] = {{"bli_info_get_version_str", "BLIS"}, {"ATL_buildinfo", "ATLAS"},
                          {"mkl_get_version", "MKL"},           {"MKL_Get_Version", "MKL"},
                          {"armplversion_", "Arm Performance"}, {"flexiblas_print_current_backend", "FlexiBLAS"},
                          {"nvpl_blas_get_version", "NVPL"}};

// The reference implementation has no function of its own to know it by; it is a tenth of the size of any other.
constexpr std::uintmax_t largest_reference = 2'000'000;

bool is_small(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return !error && size < largest_reference;
}

}  // namespace

Blas blas_of_libtorch() {
  Blas blas;
  blas.file = file_of_blas();
  const bool inside = blas.file.find("libtorch") != std::string::npos;
  const auto mark = std::find_if(std::begin(marks), std::end(marks),
                                 [&](const Mark& each) { return function_of(blas.file, each.function) != nullptr; });
  if (auto* config = function_of(blas.file, "openblas_get_config")) {
    blas.name = "OpenBLAS " + version_in(reinterpret_cast<const char* (*)()>(config)());
    blas.splits = is_split();
  } else if (mark != std::end(marks)) {
    blas.name = mark->name;
  } else if (inside && at::hasMKL()) {
    blas.name = "MKL " + version_in(at::get_mkl_version());
  } else if (blas.file.empty()) {
    blas.name = "none";
    blas.slow = true;
  } else if (!inside && is_small(blas.file)) {
    blas.name = "reference BLAS";
    blas.slow = true;
    blas.splits = is_split();
  } else {
    blas.name = std::filesystem::path(blas.file).filename();
  }
  return blas;
}

void* blas_function(const char* name) { return function_of(file_of_blas(), name); }

void set_blas_threads(int threads) {
  if (auto* set = blas_function("openblas_set_num_threads")) {
    reinterpret_cast<void (*)(int)>(set)(blas_of_libtorch().splits ? 1 : threads);
  }
}

}  // namespace lrfind::train
