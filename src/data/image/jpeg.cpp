#include <data/image/jpeg.hpp>

// jpeglib.h needs both of these before it.
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>

#include <csetjmp>
#include <stdexcept>

namespace lrfind::data {
namespace {

// libjpeg reports an error by calling a function that must not return.
struct Errors {
  jpeg_error_mgr manager;  // first, so that a pointer to it is a pointer to this
  std::jmp_buf give_up;
};

[[noreturn]] void give_up(j_common_ptr info) { std::longjmp(reinterpret_cast<Errors*>(info->err)->give_up, 1); }
void say_nothing(j_common_ptr /*info*/) {}
void say_nothing(j_common_ptr /*info*/, int /*level*/) {}

struct Decompressor {
  jpeg_decompress_struct info{};
  Errors errors{};

  Decompressor() {
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = give_up;
    errors.manager.output_message = say_nothing;
    errors.manager.emit_message = say_nothing;
  }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { jpeg_destroy_decompress(&info); }
};

// False where libjpeg gave up. It does so by a jump past everything between, so nothing here may have a destructor.
bool read_rows(Decompressor& decompressor, std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take) {
  if (setjmp(decompressor.errors.give_up) != 0) return false;
  jpeg_decompress_struct& info = decompressor.info;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(scale.by);
  info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  if (info.output_width != scale.width || info.output_height != scale.height || info.output_components != channels) {
    return false;
  }
  // Into aligned rows libjpeg-turbo writes past the caches, and reading them back then takes longer than decoding them.
  constexpr unsigned off_alignment = 8;
  JSAMPROW row = *(*info.mem->alloc_sarray)(reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE,
                                            scale.width * static_cast<unsigned>(channels) + off_alignment, 1) +
                 off_alignment;
  while (info.output_scanline < info.output_height) {
    if (jpeg_read_scanlines(&info, &row, 1) == 1) take(row);
  }
  return true;
}

}  // namespace

bool is_plain_jpeg(const ImageHeader& header) {
  return header.format == ImageFormat::jpeg && header.bits == 8 && (header.channels == 1 || header.channels == 3);
}

JpegScale jpeg_scale(const ImageHeader& header, int by) {
  const auto part = [&](std::uint32_t length) {
    return (length + static_cast<std::uint32_t>(by) - 1) / static_cast<std::uint32_t>(by);
  };
  return {by, part(header.width), part(header.height)};
}

void read_jpeg(std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take) {
  Decompressor decompressor;
  if (!read_rows(decompressor, file, scale, channels, take)) {
    throw std::runtime_error("cannot be decoded: the JPEG data are damaged");
  }
}

}  // namespace lrfind::data
