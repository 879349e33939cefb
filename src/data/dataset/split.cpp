#include <data/batch/random.hpp>
#include <data/dataset/indexing.hpp>

#include <algorithm>
#include <cmath>

namespace lrfind::data {
namespace {

// Salts of the seed, so that different choices made from one seed have nothing in common.
constexpr std::uint64_t validation_salt = 1;
constexpr std::uint64_t limit_salt = 2;

std::vector<std::vector<std::uint32_t>> by_class(const Samples& samples, std::size_t classes) {
  std::vector<std::vector<std::uint32_t>> result(classes);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    result[static_cast<std::size_t>(samples.label(i))].push_back(samples.entries()[i]);
  }
  return result;
}

Samples sorted_samples(const Samples& like, std::vector<std::uint32_t> entries) {
  std::sort(entries.begin(), entries.end());
  return {like.source(), std::move(entries)};
}

// The class's images in an order drawn from the seed.
void shuffle_class(std::vector<std::uint32_t>& images, std::uint64_t seed, std::uint64_t salt, std::size_t label) {
  Random random(seed_of(seed, salt, label));
  shuffle(images, random);
}

// Shares `total` among the classes in proportion to their sizes: largest remainders, at least one each where possible.
std::vector<std::size_t> shares(const std::vector<std::vector<std::uint32_t>>& classes, std::size_t images,
                                std::size_t total) {
  struct Remainder {
    double part;
    std::size_t label;
  };
  std::vector<std::size_t> result(classes.size());
  std::vector<Remainder> remainders;
  std::size_t given = 0;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const double exact =
        static_cast<double>(total) * static_cast<double>(classes[label].size()) / static_cast<double>(images);
    result[label] = static_cast<std::size_t>(exact);
    if (result[label] == 0 && !classes[label].empty() && total >= classes.size()) result[label] = 1;
    remainders.push_back({exact - static_cast<double>(result[label]), label});
    given += result[label];
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const Remainder& a, const Remainder& b) { return a.part > b.part; });
  for (std::size_t i = 0; given < total; i = (i + 1) % remainders.size()) {
    const std::size_t label = remainders[i].label;
    if (result[label] < classes[label].size()) ++result[label], ++given;
  }
  // Classes that were lifted to one image are paid for by the largest.
  while (given > total) {
    --*std::max_element(result.begin(), result.end());
    --given;
  }
  return result;
}

}  // namespace

void hold_out_validation(Dataset& dataset, double fraction, std::uint64_t seed) {
  auto classes = by_class(dataset.train, dataset.classes.size());
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> val;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    auto& images = classes[label];
    shuffle_class(images, seed, validation_salt, label);
    std::size_t held_out = 0;
    if (images.size() >= 2) {
      const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(images.size())));
      held_out = std::clamp<std::size_t>(wanted, 1, images.size() - 1);
    }
    const auto middle = images.begin() + static_cast<std::ptrdiff_t>(held_out);
    val.insert(val.end(), images.begin(), middle);
    train.insert(train.end(), middle, images.end());
  }
  dataset.val = sorted_samples(dataset.train, std::move(val));
  dataset.train = sorted_samples(dataset.train, std::move(train));
}

void limit_training(Dataset& dataset, std::size_t limit, std::uint64_t seed) {
  if (limit >= dataset.train.size()) return;
  auto classes = by_class(dataset.train, dataset.classes.size());
  const auto counts = shares(classes, dataset.train.size(), limit);
  std::vector<std::uint32_t> train;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    auto& images = classes[label];
    shuffle_class(images, seed, limit_salt, label);
    train.insert(train.end(), images.begin(), images.begin() + static_cast<std::ptrdiff_t>(counts[label]));
  }
  dataset.train = sorted_samples(dataset.train, std::move(train));
}

}  // namespace lrfind::data
