// What a training step costs for every built-in network, and what a sweep costs beyond its training steps.
#include "data/batch/random.hpp"
#include "data/files.hpp"
#include "experiment/trials.hpp"
#include "model/catalogue.hpp"
#include "platform/cpu_count.hpp"
#include "train/load_engine.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lrfind {
namespace {

constexpr int batch_size = 64, side = 32, classes = 10;
constexpr data::ImageShape shape{side, side, 3};
constexpr std::uint64_t seed = 0;

// --- one step

struct RandomBatch {
  std::vector<std::uint8_t> pixels = std::vector<std::uint8_t>(batch_size * shape.bytes());
  std::vector<std::int64_t> labels = std::vector<std::int64_t>(batch_size);

  explicit RandomBatch(std::uint64_t number) {
    data::Random random(number);
    for (auto& value : pixels) value = static_cast<std::uint8_t>(random.below(256));
    for (auto& label : labels) label = random.below(classes);
  }
  train::BatchView view() const { return {pixels, labels, shape}; }
};

std::unique_ptr<train::Engine> engine_with(const std::string& network) {
  auto engine = train::load_engine();
  engine->open_device({.name = "auto", .threads = available_cores()});
  engine->load({.name = network}, shape);
  engine->build(shape, classes);
  engine->set_recipe({}, {{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}});
  engine->start(1, true);
  return engine;
}

void time_step(benchmark::State& state, const std::string& network, bool gain) {
  constexpr double lr = 1e-3;
  const auto engine = engine_with(network);
  std::vector<RandomBatch> batches;
  for (std::uint64_t i = 0; i < 8; ++i) batches.emplace_back(i);
  std::size_t next = 0;
  const auto step = [&] {
    const train::BatchView images = batches[next++ % batches.size()].view();
    return engine->step({&images, 1}, lr, gain);
  };
  // The first steps choose kernels and take memory.
  Measurement measured;
  for (int i = 0; i < 3; ++i) measured = step();
  if (gain && std::isnan(measured.gain_ratio)) state.SkipWithError("the gain ratio was not measured");
  for (auto _ : state) benchmark::DoNotOptimize(measured = step());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * batch_size);
}

