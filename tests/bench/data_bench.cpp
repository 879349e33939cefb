// What the data path costs: decoding, resizing, and making batches of images that are in memory already.
#include "data/files.hpp"

#include <benchmark/benchmark.h>
#include <data/batch/augment.hpp>
#include <data/batch/loader.hpp>
#include <data/batch/random.hpp>
#include <data/image/decode.hpp>

#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace lrfind::data {
namespace {

using test::encode;
using test::FileBytes;
using test::photo;

constexpr int photo_width = 500, photo_height = 375;

cv::Mat grey(const cv::Mat& image) {
  cv::Mat result;
  cv::cvtColor(image, result, cv::COLOR_BGR2GRAY);
  return result;
}

void time_decode(benchmark::State& state, const FileBytes& file, const DecodeOptions& options) {
  for (auto _ : state) {
    const Decoded decoded = decode(file, options);
    if (!decoded.ok()) {
      state.SkipWithError(decoded.error.c_str());
      break;
    }
    benchmark::DoNotOptimize(decoded.image.pixels.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}

void add_decode(const std::string& name, const FileBytes& file, const DecodeOptions& options) {
  benchmark::RegisterBenchmark(("decode/" + name).c_str(),
                               [=](benchmark::State& state) { time_decode(state, file, options); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void add_decoding() {
  const cv::Mat large = photo(photo_width, photo_height, 1);
  const cv::Mat small = photo(32, 32, 2);
  const FileBytes jpeg = encode(".jpg", large, {cv::IMWRITE_JPEG_QUALITY, 90});
  const FileBytes grey_jpeg = encode(".jpg", grey(large), {cv::IMWRITE_JPEG_QUALITY, 90});
  const ImageShape own{photo_height, photo_width, 3};

  // From 224 down the decoder is free to work at reduced scale. When this was written it took 1/1, 1/2, 1/4 and 1/8.
  add_decode("jpeg_500x375/own_size", jpeg, {.shape = own});
  add_decode("jpeg_500x375/to_224x224", jpeg, {.shape = {224, 224, 3}});
  add_decode("jpeg_500x375/to_64x64", jpeg, {.shape = {64, 64, 3}});
  add_decode("jpeg_500x375/to_32x32", jpeg, {.shape = {32, 32, 3}});
  add_decode("jpeg_500x375/to_16x16", jpeg, {.shape = {16, 16, 3}});
  add_decode("jpeg_500x375/to_64x64_full_scale", jpeg, {.shape = {64, 64, 3}, .reduced_scale = false});
  add_decode("grey_jpeg_500x375/to_64x64", grey_jpeg, {.shape = {64, 64, 1}});
  add_decode("png_500x375/own_size", encode(".png", large), {.shape = own});
  add_decode("png_500x375/to_64x64", encode(".png", large), {.shape = {64, 64, 3}});
  add_decode("png_32x32/own_size", encode(".png", small), {.shape = {32, 32, 3}});
  add_decode("grey_png_32x32/own_size", encode(".png", grey(small)), {.shape = {32, 32, 1}});
}

void add_resize(const std::string& name, const ImageShape& from, const ImageShape& to) {
  std::vector<std::uint8_t> pixels(from.bytes());
  Random random(3);
  for (auto& value : pixels) value = static_cast<std::uint8_t>(random.below(256));
  benchmark::RegisterBenchmark(("resize/" + name).c_str(),
                               [=](benchmark::State& state) {
                                 for (auto _ : state) {
                                   const Image image = resize(pixels.data(), from, to, Resize::stretch);
                                   benchmark::DoNotOptimize(image.pixels.data());
                                 }
                                 state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

// Random images that a store keeps at another size than they came in, so that batches are made of the kept pixels.
struct Kept {
  Dataset dataset;
  std::shared_ptr<ImageStore> store;

  explicit Kept(int side) {
    auto source = std::make_shared<Source>();
    source->shape = {16, 16, 3};
    const int images = side < 100 ? 6400 : 640;
    Random random(4);
    source->pixels.resize(static_cast<std::size_t>(images) * source->shape.bytes());
    for (auto& value : source->pixels) value = static_cast<std::uint8_t>(random.below(256));
    for (int i = 0; i < images; ++i) source->labels.push_back(i % 10);
    std::vector<std::uint32_t> all(static_cast<std::size_t>(images));
    std::iota(all.begin(), all.end(), 0U);
    dataset.train = Samples(source, all);
    store = std::make_shared<ImageStore>(dataset, StoreOptions{.shape = {side, side, 3}});
    std::vector<std::uint8_t> scratch(store->shape().bytes());
    for (const std::uint32_t i : all) store->fetch(Split::train, i, scratch.data());
  }
};

class KeptImages {
 public:
  const Kept& of_side(int side) {
    auto& kept = by_side_[side];
    if (!kept) kept = std::make_unique<Kept>(side);
    return *kept;
  }

 private:
  std::map<int, std::unique_ptr<Kept>> by_side_;
};

void time_batches(benchmark::State& state, const Kept& images, const std::string& augmentations) {
  LoaderOptions options;
  options.batch_size = 64;
  options.workers = static_cast<unsigned>(state.range(1));
  options.augmentations = parse_augmentations(augmentations);
  Loader loader(images.dataset, Split::train, options, images.store);
  for (int i = 0; i <= options.prefetch; ++i) loader.next();
  for (auto _ : state) {
    const Batch batch = loader.next();
    benchmark::DoNotOptimize(batch.pixels.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * options.batch_size);
}

void add_batches(KeptImages& images, int side, const std::string& augmentations) {
  benchmark::RegisterBenchmark(
      ("batch_of_64/" + augmentations).c_str(),
      [&images, side, augmentations](benchmark::State& s) { time_batches(s, images.of_side(side), augmentations); })
      ->ArgNames({"side", "workers"})
      ->Args({side, 1})
      ->Args({side, 2})
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace lrfind::data

int main(int argc, char** argv) {
  using namespace lrfind::data;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add_decoding();
  add_resize("500x375_to_224x224", {photo_height, photo_width, 3}, {224, 224, 3});
  add_resize("500x375_to_64x64", {photo_height, photo_width, 3}, {64, 64, 3});
  add_resize("grey_28x28_to_32x32", {28, 28, 1}, {32, 32, 1});
  KeptImages images;
  add_batches(images, 32, "none");
  add_batches(images, 32, "crop-flip");
  add_batches(images, 224, "none");
  add_batches(images, 224, "random-resized-crop,flip");
  try {
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::cerr << "data_bench: " << error.what() << "\n";
    return 1;
  }
}
