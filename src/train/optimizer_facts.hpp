// What is known of each optimizer beside its arithmetic (optimizer.cpp), one row for each. This header needs no
// LibTorch.
#pragma once

#include "train/recipe.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::train {

struct OptimizerFacts {
  OptimizerKind kind;
  std::string_view name;                ///< as --optimizer takes it
  std::string_view module, type;        ///< the class in Python that it equals
  std::optional<double> momentum = {};  ///< where nobody gives it; none: it has no such number
  bool nesterov = false;                ///< whether that momentum can be Nesterov's
  bool betas = false;                   ///< whether it has beta1 and beta2
  double weight_decay = 0;              ///< where nobody gives it
  double beta2 = 0.999;                 ///< where nobody gives it
  double last_lr = 10;                  ///< where a sweep ends unless told: far beyond what trains
  double eps = 1e-8;
  /// That people start from; of SGD without momentum. None: there is no such rate.
  std::optional<double> usual_lr = {};
};

/// Usual rates: of the first seven those of Keras and PyTorch (Dozat 2016 for NAdam, Liu et al. 2019, arXiv:1908.03265,
/// for RAdam), of Lion its paper's (Chen et al. 2023, arXiv:2302.06675) and timm's, of LAMB timm's. LARS has none:
/// papers train with 0.1 to 30, by batch size and network. Its momentum and weight decay are its paper's (You et al.
/// 2017, arXiv:1708.03888), and at 1000 its first step is as long as the weights; LAMB's weight decay is timm's.
inline constexpr std::array<OptimizerFacts, 10> optimizer_facts = {{
    {.kind = OptimizerKind::sgd,
     .name = "sgd",
     .module = "torch.optim",
     .type = "SGD",
     .momentum = 0.9,
     .nesterov = true,
     .usual_lr = 0.1},
    {.kind = OptimizerKind::adam,
     .name = "adam",
     .module = "torch.optim",
     .type = "Adam",
     .betas = true,
     .usual_lr = 1e-3},
    {.kind = OptimizerKind::adamw,
     .name = "adamw",
     .module = "torch.optim",
     .type = "AdamW",
     .betas = true,
     .weight_decay = 0.01,
     .usual_lr = 1e-3},
    {.kind = OptimizerKind::nadam,
     .name = "nadam",
     .module = "torch.optim",
     .type = "NAdam",
     .betas = true,
     .usual_lr = 2e-3},
    {.kind = OptimizerKind::radam,
     .name = "radam",
     .module = "torch.optim",
     .type = "RAdam",
     .betas = true,
     .usual_lr = 1e-3},
    {.kind = OptimizerKind::rmsprop,
     .name = "rmsprop",
     .module = "torch.optim",
     .type = "RMSprop",
     .momentum = 0,
     .usual_lr = 1e-3},
    {.kind = OptimizerKind::adagrad,
     .name = "adagrad",
     .module = "torch.optim",
     .type = "Adagrad",
     .eps = 1e-10,
     .usual_lr = 1e-2},
    {.kind = OptimizerKind::lion,
     .name = "lion",
     .module = "timm.optim",
     .type = "Lion",
     .betas = true,
     .beta2 = 0.99,
     .usual_lr = 1e-4},
    {.kind = OptimizerKind::lars,
     .name = "lars",
     .module = "timm.optim",
     .type = "Lars",
     .momentum = 0.9,
     .nesterov = true,
     .weight_decay = 5e-4,
     .last_lr = 1000},
    {.kind = OptimizerKind::lamb,
     .name = "lamb",
     .module = "timm.optim",
     .type = "Lamb",
     .betas = true,
     .weight_decay = 0.01,
     .eps = 1e-6,
     .usual_lr = 1e-3},
}};

/// Null for a name that is no optimizer's.
constexpr const OptimizerFacts* find_optimizer(std::string_view name) {
  for (const auto& facts : optimizer_facts) {
    if (facts.name == name) return &facts;
  }
  return nullptr;
}

/// What --optimizer takes.
inline std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const auto& facts : optimizer_facts) names.emplace_back(facts.name);
  return names;
}

}  // namespace lrfind::train
