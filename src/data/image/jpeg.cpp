#include <data/image/jpeg.hpp>

// jpeglib.h needs both of these before it.
#include <cstddef>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <new>
#include <stdexcept>
#include <string>

namespace lrfind::data {
namespace {

// What libjpeg complained about: an error, or the first warning that says that pixels were lost.
struct Complaint {
  int code = 0;  // JERR_... or JWRN_...; 0: none
  std::array<char, JMSG_LENGTH_MAX> text{};
};

// libjpeg reports an error by calling a function that must not return.
struct Errors {
  jpeg_error_mgr manager;  // first, so that a pointer to it is a pointer to this
  std::jmp_buf give_up;
  const std::uint8_t* file = nullptr;
  bool end_was_missing = false;
  Complaint complaint;
};

Errors& errors_of(j_common_ptr info) { return *reinterpret_cast<Errors*>(info->err); }

void note_complaint(j_common_ptr info) {
  Complaint& complaint = errors_of(info).complaint;
  if (complaint.code != 0) return;
  complaint.code = info->err->msg_code;
  info->err->format_message(info, complaint.text.data());
}

[[noreturn]] void give_up(j_common_ptr info) {
  errors_of(info).complaint.code = 0;  // an error says more than the warnings before it
  note_complaint(info);
  std::longjmp(errors_of(info).give_up, 1);
}

// Whether the bytes that libjpeg skipped on its way to a marker say that it lost its way in the image data: after
// damage the decoder is done too early or too late, by more than 8 bytes in 99 of 100 files, and what is left over is
// data. Cameras leave a few stray bytes, or padding.
bool lost_its_way(j_common_ptr info) {
  constexpr int stray = 8;
  const auto& decompress = *reinterpret_cast<j_decompress_ptr>(info);
  const int skipped = info->err->msg_parm.i[0];
  if (decompress.input_scan_number == 0 || skipped <= stray) return false;
  const std::uint8_t* end = decompress.src->next_input_byte;
  const std::uint8_t* begin = end - std::min<std::ptrdiff_t>(skipped, end - errors_of(info).file);
  return !std::all_of(begin, end, [](std::uint8_t byte) { return byte == 0x00 || byte == 0xFF; });
}

void say_nothing(j_common_ptr /*info*/) {}

void heed_warning(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
      errors_of(info).end_was_missing = true;
      break;
    case JWRN_EXTRANEOUS_DATA:
      if (lost_its_way(info)) note_complaint(info);
      break;
    case JWRN_ADOBE_XFORM:     // taken for YCbCr or YCCK
    case JWRN_JFIF_MAJOR:      // a later version of the format
    case JWRN_NOT_SEQUENTIAL:  // fields that mean nothing in a sequential file
      break;
    default:
      note_complaint(info);
  }
}

struct Decompressor {
  jpeg_decompress_struct info{};
  Errors errors{};

  Decompressor() {
    info.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = give_up;
    errors.manager.output_message = say_nothing;
    errors.manager.emit_message = heed_warning;
  }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { jpeg_destroy_decompress(&info); }
};

// Adobe's CMYK, whose inks are stored inverted; what every decoder takes for granted, Adobe's marker or not.
void inverted_cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::uint32_t width) {
  for (std::uint32_t i = 0; i < width; ++i, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((cmyk[c] * cmyk[3] + 127U) / 255U);
  }
}

// A progressive file is whole when each coefficient of each component has its last bit.
bool every_bit_came(const jpeg_decompress_struct& info) {
  if (info.coef_bits == nullptr) return true;
  return std::all_of(info.coef_bits, info.coef_bits + info.num_components, [](const auto& coefficients) {
    return std::all_of(std::begin(coefficients), std::end(coefficients), [](int missing) { return missing == 0; });
  });
}

