#include "experiment/session.hpp"

#include "analysis/lrfind_rule.hpp"
#include "data/batch/augment.hpp"
#include "data/batch/random.hpp"
#include "experiment/analyse.hpp"
#include "experiment/precision.hpp"
#include "model/catalogue.hpp"
#include "platform/cpu_count.hpp"
#include "train/load_engine.hpp"

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <opencv2/core/version.hpp>
#include <thread>
#include <tuple>

namespace lrfind::experiment {

namespace {

constexpr int usual_size_of_files = 224;  // what networks exported from Python mostly take
constexpr std::size_t validation_batch = 256;
constexpr std::size_t megabytes_ahead = 16;  // of images that are used once, decoded while the network is loaded

// Different streams of random numbers from one seed.
enum Stream : std::uint64_t { weights_stream = 1, batches_stream, probe_stream, head_stream };

std::string blas_name(const train::Blas& blas) { return blas.name + (blas.file.empty() ? "" : " (" + blas.file + ")"); }

// Ranks that share a machine share its cores, unless their launcher has bound each to cores of its own.
int cores_of_rank(const Team& team) {
  const int cores = available_cores();
  const bool bound = cores < static_cast<int>(std::thread::hardware_concurrency());
  return bound ? cores : std::max(cores / team.local_size(), 1);
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

// Of images that the ranks share, those of this one.
void keep_part(std::vector<std::uint32_t>& images, const Team& team) {
  const auto parts = static_cast<std::size_t>(team.parts());
  const auto part = static_cast<std::size_t>(team.part());
  const auto begin = images.begin() + static_cast<std::ptrdiff_t>(images.size() * part / parts);
  const auto end = images.begin() + static_cast<std::ptrdiff_t>(images.size() * (part + 1) / parts);
  images = {begin, end};
}

}  // namespace

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Session::Session(SessionSettings settings, const CommonSettings& common, const ExpectedUse& use, std::stop_token stop,
                 Team& team)
    : settings_(std::move(settings)),
      common_(common),
      stop_(std::move(stop)),
      team_(team),
      recipe_(recipe_of(settings_.recipe)) {
  decode_budget_ = std::make_shared<data::DecodeBudget>(static_cast<std::uint64_t>(settings_.data.decode_mb) << 20U);
  settings_.recipe = experiment::resolved(settings_.recipe);
  const int cores = cores_of_rank(team);
  threads_ = common_.threads > 0 ? static_cast<int>(common_.threads) : cores;
  workers_ = static_cast<unsigned>(settings_.data.workers.value_or(std::min(cores, 16)));
  auto loading = train::load_engine_meanwhile();
  // Whatever goes wrong from here on, the other ranks are to hear of it.
  if (!team.alone()) team.join(*(engine_ = loading.get()));

  const auto start = Clock::now();
  dataset_ = data::find_dataset(settings_.data.path, {.val_split = settings_.data.val_split,
                                                      .limit = static_cast<std::size_t>(settings_.data.limit),
                                                      .seed = seed(),
                                                      .threads = static_cast<unsigned>(cores),
                                                      .stop = stop_});
  index_s_ = seconds_since(start);
  require_same_data();
  open_store(shape_for({}), use);

  if (engine_ == nullptr) engine_ = loading.get();
  settings_.device.device = engine_->open_device(
      {settings_.device.device, threads_, settings_.device.deterministic, team.local_rank(), &watchdog_});
  const auto& network = settings_.network;
  const auto images = engine_->load({network.model, network.width, static_cast<int>(network.depth),
                                     network.replace_head, data::seed_of(seed(), head_stream), common_.network_says},
                                    shape_);
  if (const auto fitting = shape_for(images); fitting != shape_) open_store(fitting, use);
  settings_.data.image_size = ImageSize{shape_.height, shape_.width};
  settings_.data.channels = shape_.channels;
  engine_->build(shape_, static_cast<int>(dataset_.classes.size()));
  if (settings_.recipe.class_weights == "balanced") recipe_.class_weights = balanced_weights(class_counts());
  choose_normalisation();
  choices_ = recipe_notes(settings_.recipe);
  if (settings_.recipe.precision == "auto") choose_precision();
  engine_->set_recipe(recipe_, normalisation_);
  const bool always_alike = engine_->augments() || data::parse_augmentations(settings_.data.augment).empty();
  engine_->keep_images(always_alike ? dataset_.train.size() : 0, static_cast<std::size_t>(settings_.data.cache_mb)
                                                                     << 20U);
}

data::ImageShape Session::shape_for(const train::FittingImages& images) const {
  data::ImageShape shape;
  const auto& wanted = settings_.data.image_size;
  if (!wanted || !settings_.data.channels) shape = data::typical_shape(dataset_);
  const auto* builtin = model::find_builtin(settings_.network.model);
  const int usual = builtin == nullptr ? usual_size_of_files : builtin->preferred_size;
  if (wanted) {
    shape.height = wanted->height;
    shape.width = wanted->width;
  } else if (images.size) {
    std::tie(shape.height, shape.width) = *images.size;
  } else if (std::max(shape.height, shape.width) > usual) {
    shape.height = shape.width = usual;
  }
  if (settings_.data.channels) {
    shape.channels = static_cast<int>(*settings_.data.channels);
  } else if (images.channels) {
    shape.channels = *images.channels;
  }
  return shape;
}

void Session::open_store(const data::ImageShape& shape, const ExpectedUse& use) {
  prefetch_.reset();
  shape_ = shape;
  const auto images = use.batches * static_cast<std::uint64_t>(settings_.recipe.batch_size * recipe_.accumulate);
  const bool again = use.again || images > dataset_.train.size() || settings_.data.normalize == "dataset";
  const auto cache_mb = static_cast<std::size_t>(settings_.data.cache_mb);
  store_ = std::make_shared<data::ImageStore>(
      dataset_, data::StoreOptions{.shape = shape_,
                                   .resize = data::parse_resize(settings_.data.resize),
                                   .cache_bytes = (again ? cache_mb : std::min(cache_mb, megabytes_ahead)) << 20U,
                                   .decode_budget = decode_budget_});
  if (use.probe && dataset_.val.empty()) return;  // the order is not known yet
  if (team_.parts() > 1) return;                  // most of it is for the other ranks
  const auto first = trial_seed(seed(), 0);
  // One core loads the network meanwhile.
  const auto threads = std::min(workers_, static_cast<unsigned>(std::max(available_cores() - 1, 1)));
  prefetch_.emplace(store_, data::seed_of(first, batches_stream), images, threads);
}

void Session::choose_normalisation() {
  const auto channels = static_cast<std::size_t>(shape_.channels);
  if (settings_.data.normalize == "dataset") {
    std::string numbers;
    if (team_.rank() == 0) {
      const auto statistics = data::channel_statistics(*store_, 512, seed(), workers_, stop_);
      numbers = report::Json({statistics.mean, statistics.std}).dump();
    }
    const auto known = report::Json::parse(team_.of_first(numbers));
    normalisation_ = {known[0].get<std::vector<double>>(), known[1].get<std::vector<double>>()};
  } else if (settings_.data.normalize == "imagenet") {
    // The means and deviations that torchvision's weights are trained with; for grey images, their averages.
    normalisation_ = channels == 3 ? train::Normalisation{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}
                                   : train::Normalisation{{0.449}, {0.226}};
  } else {
    normalisation_ = {std::vector<double>(channels, 0), std::vector<double>(channels, 1)};
  }
}

void Session::choose_precision() {
  if (!team_.alone()) {
    recipe_.precision = train::Precision::fp32;
    settings_.recipe.precision = "fp32";
    choices_.push_back(
        "--precision auto is fp32 here: several processes must compute alike; --precision bf16 is theirs to choose");
    return;
  }
  const auto batches = first_batches(4);
  const auto& optimizer = settings_.recipe.optimizer;
  const double usual = analysis::usual_rate(optimizer, *settings_.recipe.momentum).value_or(0);
  TrialSteps steps{
      .lr = std::pow(10, usual - 1), .seed = data::seed_of(seed(), weights_stream), .fresh_weights = fresh_weights()};
  for (const auto& batch : batches) {
    steps.batches.emplace_back(static_cast<std::size_t>(recipe_.accumulate), batch_view(batch));
    for (auto& view : steps.batches.back()) view.indices = {};
  }
  const auto choice = experiment::choose_precision(*engine_, recipe_, normalisation_, steps);
  recipe_.precision = choice.precision;
  settings_.recipe.precision = choice.precision == train::Precision::bf16 ? "bf16" : "fp32";
  choices_.push_back("--precision auto is " + settings_.recipe.precision + " here: " + choice.because);
}

// Batches of training images as they are, in an order that follows from the seed; the last ones begin again where there
// are too few images.
std::vector<data::Batch> Session::first_batches(std::size_t count) {
  std::vector<std::uint32_t> images(dataset_.train.size());
  std::iota(images.begin(), images.end(), 0U);
  data::Random random(data::seed_of(seed(), batches_stream));
  data::shuffle(images, random);
  data::LoaderOptions options;
  options.shape = shape_;
  options.workers = workers_;
  options.stop = stop_;
  data::Loader loader(dataset_, data::Split::train, options, store_);
  std::vector<data::Batch> batches;
  std::size_t at = 0;
  for (std::size_t b = 0; b < count; ++b) {
    std::vector<std::uint32_t> wanted;
    for (std::int64_t i = 0; i < settings_.recipe.batch_size; ++i) wanted.push_back(images[at++ % images.size()]);
    auto batch = loader.load(wanted);
    if (batch.size > 0) batches.push_back(std::move(batch));
  }
  if (batches.empty()) throw data_error("none of the first training images of \"" + dataset_.path + "\" is readable");
  return batches;
}

std::vector<double> Session::class_counts() const {
  std::vector<double> counts;
  for (const auto count : dataset_.train.count_by_class(dataset_.classes.size())) {
    counts.push_back(static_cast<double>(count));
  }
  return counts;
}

// What differs between ranks that see different images, without comparing all names.
void Session::require_same_data() const {
  const auto facts_of = [&](const data::Samples& samples) {
    std::uint64_t names = 0;
    const auto skipped = dataset_.path.size();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto path = samples.path(i);
      const bool below = path.compare(0, skipped, dataset_.path) == 0;
      const auto hash = std::hash<std::string_view>()(std::string_view(path).substr(below ? skipped : 0));
      names = data::seed_of(names, hash, static_cast<std::uint64_t>(samples.label(i)));
    }
    return std::to_string(names);
  };
  std::string classes;
  for (const auto& name : dataset_.classes) classes += (classes.empty() ? "" : ", ") + name;
  team_.require_alike({{"the classes of the data", classes},
                       {"the number of training images", std::to_string(dataset_.train.size())},
                       {"the number of validation images", std::to_string(dataset_.val.size())},
                       {"the names or labels of the training images (a hash)", facts_of(dataset_.train)},
                       {"the names or labels of the validation images (a hash)", facts_of(dataset_.val)}});
}

// A rank that ends alone would leave the others waiting: where batches are shared, all end after the same step.
std::stop_token Session::stop_of_loaders() const { return team_.parts() > 1 ? std::stop_token() : stop_; }

std::unique_ptr<data::Loader> Session::loader(std::uint64_t seed, std::uint64_t batches, std::int64_t batch_size) {
  prefetch_.reset();
  data::LoaderOptions options;
  options.shape = shape_;
  options.resize = store_->resize();
  options.batch_size = static_cast<int>(batch_size > 0 ? batch_size : settings_.recipe.batch_size);
  options.seed = data::seed_of(seed, batches_stream);
  options.workers = workers_;
  options.batches = batches;
  options.augmentations = data::parse_augmentations(settings_.data.augment);
  options.augment_later = engine_->augments();
  options.indices = drawn_;
  options.part = static_cast<std::uint64_t>(team_.part());
  options.parts = static_cast<std::uint64_t>(team_.parts());
  options.max_unreadable = settings_.data.max_unreadable;
  options.stop = stop_of_loaders();
  return std::make_unique<data::Loader>(dataset_, data::Split::train, options, store_);
}

std::vector<data::Batch> Session::validation_batches(std::size_t limit) {
  std::vector<std::uint32_t> indices(dataset_.val.size());
  std::iota(indices.begin(), indices.end(), 0U);
  if (limit > 0 && limit < indices.size()) {
    data::Random random(data::seed_of(seed(), probe_stream));
    data::shuffle(indices, random);
    indices.resize(limit);
    std::sort(indices.begin(), indices.end());
  }
  keep_part(indices, team_);
  data::LoaderOptions options;
  options.shape = shape_;
  options.workers = workers_;
  options.stop = stop_of_loaders();
  data::Loader loader(dataset_, data::Split::val, options, store_);
  std::vector<data::Batch> batches;
  for (std::size_t begin = 0; begin < indices.size(); begin += validation_batch) {
    const std::size_t size = std::min(validation_batch, indices.size() - begin);
    auto batch = loader.load(std::span(indices).subspan(begin, size));
    if (batch.size > 0) batches.push_back(std::move(batch));
  }
  return batches;
}

data::Batch Session::probe_batch(std::size_t size) {
  const bool from_val = !dataset_.val.empty();
  const auto& samples = from_val ? dataset_.val : dataset_.train;
  std::vector<std::uint32_t> indices(samples.size());
  std::iota(indices.begin(), indices.end(), 0U);
  data::Random random(data::seed_of(seed(), probe_stream));
  data::shuffle(indices, random);
  const std::size_t held = std::min(size, from_val ? indices.size() : indices.size() / 5);
  if (!from_val) {
    drawn_.assign(indices.begin() + static_cast<std::ptrdiff_t>(held), indices.end());
    std::sort(drawn_.begin(), drawn_.end());
  }
  indices.resize(held);
  // Where layers look at a batch as a whole, every rank takes all of it.
  if (!engine_->normalises_batches()) keep_part(indices, team_);
  data::LoaderOptions options;
  options.shape = shape_;
  options.workers = workers_;
  options.stop = stop_of_loaders();
  data::Loader loader(dataset_, from_val ? data::Split::val : data::Split::train, options, store_);
  return loader.load(indices);
}

void Session::start(std::uint64_t seed) {
  const auto left = engine_->start(data::seed_of(seed, weights_stream), fresh_weights());
  if (!left.empty() && notes_.empty()) {
    notes_.push_back("--reinit left " + std::to_string(left.size()) + " of " +
                     std::to_string(engine_->parameters().size()) +
                     " parameters as in the file because nothing shows how they are drawn, first \"" + left.front() +
                     "\": right where the file holds fresh weights, but trained values stay trained");
  }
}

bool Session::fresh_weights() const {
  return settings_.network.reinit || model::find_builtin(settings_.network.model) != nullptr;
}

std::vector<std::string> Session::notices() const {
  auto sentences = choices_;
  for (auto& sentence : slow_because()) sentences.push_back(std::move(sentence));
  return sentences;
}

std::vector<std::string> Session::slow_because() const {
  const auto blas = engine_->blas();
  if (!blas.slow || settings_.device.device != "cpu") return {};
  return {
      "matrix products go to " + (blas.file.empty() ? "no BLAS" : "the slowest BLAS, " + blas_name(blas)) +
      ": networks with dense layers (MLP, VGG, ConvNeXt, transformers) train 5 to 20 times slower than with OpenBLAS; "
      "apt-get install libopenblas0-pthread, or choose it with update-alternatives where it is installed"};
}

void Session::gather_unreadable() {
  if (team_.alone()) return;
  report::Json own = report::Json::array();
  for (const auto& file : store_->unreadable()) own.push_back({file.path, file.error});
  std::map<std::string, std::string> others;
  for (const auto& each : team_.exchange(own.dump(-1, ' ', false, report::Json::error_handler_t::replace))) {
    for (const auto& file : report::Json::parse(each)) others.emplace(file[0], file[1]);
  }
  for (const auto& file : store_->unreadable()) others.erase(file.path);
  unreadable_elsewhere_.clear();
  for (const auto& [path, error] : others) unreadable_elsewhere_.push_back({path, error});
}

void Session::describe_session(report::Result& result) const {
  result.tool = {LRFIND_VERSION, engine_->libtorch_version(), CV_VERSION,   settings_.device.device, threads_,
                 host_name(),    blas_name(engine_->blas()),  team_.parts()};
  auto& dataset = result.dataset;
  dataset.path = dataset_.path;
  dataset.format = dataset_.format;
  dataset.classes = dataset_.classes;
  dataset.train_images = static_cast<std::int64_t>(dataset_.train.size());
  dataset.val_images = static_cast<std::int64_t>(dataset_.val.size());
  dataset.class_counts = class_counts();
  dataset.unreadable.clear();
  for (const auto& file : store_->unreadable()) dataset.unreadable.push_back({file.path, file.error});
  dataset.unreadable.insert(dataset.unreadable.end(), unreadable_elsewhere_.begin(), unreadable_elsewhere_.end());
  std::sort(dataset.unreadable.begin(), dataset.unreadable.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  dataset.misnamed.clear();
  for (const auto& file : store_->misnamed()) dataset.misnamed.push_back({file.path, "holds " + file.format});
  dataset.ignored_files = static_cast<std::int64_t>(dataset_.ignored_files + dataset_.hidden);
  dataset.normalization = {normalisation_.mean, normalisation_.std};
  dataset.notes = dataset_.notes;
  dataset.notes.insert(dataset.notes.end(), notes_.begin(), notes_.end());
  for (auto& sentence : engine_->network_notes()) dataset.notes.push_back(std::move(sentence));
  if (team_.parts() > 1 && !recipe_.sync_batchnorm && engine_->normalises_batches()) {
    dataset.notes.push_back("batch normalisation saw each rank's own part of a batch, " +
                            std::to_string(settings_.recipe.batch_size) +
                            " images, as DistributedDataParallel has it; --sync-batchnorm takes all of it");
  }
  for (auto& sentence : notices()) dataset.notes.push_back(std::move(sentence));
  if (const auto reason = engine_->not_captured_because(); !reason.empty()) {
    dataset.notes.push_back("steps are not replayed from a CUDA graph, which would be faster: " + reason);
  }
  result.model.name = settings_.network.model;
  result.model.classes = static_cast<std::int64_t>(dataset_.classes.size());
  result.model.parameters = 0;
  for (const auto& parameter : engine_->parameters()) result.model.parameters += parameter.count;
  result.timing.index_s = index_s_;
}

train::BatchView batch_view(const data::Batch& batch) {
  return {std::span(batch.pixels).first(static_cast<std::size_t>(batch.size) * batch.shape.bytes()),
          std::span(batch.labels).first(static_cast<std::size_t>(batch.size)), batch.shape,
          std::span(batch.indices).first(static_cast<std::size_t>(batch.size)), batch.augmentations};
}

std::vector<train::BatchView> batch_views(const std::vector<data::Batch>& batches) {
  std::vector<train::BatchView> result;
  result.reserve(batches.size());
  for (const auto& batch : batches) result.push_back(batch_view(batch));
  return result;
}

std::vector<data::Batch> next_batches(data::Loader& loader, int count) {
  std::vector<data::Batch> batches;
  for (int i = 0; i < count; ++i) batches.push_back(loader.next());
  return batches;
}

std::uint64_t trial_seed(std::uint64_t seed, int trial) {
  // Below 2^53, so that every JSON reader keeps it exact and --seed takes it.
  return trial == 0 ? seed : data::seed_of(seed, static_cast<std::uint64_t>(trial)) >> 11U;
}

}  // namespace lrfind::experiment
