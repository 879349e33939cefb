// Which operators an exported program may call, and those that are not LibTorch's own: Python's on sizes, and ATen's
// that an older LibTorch lacks.
#pragma once

#include <torch/script.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::model {

/// Takes its arguments off the stack and leaves its answers there.
using OperatorFunction = std::function<void(torch::jit::Stack&)>;

struct Operator {
  std::vector<c10::Argument> arguments;
  OperatorFunction function;
};

/// Whether a program that came from anywhere may call it: a mathematical operator of ATen, by its name without the
/// overload ("aten::conv2d"), or one of Python's on numbers ("_operator.mul"). None of them reads or writes a file.
bool is_allowed(const std::string& name);

/// An assertion about shapes, which LibTorch's operators make themselves.
bool is_assertion(const std::string& name);

/// LibTorch's operator, or what stands for it; nothing where there is neither. count: of the arguments that the program
/// gives it, by which Python's functions are told apart.
std::optional<Operator> find_operator(const std::string& name, const std::string& overload, std::size_t count);

}  // namespace lrfind::model