void add_steps() {
  const auto add = [](const std::string& name, const std::string& network, bool gain) {
    benchmark::RegisterBenchmark(("step/" + name).c_str(),
                                 [=](benchmark::State& state) { time_step(state, network, gain); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  };
  for (const auto& network : model::builtin_networks()) add(network.name, network.name, false);
  add("small-cnn_with_gain", "small-cnn", true);
}

// --- a sweep against its floor, without what the program decodes while it loads the network

// As many PNG files as `steps` batches take, so that the sweep decodes every image that it trains on.
std::unique_ptr<data::test::TempFolder> photos(int steps) {
  auto folder = std::make_unique<data::test::TempFolder>();
  for (int i = 0; i < steps * batch_size; ++i) {
    const auto file = data::test::encode(".png", data::test::photo(side, side, static_cast<std::uint64_t>(i) + 1));
    folder->write("class" + std::to_string(i % classes) + "/" + std::to_string(i) + ".png", file);
  }
  return folder;
}

// One trial that measures nothing but the loss, of the default network.
experiment::SweepSettings plain_sweep(const std::string& folder, int steps) {
  experiment::SweepSettings settings;
  settings.session.data.path = folder;
  settings.session.data.normalize = "imagenet";  // needs no look at the images
  settings.session.data.val_split = 0;
  settings.session.recipe.batch_size = batch_size;
  settings.min_lr = 1e-7;
  settings.steps = steps;
  settings.trials = 1;
  settings.stop_factor = 0;
  settings.probe = 0;
  settings.gain_every = 0;
  return settings;
}

struct Timed {
  double seconds = 0;
  double first_loss = 0;
};

// The training steps alone, on batches in memory.
Timed run_floor(experiment::Session& session, const experiment::SweepSettings& settings,
                const std::vector<data::Batch>& batches) {
  const auto rates = learning_rates(experiment::range_options(settings, seed));
  session.start(seed);
  Timed timed;
  const auto start = experiment::Clock::now();
  auto& engine = session.engine();
  const auto ahead = static_cast<std::size_t>(engine.ahead());
  for (std::size_t i = 0; i < rates.size() + ahead; ++i) {
    if (i < rates.size()) {
      const train::BatchView images = experiment::batch_view(batches[i]);
      engine.submit({&images, 1}, rates[i], false);
    }
    if (i < ahead) continue;
    const auto measured = engine.collect();
    if (i == ahead) timed.first_loss = measured.loss;
  }
  timed.seconds = experiment::seconds_since(start);
  return timed;
}

// The same steps as the program takes them: files read and decoded by the loader's workers meanwhile.
Timed run_whole(experiment::Session& session, const experiment::SweepSettings& settings) {
  experiment::TrialRunner runner(session, settings, {.out = std::cerr, .columns = {}});
  const auto trials = runner.run(batch_size, 1, experiment::suggest_options(settings));
  if (trials.failure) throw Error(*trials.failure);
  return {trials.seconds, trials.runs.front().trial.loss.front()};
}

std::vector<data::Batch> decoded_batches(const experiment::SweepSettings& settings) {
  experiment::Team alone;
  experiment::Session session(settings.session, {}, {}, {}, alone);
  const auto steps = static_cast<std::uint64_t>(*settings.steps);
  const auto loader = session.loader(seed, steps);
  std::vector<data::Batch> batches;
  while (batches.size() < steps) batches.push_back(loader->next());
  return batches;
}

// Times the floor, the whole and the floor again, so that a machine that grows slower does so for both.
void time_sweep(benchmark::State& state, const std::string& folder, int steps) {
  const auto settings = plain_sweep(folder, steps);
  const auto batches = decoded_batches(settings);
  auto warm_up = settings;  // kernels are chosen, memory is taken
  warm_up.steps = 3;
  double floor_s = 0, whole_s = 0;
  for (auto _ : state) {
    // A new session has decoded nothing yet.
    experiment::Team alone;
    experiment::Session session(settings.session, {}, {}, {}, alone);
    run_floor(session, warm_up, batches);
    const Timed before = run_floor(session, settings, batches);
    const Timed whole = run_whole(session, settings);
    const Timed after = run_floor(session, settings, batches);
    if (!(std::abs(whole.first_loss - before.first_loss) < 1e-4)) {
      state.SkipWithError("the sweep and its floor did not train on the same images");
      break;
    }
    floor_s += (before.seconds + after.seconds) / 2;
    whole_s += whole.seconds;
    state.SetIterationTime(whole.seconds);
  }
  const auto runs = static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * steps * batch_size);
  state.counters["floor_s"] = floor_s / runs;
  state.counters["whole_s"] = whole_s / runs;
  state.counters["ratio"] = whole_s / floor_s;
}

// Files are written for the sweeps that are asked for.
class Folders {
 public:
  const std::string& with_images_for(int steps) {
    auto& folder = by_steps_[steps];
    if (!folder) folder = photos(steps);
    return folder->path();
  }

 private:
  std::map<int, std::unique_ptr<data::test::TempFolder>> by_steps_;
};

void add_sweeps(Folders& folders) {
  for (const int steps : {10, 100}) {
    benchmark::RegisterBenchmark(
        ("sweep/steps:" + std::to_string(steps)).c_str(),
        [&folders, steps](benchmark::State& state) { time_sweep(state, folders.with_images_for(steps), steps); })
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace lrfind

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  lrfind::Folders folders;
  lrfind::add_steps();
  lrfind::add_sweeps(folders);
  try {
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::cerr << "train_bench: " << error.what() << "\n";
    return 1;
  }
}
