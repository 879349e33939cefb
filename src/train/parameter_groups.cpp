#include "train/parameter_groups.hpp"
#include <lrfind/error.hpp>

#include "platform/excerpt.hpp"
#include "train/bf16.hpp"
#include "train/trainer.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace lrfind::train {

namespace {

// Which parameters `expression` matches anywhere in their name; after a "!", which ones it does not.
std::vector<bool> matches(const std::vector<model::NamedTensor>& parameters, const std::string& expression,
                          const std::string& option) {
  // RE2 takes time in proportion to the text, whatever the expression; std::regex may take for ever or all of the
  // stack.
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const bool negated = expression.rfind('!', 0) == 0;
  const RE2 regex(expression.substr(negated ? 1 : 0), quiet);
  if (!regex.ok()) {
    const bool looks_ahead = expression.find("(?!") != std::string::npos || expression.find("(?=") != std::string::npos;
    throw usage_error(
        option + " \"" + excerpt(expression) +
        "\" is not a regular expression as RE2 reads it: " + excerpt(regex.error()) +
        (looks_ahead ? "; there is no look-ahead, but \"!^fc\" is every name that does not begin with fc" : ""));
  }
  std::vector<bool> result;
  for (const auto& parameter : parameters) result.push_back(RE2::PartialMatch(parameter.name, regex) != negated);
  if (std::find(result.begin(), result.end(), true) == result.end()) {
    throw usage_error(option + " \"" + excerpt(expression) + "\" matches no parameter; the first is called \"" +
                      parameters.front().name + "\" (lrfind sweep --list-parameters prints them all)");
  }
  return result;
}

}  // namespace

ParameterGroups group_parameters(const std::vector<model::NamedTensor>& parameters, const Recipe& recipe) {
  std::vector<bool> frozen(parameters.size(), false);
  for (const auto& expression : recipe.freeze) {
    const auto matched = matches(parameters, expression, "--freeze");
    for (std::size_t i = 0; i < matched.size(); ++i) frozen[i] = frozen[i] || matched[i];
  }
  std::vector<double> factors(parameters.size(), 1);
  for (const auto& [expression, factor] : recipe.lr_mult) {
    const auto matched = matches(parameters, expression, "--lr-mult");
    for (std::size_t i = 0; i < matched.size(); ++i) factors[i] = matched[i] ? factor : factors[i];
  }
  ParameterGroups groups;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    parameters[i].tensor.requires_grad_(!frozen[i]);
    if (frozen[i]) continue;
    groups.trained.push_back(parameters[i]);
    groups.factors.push_back(factors[i]);
  }
  if (groups.trained.empty()) throw usage_error("--freeze leaves no parameter to train; let it match fewer");
  return groups;
}

torch::Tensor rate_factors(const ParameterGroups& groups, const torch::TensorOptions& options) {
  if (std::all_of(groups.factors.begin(), groups.factors.end(), [](double factor) { return factor == 1; })) return {};
  std::vector<torch::Tensor> pieces;
  for (std::size_t i = 0; i < groups.factors.size(); ++i) {
    pieces.push_back(torch::full({groups.trained[i].tensor.numel()}, groups.factors[i], options));
  }
  return torch::cat(pieces);
}

void check_precision(Precision precision, const torch::Device& device) {
  if (precision == Precision::fp32 || device.is_cuda()) return;
  if (precision != Precision::bf16) {
    const std::string name = precision == Precision::fp16 ? "fp16" : "tf32";
    throw usage_error("--precision " + name + " needs a CUDA device; on this CPU use bf16 or fp32");
  }
#if defined(__x86_64__)
  // Asking for what is emulated and slower than fp32 is a mistake worth stopping at.
  if (!no_bf16_because(device).empty()) {
    throw usage_error("--precision bf16 needs a CUDA device or a CPU with AVX512-BF16, which this one lacks; use fp32");
  }
#endif
}

}  // namespace lrfind::train
