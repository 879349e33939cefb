#include <data/image/pixel_readers.hpp>

#include <opencv2/core.hpp>

#include <png.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace lrfind::data {
namespace {

using Reason = std::array<char, 128>;

// libpng reports an error by calling a function that must not return.
[[noreturn]] void give_up(png_structp png, png_const_charp why) {
  auto& reason = *static_cast<Reason*>(png_get_error_ptr(png));
  std::snprintf(reason.data(), reason.size(), "%s", why);
  png_longjmp(png, 1);
}
void say_nothing(png_structp /*png*/, png_const_charp /*what*/) {}

void take_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto& left = *static_cast<std::span<const std::uint8_t>*>(png_get_io_ptr(png));
  if (count > left.size()) png_error(png, "the file ends");
  std::memcpy(to, left.data(), count);
  left = left.subspan(count);
}

struct Reader {
  Reason reason{};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reason, give_up, say_nothing);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  int passes = 1;

  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

// The two steps return false where libpng gave up. It does so by a jump past everything between, so nothing in them may
// have a destructor.
bool begin(Reader& reader, std::span<const std::uint8_t>& file) {
  png_structp png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_read_fn(png, &file, take_bytes);
  png_read_info(png, reader.info);
  png_set_expand(png);    // palettes, 1, 2 and 4 bits, tRNS
  png_set_scale_16(png);  // to 8 bits, rounded
  png_set_bgr(png);
  reader.passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader.info);
  return true;
}

bool read_rows(Reader& reader, cv::Mat& image) {
  png_structp png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  for (int pass = 0; pass < reader.passes; ++pass) {
    for (int row = 0; row < image.rows; ++row) png_read_row(png, image.ptr(row), nullptr);
  }
  png_read_end(png, nullptr);
  return true;
}

// What `take` throws passes through no frame of libpng's.
bool read_each_row(Reader& reader, cv::Mat& row, int rows, const std::function<void(const cv::Mat&)>& take) {
  png_structp png = reader.png;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  for (int i = 0; i < rows; ++i) {
    png_read_row(png, row.ptr(), nullptr);
    take(row);
  }
  png_read_end(png, nullptr);
  return true;
}

}  // namespace

bool is_interlaced_png(std::span<const std::uint8_t> file) {
  constexpr std::size_t interlace_method = 28;  // of the header chunk, which comes first
  return file.size() > interlace_method && file[interlace_method] != 0;
}

void read_png_rows(std::span<const std::uint8_t> file, const std::function<void(const cv::Mat& row)>& take) {
  Reader reader;
  if (reader.info == nullptr) throw std::bad_alloc();
  const auto damaged = [&] { return std::runtime_error(std::string("is damaged: ") + reader.reason.data()); };
  if (!begin(reader, file)) throw damaged();
  cv::Mat row(1, static_cast<int>(png_get_image_width(reader.png, reader.info)),
              CV_8UC(png_get_channels(reader.png, reader.info)));
  const int rows = static_cast<int>(png_get_image_height(reader.png, reader.info));
  if (!read_each_row(reader, row, rows, take)) throw damaged();
}

cv::Mat read_png(std::span<const std::uint8_t> file) {
  Reader reader;
  if (reader.info == nullptr) throw std::bad_alloc();
  const auto damaged = [&] { return std::runtime_error(std::string("is damaged: ") + reader.reason.data()); };
  if (!begin(reader, file)) throw damaged();
  cv::Mat image(static_cast<int>(png_get_image_height(reader.png, reader.info)),
                static_cast<int>(png_get_image_width(reader.png, reader.info)),
                CV_8UC(png_get_channels(reader.png, reader.info)));
  if (!read_rows(reader, image)) throw damaged();
  return image;
}

}  // namespace lrfind::data
