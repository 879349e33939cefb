#include "report/picture.hpp"
#include <lrfind/error.hpp>

#include "platform/write_file.hpp"
#include "report/example.hpp"
#include "report/gnuplot.hpp"

#include <gtest/gtest.h>

namespace lrfind::report {
namespace {

class Picture : public testing::Test {
 protected:
  void SetUp() override {
    if (!gnuplot_installed()) GTEST_SKIP() << "needs gnuplot (Debian: gnuplot-nox)";
  }
  TemporaryFolder folder;
};

// Width and height stand big-endian at bytes 16 and 20 (PNG specification, 11.2.2).
std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value * 256 + static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

TEST_F(Picture, IsAPngOfTheExpectedSize) {
  write_picture({{"lr.json", example_result()}}, folder / "lr.png");
  const std::string png = contents_of(folder / "lr.png");
  EXPECT_TRUE(png.starts_with("\x89PNG\r\n\x1A\n"));
  EXPECT_EQ(big_endian(png, 16), 1600U);
  EXPECT_EQ(big_endian(png, 20), 960U);
  EXPECT_EQ(folder.entries(), 1U);
}

TEST_F(Picture, GrowsAPanelWhereTheGainRatioWasMeasured) {
  Result result = example_result();
  result.curve.gain_ratio = std::vector<double>(result.curve.lr.size(), 0.9);
  result.curve.gain_ratio[0] = not_measured;
  result.curve.probe_loss = result.smoothed_loss;
  write_picture({{"lr.json", result}}, folder / "lr.png");
  EXPECT_EQ(big_endian(contents_of(folder / "lr.png"), 20), 1300U);
}

TEST_F(Picture, IsSvgOrPdfByItsExtension) {
  write_picture({{"lr.json", example_result()}}, folder / "lr.SVG");
  const std::string svg = contents_of(folder / "lr.SVG");
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n\n") || svg.ends_with("</svg>\n")) << "whole";
  for (const char* text : {"learning rate", "batch loss", "smoothed loss", "lr 0.02", "min 0.001", "max 0.08"}) {
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  }
  write_picture({{"lr.json", example_result()}}, folder / "lr.pdf");
  EXPECT_TRUE(contents_of(folder / "lr.pdf").starts_with("%PDF-"));
}

TEST_F(Picture, ShowsEveryResultByItsNameWhateverTheNameHolds) {
  const std::string nasty = "it's `id` \"$(id)\" {/*9 _x^2} @a $D0 %d 猫\n.json";
  write_picture({{nasty, example_result()}, {"b.json", example_result()}}, folder / "both.svg");
  const std::string svg = contents_of(folder / "both.svg");
  EXPECT_NE(svg.find("it's `id` \"$(id)\" {/*9 _x^2} @a $D0 %d 猫?.json  (lr 0.02)"), std::string::npos);
  EXPECT_NE(svg.find("b.json  (lr 0.02)"), std::string::npos);
}

TEST_F(Picture, DrawsCurvesWithGapsAndWithoutASuggestion) {
  Result result = example_result();
  result.suggestion = {};
  result.curve.loss.back() = not_measured;
  result.smoothed_loss.assign(result.curve.lr.size(), not_measured);
  write_picture({{"lr.json", result}}, folder / "lr.png");
  EXPECT_EQ(big_endian(contents_of(folder / "lr.png"), 16), 1600U);
}

TEST_F(Picture, RefusesWhatCannotBeDrawn) {
  EXPECT_EQ(picture_problem("lr.png"), std::nullopt);
  EXPECT_EQ(picture_problem("lr.gif"), "cannot draw 'lr.gif': the name of a picture ends in .png, .svg or .pdf");
  EXPECT_EQ(picture_problem("lr"), "cannot draw 'lr': the name of a picture ends in .png, .svg or .pdf");
  EXPECT_EQ(message_of<Error>([&] {
              write_picture({{"lr.json", Result()}}, folder / "lr.png");
            }),
            "cannot draw '" + (folder / "lr.png") + "': no step was measured");
  EXPECT_EQ(message_of<Error>([&] {
              write_picture({{"a", example_result()}}, folder / "no/lr.png");
            }),
            "cannot write '" + (folder / "no/lr.png") + "': the folder '" + (folder / "no") + "' does not exist");
}

TEST_F(Picture, TellsWhatGnuplotComplainsAbout) {
  const std::string message = message_of<Error>([] { run_gnuplot("set terminal svg\nplot $nothing\n"); });
  EXPECT_TRUE(message.starts_with("cannot draw the picture: gnuplot failed: ")) << message;
  EXPECT_NE(message.find("nothing"), std::string::npos) << message;
}

TEST(PictureWithoutGnuplot, IsRefusedWithWhatToInstall) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_EQ(picture_problem("lr.png"),
            "cannot draw 'lr.png': gnuplot is not installed (Debian: apt-get install gnuplot-nox)");
  ::setenv("PATH", path.c_str(), 1);
}

}  // namespace
}  // namespace lrfind::report
