#include <data/image/tiff_file.hpp>

#include <data/image/format_headers.hpp>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

TiffFile& file_of(thandle_t self) { return *static_cast<TiffFile*>(self); }

std::string formatted(const char* format, va_list values) {
  std::array<char, 256> text{};
  std::vsnprintf(text.data(), text.size(), format, values);
  return text.data();
}

// Sparse files, page counts beyond reason and the like are refused by libtiff before it allocates more than this.
constexpr tmsize_t max_allocation = tmsize_t{1} << 30U;

std::string photometric_name(std::uint16_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MASK:
      return "a transparency mask";
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB:
      return "CIE L*a*b* colours";
    case PHOTOMETRIC_CFA:
    case 34892:  // LinearRaw, DNG 1.4
      return "camera raw data";
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      return "logarithmic luminance";
    default:
      return "photometric interpretation " + std::to_string(photometric);
  }
}

std::string format_name(std::uint16_t format) {
  switch (format) {
    case SAMPLEFORMAT_INT:
      return "signed integer";
    case SAMPLEFORMAT_IEEEFP:
      return "floating-point";
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      return "integer";
    default:
      return "complex";
  }
}

int color_samples(std::uint16_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      return 3;
  }
}

// Alpha is the first extra sample or none is. RGB with a fourth sample that no tag explains has alpha by common
// consent.
void find_alpha(TIFF* tiff, TiffLayout& layout) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  const bool explained = count > 0;
  const bool extra = layout.samples > layout.colors;
  if (!extra) return;
  constexpr std::uint16_t corel_draw = 999;
  const std::uint16_t kind = explained ? kinds[0] : EXTRASAMPLE_UNSPECIFIED;
  const bool by_consent =
      layout.photometric == PHOTOMETRIC_RGB && layout.samples == 4 && (!explained || kind == corel_draw);
  if (kind == EXTRASAMPLE_ASSOCALPHA || kind == EXTRASAMPLE_UNASSALPHA || by_consent) layout.alpha = layout.colors;
  layout.premultiplied = kind == EXTRASAMPLE_ASSOCALPHA;
  if (layout.alpha < 0 && !explained) layout.unsupported = std::to_string(layout.samples) + " samples per pixel";
}

std::string unsupported(TIFF* tiff, const TiffLayout& layout) {
  std::uint16_t ink_set = INKSET_CMYK;
  switch (layout.photometric) {
    case PHOTOMETRIC_SEPARATED:
      TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &ink_set);
      if (ink_set != INKSET_CMYK) return "inks other than CMYK";
      break;
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_PALETTE:
    case PHOTOMETRIC_YCBCR:
      break;
    default:
      return photometric_name(layout.photometric);
  }
  if ((layout.format != SAMPLEFORMAT_UINT && layout.format != SAMPLEFORMAT_VOID) || layout.bits < 1 ||
      layout.bits > 16) {
    return std::to_string(layout.bits) + "-bit " + format_name(layout.format) + " samples";
  }
  if (layout.photometric == PHOTOMETRIC_PALETTE && layout.bits > 8) {
    return "a palette of " + std::to_string(layout.bits) + " bits";
  }
  // Bands of a camera or satellite, of which no one is the grey image.
  if (layout.samples < layout.colors || (layout.colors == 1 && layout.samples > 2))
    return std::to_string(layout.samples) + " samples per pixel";
  if (TIFFIsCODECConfigured(layout.compression) == 0) {
    return "compression " + std::to_string(layout.compression);
  }
  const bool jpeg = layout.compression == COMPRESSION_JPEG || layout.compression == COMPRESSION_OJPEG;
  if (jpeg && layout.bits != 8) return std::to_string(layout.bits) + "-bit JPEG data";
  // Else the colours would have to be put together from samples of several sizes.
  std::array<char, 1024> why{};
  if (layout.subsampled && TIFFRGBAImageOK(tiff, why.data()) == 0) return "YCbCr data that libtiff does not convert";
  return layout.unsupported;
}

bool is_cut_off(const Bytes& file) {
  const bool big = file.u16(2) == 43;
  const std::uint64_t directory = big ? file.u64(8) : file.u32(4);
  const std::uint64_t entries = big ? file.u64(directory) : file.u16(directory);
  return !file.has(directory, big ? 8 : 2) || entries > file.size() ||
         !file.has(directory + (big ? 8 : 2), entries * (big ? 20 : 12));
}

std::string why_not_opened(const Bytes& file, const std::string& complaint) {
  if (is_cut_off(file)) return "is cut off: the TIFF directory lies outside the file";
  if (complaint.starts_with("Cannot handle different")) {
    return "is a TIFF image whose samples differ in size or kind, which is not supported";
  }
  return "is damaged: " + (complaint.empty() ? "libtiff finds no image in it" : complaint);
}

// A strip or tile, and what becomes of its samples on the way: inks and indices before they are colours, words of
// libtiff's own conversion.
std::uint64_t decoder_bytes(TIFF* tiff, const TiffLayout& layout, const ImageHeader& header) {
  const std::uint64_t pixels = std::uint64_t{layout.width} * layout.height;
  const std::uint64_t part = TIFFIsTiled(tiff) != 0 ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  std::uint64_t per_pixel = 0;
  if (layout.photometric == PHOTOMETRIC_PALETTE) per_pixel = 1;
  if (layout.colors == 4) per_pixel = 4;
  if (layout.subsampled) per_pixel = 4;
  return part + per_pixel * pixels + alpha_bytes(header);
}

