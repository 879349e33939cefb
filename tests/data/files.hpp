// Files for the tests, made on the spot in a folder that goes away with the test.
#pragma once

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stop_token>
#include <string>
#include <vector>

namespace lrfind::data::test {

using FileBytes = std::vector<std::uint8_t>;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lrfind-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  /// Writes a file below the folder, with the folders it needs; returns its path.
  std::string write(const std::string& name, const FileBytes& bytes) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file.string();
  }
  std::string write(const std::string& name, const std::string& text) const {
    return write(name, FileBytes(text.begin(), text.end()));
  }

 private:
  std::string path_;
};

inline FileBytes encode(const std::string& extension, const cv::Mat& image, const std::vector<int>& parameters = {}) {
  FileBytes bytes;
  EXPECT_TRUE(cv::imencode(extension, image, bytes, parameters));
  return bytes;
}

/// A PNG of one colour.
inline FileBytes plain_png(int width, int height, int red, int green, int blue) {
  return encode(".png", cv::Mat(height, width, CV_8UC3, cv::Scalar(blue, green, red)));
}

inline FileBytes operator+(FileBytes left, const FileBytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
inline FileBytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }
inline FileBytes first_part(const FileBytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// An EXIF block, in either byte order, with the orientation and, where given, a thumbnail.
inline FileBytes exif_block(int orientation, bool big_endian, const FileBytes& thumbnail = {}) {
  FileBytes block;
  const auto number = [&](std::uint32_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      block.push_back(static_cast<std::uint8_t>(value >> 8U * (big_endian ? bytes - 1 - i : i)));
    }
  };
  block = bytes_of(big_endian ? "MM" : "II");
  number(42, 2);
  number(8, 4);
  number(1, 2);
  number(0x0112, 2), number(3, 2), number(1, 4), number(static_cast<std::uint32_t>(orientation), 2), number(0, 2);
  number(0, 4);
  return block + thumbnail;
}

/// Puts an EXIF block behind a JPEG's start marker.
inline FileBytes with_exif(const FileBytes& jpeg, const FileBytes& block) {
  const std::size_t length = block.size() + 8;
  const FileBytes head{
      0xFF, 0xD8, 0xFF, 0xE1, static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length), 'E', 'x',
      'i',  'f',  0,    0};
  return head + block + FileBytes(jpeg.begin() + 2, jpeg.end());
}

/// A picture with the statistics of a photo: detail at all scales with amplitude falling as 1/frequency, and edges.
inline cv::Mat photo(int width, int height, std::uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat sum(height, width, CV_32FC3, cv::Scalar(120, 125, 130));
  for (int cells = 2; cells <= std::max(width, height); cells *= 2) {
    cv::Mat noise(std::min(cells, height), std::min(cells, width), CV_32FC3);
    random.fill(noise, cv::RNG::NORMAL, 0, 60.0 / std::sqrt(static_cast<double>(cells)));
    cv::resize(noise, noise, sum.size(), 0, 0, cv::INTER_CUBIC);
    sum += noise;
  }
  for (int i = 0; i < 12; ++i) {
    const cv::Point centre(random.uniform(0, width), random.uniform(0, height));
    const cv::Scalar color(random.uniform(0, 255), random.uniform(0, 255), random.uniform(0, 255));
    cv::circle(sum, centre, random.uniform(5, std::max(6, width / 6)), color, i % 2 == 0 ? cv::FILLED : 3);
  }
  cv::Mat result;
  sum.convertTo(result, CV_8UC3);
  return result;
}

// A token that was asked to stop.
inline std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

}  // namespace lrfind::data::test
