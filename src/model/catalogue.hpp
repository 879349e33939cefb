// Which networks come with lrfind. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lrfind::model {

struct BuiltinOptions {
  std::int64_t channels = 3, height = 32, width = 32, classes = 10;
  double width_factor = 1;  ///< multiplies every layer's channels, > 0
  int depth = 0;            ///< number of weighted layers, where the family has a choice; 0: the family's usual one
};

struct BuiltinDescription {
  std::string name;
  std::string summary;      ///< one line for people, with the source of the architecture
  int preferred_size;       ///< larger images are scaled down to this many pixels a side unless asked otherwise
  std::vector<int> depths;  ///< depths that may be asked for; empty: no choice
};

/// Every built-in network, smallest first.
const std::vector<BuiltinDescription>& builtin_networks();

/// Null when there is no built-in network of that name.
const BuiltinDescription* find_builtin(const std::string& name);

}  // namespace lrfind::model
