#include <data/image/image_header.hpp>

#include "data/files.hpp"

namespace lrfind::data {
namespace {

using test::bytes_of;
using test::encode;
using test::operator+;
using test::FileBytes;
using test::first_part;

cv::Mat some_image(int width = 37, int height = 21) { return test::photo(width, height, 1); }

TEST(ImageHeader, ReadsSizeChannelsAndFormatOfEveryFormat) {
  struct Case {
    const char* extension;
    ImageFormat format;
  };
  for (const auto& [extension, format] :
       {Case{".jpg", ImageFormat::jpeg}, Case{".png", ImageFormat::png}, Case{".bmp", ImageFormat::bmp},
        Case{".webp", ImageFormat::webp}, Case{".tiff", ImageFormat::tiff}, Case{".ppm", ImageFormat::pnm}}) {
    const ImageHeader header = read_image_header(encode(extension, some_image()));
    EXPECT_EQ(header.error, "") << extension;
    EXPECT_EQ(header.format, format);
    EXPECT_EQ(header.width, 37U) << extension;
    EXPECT_EQ(header.height, 21U) << extension;
    EXPECT_EQ(header.channels, 3) << extension;
  }
}

TEST(ImageHeader, ReadsLosslessAndExtendedWebP) {
  const ImageHeader lossless = read_image_header(encode(".webp", some_image(), {cv::IMWRITE_WEBP_QUALITY, 101}));
  EXPECT_EQ(lossless.width, 37U);
  EXPECT_EQ(lossless.height, 21U);
  cv::Mat with_alpha;
  cv::cvtColor(some_image(), with_alpha, cv::COLOR_BGR2BGRA);
  with_alpha.at<cv::Vec4b>(0, 0)[3] = 7;
  const ImageHeader extended = read_image_header(encode(".webp", with_alpha, {cv::IMWRITE_WEBP_QUALITY, 80}));
  EXPECT_EQ(extended.width, 37U);
  EXPECT_EQ(extended.height, 21U);
  EXPECT_TRUE(extended.alpha);
}

TEST(ImageHeader, TellsGreyFromColour) {
  cv::Mat grey;
  cv::cvtColor(some_image(), grey, cv::COLOR_BGR2GRAY);
  for (const char* extension : {".jpg", ".png", ".pgm", ".tiff"}) {
    EXPECT_EQ(read_image_header(encode(extension, grey)).channels, 1) << extension;
  }
}

TEST(ImageHeader, ReadsOrientationInBothByteOrders) {
  const FileBytes jpeg = encode(".jpg", some_image());
  EXPECT_EQ(read_image_header(jpeg).orientation, 1);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const auto header = read_image_header(test::with_exif(jpeg, test::exif_block(orientation, big_endian)));
      EXPECT_EQ(header.error, "");
      EXPECT_EQ(header.orientation, orientation);
    }
  }
  EXPECT_EQ(read_image_header(test::with_exif(jpeg, test::exif_block(9, true))).orientation, 1);
}

TEST(ImageHeader, ReadsOrientationOfTypeLong) {
  for (const bool big_endian : {false, true}) {
    FileBytes block = test::exif_block(6, big_endian);
    block[big_endian ? 13 : 12] = 4;  // the type, and the value in four bytes
    if (big_endian) std::swap(block[19], block[21]);
    EXPECT_EQ(exif_orientation(block), 6);
    block[big_endian ? 13 : 12] = 2;  // text
    EXPECT_EQ(exif_orientation(block), 1);
  }
}

TEST(ImageHeader, SaysThatAnAnimationIsNotSupported) {
  cv::Mat with_alpha;
  cv::cvtColor(some_image(), with_alpha, cv::COLOR_BGR2BGRA);
  with_alpha.at<cv::Vec4b>(0, 0)[3] = 7;
  FileBytes webp = encode(".webp", with_alpha, {cv::IMWRITE_WEBP_QUALITY, 80});
  webp[20] |= 0x02U;  // VP8X, the animation flag
  EXPECT_EQ(read_image_header(webp).error, "is an animated WebP image, which is not supported");
}

TEST(ImageHeader, RefusesAnEmptyFile) { EXPECT_EQ(read_image_header({}).error, "is empty (0 bytes)"); }

TEST(ImageHeader, SaysWhatANonImageIs) {
  EXPECT_EQ(read_image_header(bytes_of("just some words")).error,
            "is not an image: its first bytes belong to no image format");
  EXPECT_EQ(read_image_header(bytes_of("<!DOCTYPE html><html>")).error, "is an HTML page, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("GIF89a......")).error, "is a GIF image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("\xFF\x4F\xFF\x51......")).error,
            "is a JPEG 2000 image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("\xFF\x0A......")).error, "is a JPEG XL image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("    ftypheic....")).error, "is a HEIC image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("    ftypavif....")).error, "is an AVIF image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("P7\nWIDTH 2\n")).error, "is a PAM image, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("<?xml version=\"1.0\"?>\n<svg>")).error,
            "is an SVG drawing, which is not supported");
  EXPECT_EQ(read_image_header(bytes_of("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n")).error,
            "is a Git LFS pointer, not the image itself ('git lfs pull' fetches it)");
  EXPECT_FALSE(read_image_header(FileBytes(100, 0)).ok());
  EXPECT_FALSE(read_image_header(bytes_of("BM, the company, makes machines")).ok());
  EXPECT_FALSE(read_image_header(bytes_of("P5")).ok());
}

