// Python's functions on numbers, as graphs of torch.export call them on sizes.
#pragma once

#include <torch/script.h>

#include <functional>
#include <string>

namespace lrfind::model {

/// "_operator.floordiv", "math.ceil", "torch.sym_max", ...
bool is_python_function(const std::string& name);

/// The function of that name, with Python's rules for whole numbers (floor division, sign of a remainder). It throws
/// std::domain_error for a division by zero, numbers beyond 64 bits, and arguments that are no numbers.
std::function<void(torch::jit::Stack&)> python_function(const std::string& name);

}  // namespace lrfind::model
