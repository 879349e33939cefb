// Loss curves for the tests: ones recorded from real trainings, and made ones whose truth is known.
#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <lrfind/curve.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace lrfind {

inline nlohmann::json peer_suggestions() {
  return nlohmann::json::parse(std::ifstream(LRFIND_TEST_FILES "/peer_suggestions.json"));
}

/// A curve of peer_suggestions.json: small networks on Fashion-MNIST, recorded by record_peer_suggestions.py.
inline Trial recorded(const nlohmann::json& curve) {
  Trial trial;
  trial.lr = curve.at("lr").get<std::vector<double>>();
  for (const auto& loss : curve.at("loss"))
    trial.loss.push_back(loss.is_null() ? std::numeric_limits<double>::quiet_NaN() : loss.get<double>());
  return trial;
}

inline std::vector<double> geometric(double low, double high, std::size_t count) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < count; ++i)
    rates.push_back(low * std::pow(high / low, static_cast<double>(i) / static_cast<double>(count - 1)));
  return rates;
}

/// The usual curve: flat, a smooth fall of one and a half decades, a short bottom, an explosion.
struct Typical {
  std::size_t steps = 100;
  double low = 1e-7, high = 10;
  double start = 2.3, fall = 1.2, noise = 0.08;
  double falls_at = 1e-3, explodes_at = 0.5;  ///< rates in the middle of the fall and where the loss is up by `fall`
  bool stops_early = true;                    ///< as a sweep does, at four times the best smoothed loss
  std::uint64_t seed = 0;

  double truth(double rate) const {
    const double decades = std::log10(rate / falls_at);
    return start - fall / (1 + std::exp(-5 * decades)) + fall * std::pow(rate / explodes_at, 3);
  }

  Trial trial() const {
    Trial made;
    made.seed = seed;
    std::mt19937_64 random(seed);
    std::normal_distribution<double> batch_noise(0, noise);
    double average = 0, weight = 0, best = std::numeric_limits<double>::infinity();
    for (const double rate : geometric(low, high, steps)) {
      const double loss = truth(rate) + batch_noise(random);
      made.lr.push_back(rate);
      made.loss.push_back(loss);
      average = 0.98 * average + 0.02 * loss;
      weight = 0.98 * weight + 0.02;
      best = std::min(best, average / weight);
      if (!stops_early || average / weight <= 4 * best) continue;
      made.stopped = Stopped::diverged;
      break;
    }
    return made;
  }
};

/// Pure noise around one level.
inline Trial flat(double level, double noise, std::uint64_t seed, std::size_t steps = 100) {
  Trial made;
  made.seed = seed;
  made.lr = geometric(1e-7, 10, steps);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> batch_noise(0, noise);
  for (std::size_t i = 0; i < steps; ++i) made.loss.push_back(level + batch_noise(random));
  return made;
}

}  // namespace lrfind