TEST(ImageHeader, RefusesHugeDeclaredSizesWithTheNumbers) {
  FileBytes png = encode(".png", some_image());
  png[18] = 0xEA, png[19] = 0x60, png[22] = 0xEA, png[23] = 0x60;  // 60,000 twice
  EXPECT_EQ(read_image_header(png).error, "declares 60000 x 60000 pixels, more than the limit of 134217728");

  FileBytes jpeg = encode(".jpg", some_image());
  for (std::size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xFF || jpeg[i + 1] != 0xC0) continue;
    jpeg[i + 5] = 0xEA, jpeg[i + 6] = 0x60, jpeg[i + 7] = 0xEA, jpeg[i + 8] = 0x60;
    break;
  }
  EXPECT_EQ(read_image_header(jpeg).error, "declares 60000 x 60000 pixels, more than the limit of 134217728");
  // Also when the file is cut off, as such files tend to be.
  EXPECT_EQ(read_image_header(first_part(jpeg, jpeg.size() / 2)).error,
            "declares 60000 x 60000 pixels, more than the limit of 134217728");
  EXPECT_EQ(read_image_header(bytes_of("P6 60000 60000 255\n")).error,
            "declares 60000 x 60000 pixels, more than the limit of 134217728");
}

TEST(ImageHeader, RefusesEveryFormatWhenCutOff) {
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm"}) {
    const FileBytes whole = encode(extension, some_image());
    ASSERT_TRUE(read_image_header(whole).ok()) << extension;
    for (const std::size_t keep : {whole.size() - 20, whole.size() / 2, whole.size() / 4, std::size_t{40}}) {
      const ImageHeader header = read_image_header(first_part(whole, keep));
      EXPECT_NE(header.error.find("is cut off"), std::string::npos) << extension << " " << keep << ": " << header.error;
    }
  }
}

TEST(ImageHeader, RefusesAProgressiveJpegWhenCutOffAtAnyByte) {
  const FileBytes whole = encode(".jpg", some_image(), {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  ASSERT_TRUE(read_image_header(whole).ok());
  // The end marker alone, and the bits that fill up the last byte, are no loss.
  for (std::size_t keep = 3; keep < whole.size() - 3; ++keep) {
    ASSERT_FALSE(read_image_header(first_part(whole, keep)).ok()) << keep;
  }
}

TEST(ImageHeader, IsNotFooledByTheEndOfAThumbnail) {
  const FileBytes thumbnail = encode(".jpg", some_image(16, 16));
  const FileBytes whole = test::with_exif(encode(".jpg", some_image()), test::exif_block(6, false, thumbnail));
  const ImageHeader header = read_image_header(whole);
  ASSERT_EQ(header.error, "");
  EXPECT_EQ(header.width, 37U);
  for (const std::size_t cut : {10U, 50U, 200U}) {
    EXPECT_EQ(read_image_header(first_part(whole, whole.size() - cut)).error,
              "is cut off: the JPEG data end without an end-of-image marker");
  }
}

TEST(ImageHeader, AcceptsBytesBehindTheEnd) {
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".ppm"}) {
    EXPECT_EQ(read_image_header(encode(extension, some_image()) + FileBytes(100, 0)).error, "") << extension;
  }
}

TEST(ImageHeader, SurvivesEveryPrefixAndAnyDamage) {
  cv::RNG random(3);
  for (const char* extension : {".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm"}) {
    const FileBytes whole = test::with_exif(encode(".jpg", some_image()), test::exif_block(6, false));
    const FileBytes file = std::string(extension) == ".jpg" ? whole : encode(extension, some_image());
    for (std::size_t keep = 0; keep + 3 < file.size(); keep += 3) {
      EXPECT_FALSE(read_image_header(first_part(file, keep)).ok()) << extension << " " << keep;
    }
    for (int i = 0; i < 2000; ++i) {
      FileBytes damaged = file;
      for (int n = 0; n < 4; ++n) {
        damaged[static_cast<std::size_t>(random.uniform(0, std::min(static_cast<int>(file.size()), 200)))] =
            static_cast<std::uint8_t>(random.uniform(0, 256));
      }
      const ImageHeader header = read_image_header(damaged);
      if (header.ok()) {
        EXPECT_LE(std::uint64_t{header.width} * header.height, max_pixels);
      }
    }
  }
}

TEST(ImageHeader, KnowsImageNamesInAnyCase) {
  EXPECT_EQ(format_of_name("A.JPG"), ImageFormat::jpeg);
  EXPECT_EQ(format_of_name("a.b.jpeg"), ImageFormat::jpeg);
  EXPECT_EQ(format_of_name("x/y.Tif"), ImageFormat::tiff);
  EXPECT_EQ(format_of_name("x.webp"), ImageFormat::webp);
  EXPECT_EQ(format_of_name("x.PgM"), ImageFormat::pnm);
  EXPECT_EQ(format_of_name("notes.txt"), ImageFormat::unknown);
  EXPECT_EQ(format_of_name("jpg"), ImageFormat::unknown);
  EXPECT_EQ(format_of_name(".jpg"), ImageFormat::unknown);
  EXPECT_EQ(format_of_name("x.gif"), ImageFormat::unknown);
}

}  // namespace
}  // namespace lrfind::data