bool data_lie_outside(TIFF* tiff, std::size_t size) {
  const std::uint32_t count = TIFFIsTiled(tiff) != 0 ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t offset = TIFFGetStrileOffset(tiff, i);
    const std::uint64_t bytes = TIFFGetStrileByteCount(tiff, i);
    if (offset > size || bytes > size - offset) return true;
  }
  return false;
}

}  // namespace

TiffFile::TiffFile(std::span<const std::uint8_t> file) : file_(file) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_allocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), heed_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), heed_warning, this);
  tiff_ = TIFFClientOpenExt("image", "r", this, read, write, seek, close, size, map, unmap, options.get());
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

tmsize_t TiffFile::read(thandle_t self, void* to, tmsize_t count) {
  TiffFile& file = file_of(self);
  if (count <= 0 || file.at_ >= file.file_.size()) return 0;
  const auto bytes = std::min(static_cast<std::size_t>(count), file.file_.size() - static_cast<std::size_t>(file.at_));
  std::memcpy(to, file.file_.data() + file.at_, bytes);
  file.at_ += bytes;
  return static_cast<tmsize_t>(bytes);
}

tmsize_t TiffFile::write(thandle_t /*self*/, void* /*from*/, tmsize_t /*count*/) { return 0; }

toff_t TiffFile::seek(thandle_t self, toff_t offset, int whence) {
  TiffFile& file = file_of(self);
  file.at_ = offset + (whence == SEEK_CUR ? file.at_ : whence == SEEK_END ? file.file_.size() : 0);
  return file.at_;
}

toff_t TiffFile::size(thandle_t self) { return file_of(self).file_.size(); }

int TiffFile::map(thandle_t self, void** base, toff_t* size) {
  const TiffFile& file = file_of(self);
  *base = const_cast<std::uint8_t*>(file.file_.data());  // libtiff does not write into what it maps for reading
  *size = file.file_.size();
  return 1;
}

void TiffFile::unmap(thandle_t /*self*/, void* /*base*/, toff_t /*size*/) {}
int TiffFile::close(thandle_t /*self*/) { return 0; }

int TiffFile::heed_error(TIFF* /*tiff*/, void* self, const char* /*module*/, const char* format, va_list values) {
  TiffFile& file = file_of(self);
  if (file.complaint_.empty()) file.complaint_ = formatted(format, values);
  return 1;  // libtiff's own handler, which prints, is not called
}

// Of libtiff's warnings only those of the fax and JPEG decoders say that pixels were made up.
int TiffFile::heed_warning(TIFF* /*tiff*/, void* self, const char* module, const char* format, va_list values) {
  TiffFile& file = file_of(self);
  const std::string_view who = module == nullptr ? "" : module;
  if (!file.complaint_.empty() || !(who.starts_with("Fax") || who == "JPEGLib"sv)) return 1;
  const std::string text = formatted(format, values);
  if (text.find("extraneous bytes") == std::string::npos) file.complaint_ = text;
  return 1;
}

TiffLayout tiff_layout(const TiffFile& file) {
  TIFF* tiff = file.get();
  TiffLayout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &layout.orientation);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric) == 0) {
    layout.unsupported = "no photometric interpretation";
    return layout;
  }
  layout.colors = color_samples(layout.photometric);
  find_alpha(tiff, layout);
  // libjpeg converts what it decodes, and the samples are red, green and blue then.
  const bool by_libjpeg = layout.compression == COMPRESSION_JPEG && layout.planar == PLANARCONFIG_CONTIG;
  layout.subsampled = layout.photometric == PHOTOMETRIC_YCBCR && !by_libjpeg;
  layout.unsupported = unsupported(tiff, layout);
  return layout;
}

ImageHeader read_tiff_header(std::span<const std::uint8_t> data) {
  ImageHeader header;
  header.format = ImageFormat::tiff;
  const Bytes bytes(data, data[0] == 'M');
  if (bytes.starts_with("CR"sv, 8)) {
    header.error = "is a camera raw file, which is not supported";
    return header;
  }
  const TiffFile file(data);
  if (file.get() == nullptr) {
    header.error = why_not_opened(bytes, file.complaint());
    return header;
  }
  const TiffLayout layout = tiff_layout(file);
  header.width = layout.width;
  header.height = layout.height;
  header.bits = layout.bits;
  header.orientation = std::clamp<int>(layout.orientation, 1, 8);
  header.alpha = layout.alpha >= 0;
  header.premultiplied = layout.premultiplied;
  header.channels = (layout.colors == 1 && layout.photometric != PHOTOMETRIC_PALETTE ? 1 : 3) + (header.alpha ? 1 : 0);
  header.decoder_bytes = decoder_bytes(file.get(), layout, header);
  if (!layout.unsupported.empty()) {
    header.error = "is a TIFF image with " + layout.unsupported + ", which is not supported";
  } else if (std::uint64_t{header.width} * header.height <= max_pixels && data_lie_outside(file.get(), data.size())) {
    header.error = "is cut off: TIFF image data lie outside the file";
  }
  return header;
}

}  // namespace lrfind::data
