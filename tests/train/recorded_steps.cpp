// Trains a network on batches from a file and prints the loss of every step: the same engine as the program's, on
// batches that Python has as well.
//
//   lrfind_recorded_steps REQUEST.json
//
// The request: "model" (TorchScript file or built-in name), "pixels" (file of uint8, NHWC, all batches one after the
// other), "labels" (whole numbers), "batch", "height", "width", "channels", "classes", "mean", "std", "lr" (one per
// update), and of the recipe "optimizer", "momentum", "nesterov", "weight_decay", "accumulate", "grad_clip",
// "label_smoothing", "class_weights", "freeze", "lr_mult" ([[regex, factor]]). Prints a JSON list of losses.
#include "train/load_engine.hpp"
#include "train/optimizer_facts.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace {

using nlohmann::json;
using namespace lrfind;

train::Recipe recipe_of(const json& request) {
  const auto* facts = train::find_optimizer(request.at("optimizer").get<std::string>());
  if (facts == nullptr) throw std::runtime_error("there is no such optimizer");
  train::Recipe recipe;
  recipe.optimizer.kind = facts->kind;
  recipe.optimizer.momentum = request.value("momentum", 0.0);
  recipe.optimizer.nesterov = request.value("nesterov", false);
  recipe.optimizer.weight_decay = request.value("weight_decay", 0.0);
  recipe.optimizer.beta2 = facts->beta2;
  recipe.optimizer.eps = facts->eps;
  recipe.accumulate = request.value("accumulate", 1);
  recipe.grad_clip = request.value("grad_clip", 0.0);
  recipe.label_smoothing = request.value("label_smoothing", 0.0);
  recipe.class_weights = request.value("class_weights", std::vector<double>{});
  recipe.freeze = request.value("freeze", std::vector<std::string>{});
  recipe.lr_mult = request.value("lr_mult", std::vector<std::pair<std::string, double>>{});
  return recipe;
}

std::vector<double> losses_of(const json& request) {
  std::ifstream file(request.at("pixels").get<std::string>(), std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto labels = request.at("labels").get<std::vector<std::int64_t>>();
  const auto batch = request.at("batch").get<std::size_t>();
  const data::ImageShape shape{request.at("height"), request.at("width"), request.at("channels")};
  const std::size_t image = shape.bytes();
  if (bytes.size() != labels.size() * image) throw std::runtime_error("pixels and labels do not fit together");

  const auto recipe = recipe_of(request);
  const auto engine = train::load_engine();
  engine->open_device({"cpu", 1, false});
  engine->load({.name = request.at("model")}, shape);
  engine->build(shape, request.at("classes"));
  engine->set_recipe(recipe, {request.at("mean"), request.at("std")});
  engine->start(0, false);

  std::vector<double> losses;
  std::size_t next = 0;
  for (const double lr : request.at("lr").get<std::vector<double>>()) {
    std::vector<train::BatchView> batches;
    for (int i = 0; i < recipe.accumulate; ++i, next += batch) {
      batches.push_back(
          {std::span(pixels + next * image, batch * image), std::span(labels).subspan(next, batch), shape});
    }
    losses.push_back(engine->step(batches, lr, false).loss);
  }
  return losses;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: lrfind_recorded_steps REQUEST.json");
  std::cout << json(losses_of(json::parse(std::ifstream(argv[1])))).dump() << "\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
