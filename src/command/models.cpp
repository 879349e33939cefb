#include "command/command.hpp"
#include "command/json_output.hpp"
#include "model/catalogue.hpp"
#include "platform/cpu_count.hpp"
#include "report/result.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "train/find_engine.hpp"
#include "train/load_engine.hpp"

#include <iostream>
#include <optional>
#include <sstream>
#include <string>

namespace lrfind::command {

namespace {

struct Cost {
  std::int64_t parameters = 0, multiply_adds = 0;
};

// Why the networks cannot be counted, which takes LibTorch; empty where they can.
std::string uncounted_because() {
  try {
    train::find_engine();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Cost cost_of(const model::BuiltinDescription& network, const data::ImageShape& shape, int classes, double width,
             int depth) {
  auto engine = train::load_engine();
  engine->open_device({"cpu", available_cores(), false});
  engine->load({.name = network.name, .width_factor = width, .depth = depth}, shape);
  engine->build(shape, classes);
  Cost cost;
  for (const auto& parameter : engine->parameters()) cost.parameters += parameter.count;
  cost.multiply_adds = engine->multiply_adds();
  return cost;
}

std::string millions(const std::optional<std::int64_t>& value) {
  if (!value) return "?";
  std::ostringstream text;
  text.precision(*value >= 10'000'000 ? 1 : 2);
  text << std::fixed << static_cast<double>(*value) / 1e6 << " M";
  return text.str();
}

report::Json or_null(const std::optional<std::int64_t>& value) { return value ? report::Json(*value) : report::Json(); }

}  // namespace

int models(const Invocation& invocation) {
  CommonOptions common;
  std::string image_size = "32";
  std::int64_t channels = 3;
  std::int64_t classes = 10;
  double width = 1;
  JsonOutput output;
  CommandLine line("models", "Lists the built-in networks with their parameters and their cost per image.",
                   "  lrfind models\n"
                   "  lrfind models --image-size 224 --classes 1000 --json\n",
                   common);
  line.trains_nothing();
  auto& options = line.options();
  options.group("Networks");
  options.add("--image-size", image_size,
              {"a side in pixels or HEIGHTxWIDTH",
               [](const std::string& s) { return parse_image_size(s).has_value(); },
               {.name = "SIZE"}},
              "pixels, N or HEIGHTxWIDTH");
  options.add("--channels", channels, whole_number(1, 3), "1 or 3");
  options.add("--classes", classes, whole_number(2, 1000000), "outputs");
  options.add("--width", width, number(0.01, 64), "factor on the channels of every layer");
  options.group("Output");
  declare_json_output(options, output, "the list");
  if (!line.parse(invocation)) return done;
  check_json_output(output);

  const auto size = *parse_image_size(image_size);
  const data::ImageShape shape{size.height, size.width, static_cast<int>(channels)};
  report::Table table(
      {{"name"}, {"parameters", report::Align::right}, {"multiply-adds", report::Align::right}, {"depths"}, {"what"}});
  auto list = report::Json::array();
  const std::string uncounted = uncounted_because();
  for (const auto& network : model::builtin_networks()) {
    std::optional<std::int64_t> parameters, multiply_adds;
    if (uncounted.empty()) {
      const Cost cost = cost_of(network, shape, static_cast<int>(classes), width, 0);
      parameters = cost.parameters;
      multiply_adds = cost.multiply_adds;
    }
    std::string depths;
    for (const int depth : network.depths) depths += (depths.empty() ? "" : ",") + std::to_string(depth);
    table.add_row({network.name, millions(parameters), millions(multiply_adds), depths, network.summary});
    list.push_back({{"name", network.name},
                    {"parameters", or_null(parameters)},
                    {"multiply_adds", or_null(multiply_adds)},
                    {"depths", network.depths},
                    {"summary", network.summary}});
  }
  write_json(output, list.dump(2) + "\n");
  if (!output.on_stdout()) {
    std::cout << table.text() << "\nparameters and multiply-adds of one image of " << shape.channels << " x "
              << shape.height << " x " << shape.width << " pixels and " << classes << " classes\n";
  }
  if (!uncounted.empty() && !common.quiet) {
    invocation.console.out() << "lrfind models: what the networks cost is counted with LibTorch, and "
                             << report::printable(uncounted) << "\n";
  }
  return done;
}

}  // namespace lrfind::command
