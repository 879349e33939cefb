// PNM: "P" digit, then width, height and (not in bitmaps) the value of white, with white space and # comments between;
// the samples as text (P1, P2, P3) or, behind one white space, as bits, bytes or words from the highest byte down.
#include <data/image/format_headers.hpp>
#include <data/image/pixel_readers.hpp>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace lrfind::data {
namespace {

class Text {
 public:
  explicit Text(const Bytes& file) : file_(file) {}

  std::uint64_t at() const { return at_; }
  bool at_end() const { return at_ >= file_.size(); }

  void skip_space() {
    while (!at_end() && (is_space(file_.u8(at_)) || file_.u8(at_) == '#')) {
      if (file_.u8(at_) == '#') {
        while (!at_end() && file_.u8(at_) != '\n') ++at_;
      } else {
        ++at_;
      }
    }
  }
  bool at_digit() const { return file_.u8(at_) >= '0' && file_.u8(at_) <= '9'; }
  std::uint32_t digit() { return file_.u8(at_++) - std::uint32_t{'0'}; }
  std::uint32_t number() {
    skip_space();
    std::uint64_t value = 0;
    while (at_digit()) value = std::min<std::uint64_t>(value * 10 + digit(), 0xFFFFFFFFU);
    return static_cast<std::uint32_t>(value);
  }

 private:
  static bool is_space(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  const Bytes& file_;
  std::uint64_t at_ = 2;
};

struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t white = 1;
  unsigned channels = 1;
  bool bitmap = false;
  bool as_text = false;
  std::uint64_t samples() const { return std::uint64_t{width} * height * channels; }
  std::uint64_t row_bytes() const {
    return bitmap ? (width + 7ULL) / 8 : std::uint64_t{width} * channels * (white > 255 ? 2 : 1);
  }
};

Layout read_layout(const Bytes& file, Text& text) {
  const unsigned kind = file.u8(1) - unsigned{'0'};
  Layout layout;
  layout.channels = kind == 3 || kind == 6 ? 3 : 1;
  layout.bitmap = kind == 1 || kind == 4;
  layout.as_text = kind <= 3;
  layout.width = text.number();
  layout.height = text.number();
  if (!layout.bitmap) layout.white = text.number();
  return layout;
}

// The next sample of a text file. A bitmap's digits need no space between them, and its ones are black.
std::uint32_t next_sample(Text& text, const Layout& layout) {
  text.skip_space();
  if (text.at_end()) throw std::runtime_error("is cut off: the PNM data end early");
  if (!text.at_digit()) throw std::runtime_error("is damaged: the PNM data hold something other than numbers");
  const std::uint32_t value = layout.bitmap ? text.digit() : text.number();
  if (value > layout.white) {
    throw std::runtime_error("is damaged: the PNM data hold a value above " + std::to_string(layout.white));
  }
  return layout.bitmap ? 1 - value : value;
}

}  // namespace

ImageHeader read_pnm_header(const Bytes& file) {
  Text text(file);
  const Layout layout = read_layout(file, text);
  ImageHeader header;
  header.format = ImageFormat::pnm;
  header.width = layout.width;
  header.height = layout.height;
  header.channels = static_cast<int>(layout.channels);
  if (layout.white == 0 || layout.white > 65535) {
    header.error = "is damaged: the PNM header has no value for white between 1 and 65535";
    return header;
  }
  header.bits = layout.white > 255 ? 16 : 8;
  // Text needs a digit per sample, and a space between them.
  const std::uint64_t least = layout.bitmap ? layout.samples() : 2 * std::max<std::uint64_t>(layout.samples(), 1) - 1;
  const std::uint64_t needed = text.at() + 1 + (layout.as_text ? least : layout.row_bytes() * layout.height);
  if (needed > file.size()) header.error = cut_off("PNM", needed, file.size());
  return header;
}

cv::Mat read_pnm(std::span<const std::uint8_t> data) {
  const Bytes file(data);
  Text text(file);
  const Layout layout = read_layout(file, text);
  const std::uint64_t begin = text.at() + 1;
  cv::Mat image(static_cast<int>(layout.height), static_cast<int>(layout.width),
                CV_8UC(static_cast<int>(layout.channels)));
  const std::uint64_t row_samples = std::uint64_t{layout.width} * layout.channels;
  const auto eight_bits = [&](std::uint32_t value) {
    return static_cast<std::uint8_t>((std::min(value, layout.white) * 255 + layout.white / 2) / layout.white);
  };
  std::array<std::uint8_t, 256> of_byte{};
  for (std::uint32_t value = 0; value < 256; ++value) of_byte[value] = eight_bits(value);
  for (int row = 0; row < image.rows; ++row) {
    std::uint8_t* to = image.ptr(row);
    const std::uint64_t from = begin + layout.row_bytes() * static_cast<std::uint64_t>(row);
    if (!layout.as_text && !layout.bitmap && layout.white < 256) {
      const auto bytes = file.part(from, row_samples);
      std::transform(bytes.begin(), bytes.end(), to, [&](std::uint8_t byte) { return of_byte[byte]; });
      continue;
    }
    for (std::uint64_t i = 0; i < row_samples; ++i) {
      to[i] = eight_bits(layout.as_text  ? next_sample(text, layout)
                         : layout.bitmap ? 1U - (file.u8(from + i / 8) >> (7 - i % 8) & 1U)
                                         : file.u16(from + 2 * i));
    }
  }
  if (layout.channels == 3) cv::cvtColor(cv::Mat(image), image, cv::COLOR_RGB2BGR);
  return image;
}

}  // namespace lrfind::data
