// A TIFF file in memory, opened by libtiff, and what its first directory says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tiffio.h>

namespace lrfind::data {

/// Not to be moved: libtiff holds its address.
class TiffFile {
 public:
  explicit TiffFile(std::span<const std::uint8_t> file);
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;
  ~TiffFile();

  TIFF* get() const { return tiff_; }                          ///< nullptr where libtiff refuses the file
  const std::string& complaint() const { return complaint_; }  ///< libtiff's first error, or warning of lost pixels
  void forget_complaint() { complaint_.clear(); }

 private:
  static tmsize_t read(thandle_t self, void* to, tmsize_t count);
  static tmsize_t write(thandle_t self, void* from, tmsize_t count);
  static toff_t seek(thandle_t self, toff_t offset, int whence);
  static toff_t size(thandle_t self);
  static int map(thandle_t self, void** base, toff_t* size);
  static void unmap(thandle_t self, void* base, toff_t size);
  static int close(thandle_t self);
  static int heed_error(TIFF* tiff, void* self, const char* module, const char* format, va_list values);
  static int heed_warning(TIFF* tiff, void* self, const char* module, const char* format, va_list values);

  std::span<const std::uint8_t> file_;
  std::uint64_t at_ = 0;
  std::string complaint_;
  TIFF* tiff_ = nullptr;
};

/// The tags that say where the samples are and what they mean.
struct TiffLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;  ///< per pixel, alpha and others included
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = 0;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t compression = COMPRESSION_NONE;
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  int colors = 0;  ///< samples that make the colour: 1 grey or palette, 3, or 4 inks
  int alpha = -1;  ///< which sample is alpha; -1: none
  bool premultiplied = false;
  bool subsampled = false;  ///< YCbCr that only libtiff's own conversion to RGB reads
  std::string unsupported;  ///< "32-bit floating-point samples": why it is not supported; empty when it is
};

TiffLayout tiff_layout(const TiffFile& file);

}  // namespace lrfind::data
