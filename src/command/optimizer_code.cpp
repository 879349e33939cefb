#include "command/optimizer_code.hpp"

#include "train/optimizer_facts.hpp"

#include <array>
#include <utility>

namespace lrfind::command {

namespace {

using report::Json;

std::string config_text(const report::Result& result, const char* key, const std::string& otherwise) {
  const auto found = result.config.find(key);
  return found != result.config.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

// A number or true as Python writes numbers; "auto" and what is not there is `otherwise`.
std::string config_value(const report::Result& result, const char* key, const std::string& otherwise) {
  const auto found = result.config.find(key);
  if (found == result.config.end() || (!found->is_number() && !found->is_boolean())) return otherwise;
  return found->dump();
}

double config_number(const report::Result& result, const char* key) {
  const auto found = result.config.find(key);
  return found != result.config.end() && found->is_number() ? found->get<double>() : 0;
}

const train::OptimizerFacts& facts_of(const report::Result& result) {
  const auto* facts = train::find_optimizer(config_text(result, "optimizer", "sgd"));
  return facts == nullptr ? train::optimizer_facts.front() : *facts;
}

train::OptimizerCode for_torch(const train::OptimizerFacts& facts, const report::Result& result) {
  train::OptimizerCode code;
  const std::string module(facts.module);
  if (module != "torch.optim") code.imports = "import " + module + "\n";
  code.type = module + "." + std::string(facts.type);
  const std::string momentum = config_value(result, "momentum", "0");
  if (facts.momentum && momentum != "0") code.arguments += ", momentum=" + momentum;
  if (config_value(result, "nesterov", "false") == "true") code.arguments += ", nesterov=True";
  if (facts.betas) {
    code.arguments += ", betas=(" + config_value(result, "beta1", "0.9") + ", " +
                      config_value(result, "beta2", Json(facts.beta2).dump()) + ")";
  }
  if (facts.name == "rmsprop") code.arguments += ", alpha=" + config_value(result, "alpha", "0.99");
  // Said even where it is 0, for AdamW and Lamb, whose own default is another.
  const std::string decay = config_value(result, "weight-decay", "");
  if (!decay.empty() && (decay != "0" || facts.weight_decay != 0)) code.arguments += ", weight_decay=" + decay;
  return code;
}

// The classes of Keras that train as those of PyTorch do.
std::string keras_type(const train::OptimizerFacts& facts) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> types = {{{"sgd", "SGD"},
                                                                                   {"adam", "Adam"},
                                                                                   {"adamw", "AdamW"},
                                                                                   {"nadam", "Nadam"},
                                                                                   {"rmsprop", "RMSprop"},
                                                                                   {"adagrad", "Adagrad"},
                                                                                   {"lion", "Lion"},
                                                                                   {"lamb", "Lamb"}}};
  for (const auto& [name, type] : types) {
    if (name == facts.name) return "keras.optimizers." + std::string(type);
  }
  return "";
}

// Where PyTorch adds the decay to the gradient, Keras' own argument of that name takes it off the weights.
bool decays_weights(const train::OptimizerFacts& facts) {
  return facts.name == "adamw" || facts.name == "lion" || facts.name == "lamb";
}

train::OptimizerCode for_keras(const train::OptimizerFacts& facts, const report::Result& result) {
  train::OptimizerCode code;
  code.type = keras_type(facts);
  if (code.type.empty()) {
    code.note = "# Keras has no optimizer that trains as " + std::string(facts.type) +
                " does: give yours learning_rate=, as named above, and sweep with it (lrfind exec)\n";
    return code;
  }
  const std::string momentum = config_value(result, "momentum", "0");
  if (facts.momentum && momentum != "0") code.arguments += ", momentum=" + momentum;
  if (config_value(result, "nesterov", "false") == "true") code.arguments += ", nesterov=True";
  if (facts.betas) {
    code.arguments += ", beta_1=" + config_value(result, "beta1", "0.9") +
                      ", beta_2=" + config_value(result, "beta2", Json(facts.beta2).dump());
  }
  if (facts.name == "rmsprop") code.arguments += ", rho=" + config_value(result, "alpha", "0.99");
  if (facts.name == "adagrad") code.arguments += ", initial_accumulator_value=0.0";
  if (facts.name != "sgd" && facts.name != "lion") code.arguments += ", epsilon=" + Json(facts.eps).dump();
  const double decay = config_number(result, "weight-decay");
  const bool said = !config_value(result, "weight-decay", "").empty();
  if (said && decays_weights(facts)) {
    code.arguments += ", weight_decay=" + Json(decay).dump();
  } else if (decay > 0) {
    code.note = "# its weight decay of " + Json(decay).dump() +
                " is part of the gradient: give layers kernel_regularizer=keras.regularizers.L2(" +
                Json(decay / 2).dump() + ")\n";
  }
  return code;
}

}  // namespace

train::OptimizerCode optimizer_code(train::Framework framework, const report::Result& result) {
  const auto& facts = facts_of(result);
  return framework == train::Framework::keras ? for_keras(facts, result) : for_torch(facts, result);
}

train::BatchCode batch_code(const report::Result& result) {
  return {.batch_size = static_cast<long>(config_number(result, "batch-size")),
          .accumulate = static_cast<long>(config_number(result, "accumulate")),
          .grad_clip = config_number(result, "grad-clip")};
}

}  // namespace lrfind::command
