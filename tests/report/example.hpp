// A result like that of a real sweep, made of formulas, and a folder that goes away.
#pragma once

#include "report/result.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace lrfind::report {

/// Loss 2.4 up to about 1e-3, falling to 0.7 around 1e-1 and exploding beyond 3e-1; 81 rates from 1e-7 to 10.
inline Result example_result() {
  Result result;
  result.tool = {"0.1.0", "1.13.1", "4.6.0", "cpu", 2, "host"};
  result.config = Json{{"model", "small-cnn"}, {"optimizer", "sgd"}, {"batch-size", 64}, {"min-lr", 1e-7}};
  result.dataset.path = "photos/my cats";
  result.dataset.format = "folder";
  result.dataset.classes = {"cat", "Bär", "猫"};
  result.dataset.train_images = 900;
  result.dataset.val_images = 100;
  result.dataset.normalization = {{0.5, 0.25, 0.125}, {0.1, 0.2, 0.3}};
  result.model = {"small-cnn", 23946, 3};
  for (int i = 0; i <= 80; ++i) {
    const double lr = std::pow(10, -7 + i / 10.0);
    const double fall = 1.7 / (1 + std::exp(3 * (std::log10(lr) + 2)));
    const double explosion = lr > 0.3 ? 5 * (lr / 0.3) * (lr / 0.3) : 0;
    result.curve.lr.push_back(lr);
    result.curve.loss.push_back(0.7 + fall + explosion + 0.1 * std::sin(37.0 * i));
  }
  result.smoothed_loss = smooth(result.curve.loss, 0.8);
  result.trials = {result.curve};
  result.trials[0].seed = 42;
  result.trials[0].stopped = Stopped::diverged;
  result.trial_rates = {0.02};
  result.suggestion.lr = 0.02;
  result.suggestion.interval = Interval{0.015, 0.03};
  result.suggestion.min_lr = 0.001;
  result.suggestion.max_lr = 0.08;
  result.suggestion.rule = "valley";
  result.suggestion.trusted = true;
  result.suggestion.by_rule = {{"valley", 0.02}, {"slide", std::nullopt}};
  result.timing.startup_s = 0.25;
  result.timing.index_s = 0.01;
  result.timing.sweep_s = 4.5;
  result.timing.total_s = 5;
  result.timing.images_per_s = 1422.5;
  result.timing.more = {{"data_wait_s", 0.125}};
  return result;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lrfind-report-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

inline std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What() of the Error that `call` throws; empty when it throws none.
template <typename Error, typename Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace lrfind::report
