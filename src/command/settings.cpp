#include "command/settings.hpp"
#include <lrfind/error.hpp>

#include "data/batch/augment.hpp"
#include "model/catalogue.hpp"

#include <charconv>
#include <map>

namespace lrfind::command {

namespace {

constexpr std::int64_t largest_side = 4096;

Takes<std::string> image_size() {
  return {"auto, a side in pixels such as 64, or a height and width such as 48x64, each from 1 to 4096",
          [](const std::string& text) {
            if (text == "auto") return true;
            try {
              return parse_image_size(text).has_value();
            } catch (const Error&) {
              return false;
            }
          }};
}

Takes<std::string> augmentation() {
  std::string names;
  for (const auto& name : data::augmentation_names()) names += (names.empty() ? "" : ", ") + name;
  return {"a comma-separated list of " + names, [](const std::string& text) {
            try {
              data::parse_augmentations(text);
              return true;
            } catch (const std::invalid_argument&) {
              return false;
            }
          }};
}

Takes<std::string> device() {
  return {"auto, cpu, cuda or cuda:N", [](const std::string& text) {
            if (text == "auto" || text == "cpu" || text == "cuda") return true;
            return text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() < 8 &&
                   text.find_first_not_of("0123456789", 5) == std::string::npos;
          }};
}

std::pair<std::string, double> parse_lr_mult(const std::string& text) {
  const auto at = text.rfind('=');
  double factor = 0;
  const char* end = text.data() + text.size();
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) factor = -1;
  if (factor == 0) {
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, factor);
    if (error != std::errc() || stop != end) factor = -1;
  }
  if (factor < 0) {
    throw usage_error("--lr-mult is \"" + text +
                      "\"; it takes REGEX=FACTOR with a factor of at least 0, such as backbone=0.1");
  }
  return {text.substr(0, at), factor};
}

std::string networks() {
  std::string names;
  for (const auto& network : model::builtin_networks()) names += (names.empty() ? "" : ", ") + network.name;
  return names;
}

double number_of(const std::string& text) { return std::stod(text); }

}  // namespace

void declare(OptionSet& options, CommonSettings& settings) {
  options.group("General");
  options.add("--config", settings.config, any_text("a file name"),
              "JSON file of option values, with the long names as keys; the command line wins over it");
  options.not_in_config();
  options.add("--seed", settings.seed, whole_number(0, INT64_MAX),
              "seed of weights, batch order and augmentation: same seed, same numbers");
  options.add("--threads", settings.threads, whole_number(0, 1024),
              "threads of computation; 0: one per core this process may use");
  options.add_flag("-q,--quiet", settings.quiet, "print nothing for people; errors still go to stderr");
  options.not_in_config();
  options.add("--progress", settings.progress, one_of({"auto", "always", "never"}), "progress line on stderr");
  options.not_in_config();
}

void declare(OptionSet& options, DataSettings& settings) {
  options.group("Data");
  options.add("--image-size", settings.image_size, image_size(),
              "pixels, N or HEIGHTxWIDTH; auto: the images' own, at most the network's usual size");
  options.add("--channels", settings.channels, one_of({"auto", "1", "3"}),
              "1 (grey) or 3 (colour); auto: what the network takes, else what the images have");
  options.add("--normalize", settings.normalize, one_of({"dataset", "imagenet", "none"}),
              "subtract the mean and divide by the deviation of: a sample of this dataset, ImageNet, or not at all");
  options.add("--resize", settings.resize, one_of({"stretch", "crop", "pad"}),
              "how another aspect ratio is made to fit");
  options.add("--augment", settings.augment, augmentation(),
              "comma-separated: none, flip, crop-flip, random-resized-crop, color-jitter");
  options.add("--val-split", settings.val_split, fraction_below_one(),
              "fraction held out by class where the data has no validation images of its own");
  options.add("--limit", settings.limit, whole_number(0, INT32_MAX), "use at most N training images; 0: all");
  options.add("--workers", settings.workers, word_or({"auto"}, whole_number(0, 256)),
              "threads that decode images; auto: one per core. They never change the batches");
  options.add("--cache-mb", settings.cache_mb, whole_number(0, 1 << 24),
              "MiB of decoded images kept in memory for later trials");
  options.add("--max-unreadable", settings.max_unreadable, number(0, 1),
              "give up (status 3) when more than this fraction of the images is unreadable");
}

void declare(OptionSet& options, NetworkSettings& settings) {
  options.group("Network");
  options.add("-m,--model", settings.model, any_text("a built-in network's name or a TorchScript file"),
              "built-in (" + networks() + ") or a TorchScript FILE.pt. Such a file is code: load only what you trust");
  options.add("--width", settings.width, number(0.01, 64), "built-in networks: factor on the channels of every layer");
  options.add("--depth", settings.depth, whole_number(0, 1000),
              "built-in networks with a choice: number of layers; 0: the usual one");
  options.add_flag("--reinit", settings.reinit,
                   "TorchScript: fresh initial weights for standard layers, from the seed, instead of the file's");
  options.add_flag("--replace-head", settings.replace_head,
                   "TorchScript: a fresh last linear layer with as many outputs as the data has classes");
}

