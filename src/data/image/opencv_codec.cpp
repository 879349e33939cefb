#include <data/image/opencv_codec.hpp>

#ifdef LRFIND_IMGCODECS

#include <opencv2/core.hpp>

#include <dlfcn.h>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace lrfind::data {
namespace {

using Imdecode = cv::Mat (*)(const cv::_InputArray& bytes, int flags);

// By its path, beside OpenCV's core: under its name alone an empty library may be open (platform/stub_libraries.hpp).
void* open_library() {
  Dl_info core{};
  if (dladdr(reinterpret_cast<void*>(&cv::getVersionString), &core) != 0) {
    const auto path = std::filesystem::path(core.dli_fname).replace_filename(LRFIND_IMGCODECS);
    if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL); library != nullptr) return library;
  }
  return dlopen(LRFIND_IMGCODECS, RTLD_NOW | RTLD_LOCAL);
}

Imdecode load() {
  void* library = open_library();
  void* function = library == nullptr ? nullptr : dlsym(library, "_ZN2cv8imdecodeERKNS_11_InputArrayEi");
  if (function == nullptr) {
    const char* why = dlerror();
    throw std::runtime_error("cannot be decoded: OpenCV's image codecs cannot be loaded (" +
                             std::string(why == nullptr ? "" : why) + ")");
  }
  return reinterpret_cast<Imdecode>(function);
}

}  // namespace

cv::Mat opencv_decode(const cv::Mat& bytes, int flags) {
  static const Imdecode function = load();
  return function(bytes, flags);
}

}  // namespace lrfind::data

#else  // they are part of the program

#include <opencv2/imgcodecs.hpp>

namespace lrfind::data {

cv::Mat opencv_decode(const cv::Mat& bytes, int flags) { return cv::imdecode(bytes, flags); }

}  // namespace lrfind::data

#endif