// False where libjpeg gave up. It does so by a jump past everything between, so nothing here may have a destructor.
bool read_rows(Decompressor& decompressor, std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take) {
  if (setjmp(decompressor.errors.give_up) != 0) return false;
  jpeg_decompress_struct& info = decompressor.info;
  decompressor.errors.file = file.data();
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  info.scale_num = 1;
  info.scale_denom = static_cast<unsigned>(scale.by);
  const bool cmyk = info.num_components == 4;
  info.out_color_space = cmyk ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  if (info.output_width != scale.width || info.output_height != scale.height ||
      info.output_components != (cmyk ? 4 : channels)) {
    return false;
  }
  // Into aligned rows libjpeg-turbo writes past the caches, and reading them back then takes longer than decoding them.
  constexpr unsigned off_alignment = 8;
  const auto allocate_row = [&](int bytes_per_pixel) {
    return *(*info.mem->alloc_sarray)(reinterpret_cast<j_common_ptr>(&info), JPOOL_IMAGE,
                                      scale.width * static_cast<unsigned>(bytes_per_pixel) + off_alignment, 1) +
           off_alignment;
  };
  JSAMPROW row = allocate_row(info.output_components);
  const JSAMPROW rgb = cmyk ? allocate_row(3) : row;
  while (info.output_scanline < info.output_height) {
    if (jpeg_read_scanlines(&info, &row, 1) != 1) continue;
    if (cmyk) inverted_cmyk_to_rgb(row, rgb, scale.width);
    take(rgb);
  }
  const bool whole = every_bit_came(info);
  jpeg_finish_decompress(&info);
  return whole || !decompressor.errors.end_was_missing;
}

// Zeros that pad a file without an end marker would be decoded as pixels where the data end early; two bytes can stand
// for all the rest of a progressive scan. Only the zero that belongs to an FF is left.
std::span<const std::uint8_t> without_padding(std::span<const std::uint8_t> file) {
  std::size_t size = file.size();
  while (size > 0 && file[size - 1] == 0) --size;
  const bool stuffed = size > 0 && size < file.size() && file[size - 1] == 0xFF;
  return file.first(size + (stuffed ? 1 : 0));
}

bool is_unsupported(int code) {
  constexpr std::array codes{JERR_SOF_UNSUPPORTED,      JERR_ARITH_NOTIMPL,  JERR_BAD_PRECISION,
                             JERR_CONVERSION_NOTIMPL,   JERR_NOT_COMPILED,   JERR_CCIR601_NOTIMPL,
                             JERR_FRACT_SAMPLE_NOTIMPL, JERR_COMPONENT_COUNT};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// libjpeg's own reason as part of a sentence.
std::string reason(const Complaint& complaint) {
  std::string text = complaint.text.data();
  for (const std::string prefix : {"Corrupt JPEG data: ", "Invalid JPEG file structure: "}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') text[0] = static_cast<char>(text[0] | 0x20);
  return text.empty() ? "its parts contradict each other" : text;
}

}  // namespace

JpegScale jpeg_scale(const ImageHeader& header, int by) {
  const auto part = [&](std::uint32_t length) {
    return (length + static_cast<std::uint32_t>(by) - 1) / static_cast<std::uint32_t>(by);
  };
  return {by, part(header.width), part(header.height)};
}

void read_jpeg(std::span<const std::uint8_t> file, const JpegScale& scale, int channels,
               const std::function<void(const std::uint8_t*)>& take) {
  Decompressor decompressor;
  const bool finished = read_rows(decompressor, without_padding(file), scale, channels, take);
  const Complaint& complaint = decompressor.errors.complaint;
  if (finished && complaint.code == 0) return;
  if (complaint.code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
  if (is_unsupported(complaint.code)) {
    throw std::runtime_error("is a JPEG image of a kind that is not supported (" + reason(complaint) + ")");
  }
  if (complaint.code == 0 && decompressor.errors.end_was_missing) {
    throw std::runtime_error("is cut off: the last scans of the progressive JPEG are missing");
  }
  throw std::runtime_error("is damaged: " + reason(complaint));
}

bool holds_every_pixel(std::span<const std::uint8_t> file, const ImageHeader& header) {
  try {
    read_jpeg(file, jpeg_scale(header, 8), header.channels == 1 ? 1 : 3, [](const std::uint8_t*) {});
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

}  // namespace lrfind::data