void declare(OptionSet& options, RecipeSettings& settings) {
  options.group("Training recipe");
  options.add("--optimizer", settings.optimizer, one_of({"sgd", "adam", "adamw", "rmsprop", "adagrad"}),
              "as in PyTorch, with its defaults");
  options.add("--momentum", settings.momentum, word_or({"auto"}, fraction_below_one()),
              "of sgd and rmsprop; auto: 0.9 for sgd, 0 for rmsprop");
  options.add_flag("--nesterov", settings.nesterov, "Nesterov momentum (sgd)");
  options.add("--weight-decay", settings.weight_decay, word_or({"auto"}, number(0, 10)),
              "auto: 0.01 for adamw (decoupled), else 0");
  options.add("--beta1", settings.beta1, fraction_below_one(), "adam, adamw: decay of the mean");
  options.add("--beta2", settings.beta2, fraction_below_one(), "adam, adamw: decay of the squares");
  options.add("--alpha", settings.alpha, fraction_below_one(), "rmsprop: decay of the squares");
  options.add("-b,--batch-size", settings.batch_size, whole_number(1, 1 << 20), "images per batch");
  options.add("--accumulate", settings.accumulate, whole_number(1, 1 << 16),
              "batches per update, their gradients averaged");
  options.add("--precision", settings.precision, one_of({"fp32", "tf32", "bf16", "fp16"}),
              "autocast: bf16 on CUDA and CPUs that have it, fp16 with loss scaling on CUDA");
  options.add("--grad-clip", settings.grad_clip, number(0, 1e9), "largest norm of the whole gradient; 0: no clipping");
  options.add("--label-smoothing", settings.label_smoothing, fraction_below_one(), "of the training loss");
  options.add("--class-weights", settings.class_weights, one_of({"none", "balanced"}),
              "balanced: weigh the loss by the inverse of each class's share");
  options.add("--freeze", settings.freeze, any_text("a regular expression"),
              "REGEX of parameter names that are not trained; may be repeated");
  options.add("--lr-mult", settings.lr_mult, any_text("REGEX=FACTOR"),
              "REGEX=FACTOR: parameters trained at a multiple of the rate; may be repeated, the last match counts");
}

void declare(OptionSet& options, DeviceSettings& settings) {
  options.group("Device");
  options.add("--device", settings.device, device(), "auto (CUDA where it answers), cpu, cuda or cuda:N");
  options.add_flag("--deterministic", settings.deterministic,
                   "use deterministic CUDA algorithms only (the CPU's always are)");
}

std::optional<data::ImageShape> parse_image_size(const std::string& text) {
  if (text == "auto") return std::nullopt;
  const auto bad = [&] { return usage_error("--image-size is \"" + text + "\"; it takes " + image_size().words); };
  const auto side = [&](const std::string& part) {
    int value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value < 1 || value > largest_side) throw bad();
    return value;
  };
  const auto at = text.find('x');
  if (at == std::string::npos) return data::ImageShape{side(text), side(text)};
  return data::ImageShape{side(text.substr(0, at)), side(text.substr(at + 1))};
}

train::Recipe resolve_recipe(RecipeSettings& settings) {
  using train::OptimizerKind;
  static const std::map<std::string, OptimizerKind> kinds = {{"sgd", OptimizerKind::sgd},
                                                             {"adam", OptimizerKind::adam},
                                                             {"adamw", OptimizerKind::adamw},
                                                             {"rmsprop", OptimizerKind::rmsprop},
                                                             {"adagrad", OptimizerKind::adagrad}};
  static const std::map<std::string, train::Precision> precisions = {{"fp32", train::Precision::fp32},
                                                                     {"tf32", train::Precision::tf32},
                                                                     {"bf16", train::Precision::bf16},
                                                                     {"fp16", train::Precision::fp16}};
  const OptimizerKind kind = kinds.at(settings.optimizer);
  const bool has_momentum = kind == OptimizerKind::sgd || kind == OptimizerKind::rmsprop;
  if (settings.momentum == "auto") settings.momentum = kind == OptimizerKind::sgd ? "0.9" : "0";
  if (settings.weight_decay == "auto") settings.weight_decay = kind == OptimizerKind::adamw ? "0.01" : "0";
  train::Recipe recipe;
  recipe.optimizer = {.kind = kind,
                      .momentum = number_of(settings.momentum),
                      .nesterov = settings.nesterov,
                      .weight_decay = number_of(settings.weight_decay),
                      .beta1 = settings.beta1,
                      .beta2 = settings.beta2,
                      .alpha = settings.alpha,
                      .eps = kind == OptimizerKind::adagrad ? 1e-10 : 1e-8};
  if (!has_momentum && recipe.optimizer.momentum != 0) {
    throw usage_error("--momentum " + settings.momentum + " does not fit --optimizer " + settings.optimizer +
                      ", which has none; leave it out" +
                      (kind == OptimizerKind::adagrad ? "" : " (its own is --beta1)"));
  }
  if (settings.nesterov && (kind != OptimizerKind::sgd || recipe.optimizer.momentum == 0)) {
    throw usage_error("--nesterov needs --optimizer sgd with --momentum above 0");
  }
  recipe.accumulate = static_cast<int>(settings.accumulate);
  recipe.grad_clip = settings.grad_clip;
  recipe.label_smoothing = settings.label_smoothing;
  recipe.precision = precisions.at(settings.precision);
  recipe.freeze = settings.freeze;
  for (const auto& text : settings.lr_mult) recipe.lr_mult.push_back(parse_lr_mult(text));
  return recipe;
}

}  // namespace lrfind::command
