// The operators of an exported program: which are taken, and how a node of the graph becomes a call of LibTorch's.
#pragma once

#include "model/exported_functions.hpp"
#include "model/exported_program.hpp"

#include <torch/script.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lrfind::model {

/// What a pass over the graph needs beside its values.
struct ExportedPass {
  bool training = true;
  torch::Device device = torch::kCPU;
};

/// Tensors that are there before a pass begins, by their value: parameters, buffers and constants.
using GivenTensors = std::map<ValueId, torch::Tensor>;

/// One node, ready to be called: its operator is looked up and its constant arguments are in place once and for all.
class ExportedOperation {
 public:
  /// Throws Error (model) for an operator that is not on the list of mathematical ones, that this LibTorch lacks, or
  /// whose arguments do not fit. file: for messages.
  ExportedOperation(const ExportedNode& node, const GivenTensors& given, const std::string& file);

  /// Reads its arguments from `values` and puts its answers there.
  void run(std::vector<c10::IValue>& values, const ExportedPass& pass) const;

  const std::string& name() const { return name_; }

  /// The value at a place of the operator's schema: nothing where it has none there, or a constant.
  std::optional<ValueId> value_at(std::size_t place) const;
  /// The constant there; None where there is none.
  c10::IValue constant_at(std::size_t place) const;
  /// Every value that it reads, as often as it does.
  std::vector<ValueId> reads() const;
  /// The values that it answers with.
  std::vector<ValueId> answers() const;
  /// The value that it changes in place, where it does.
  std::optional<ValueId> changes() const;
  /// The value whose memory its first answer may share.
  std::optional<ValueId> shares() const;

  /// An argument that says whether the network trains, as the file has it; nothing where there is none.
  std::optional<bool> training_in_file() const { return training_in_file_; }
  bool is_dropout() const;

  /// Gives `value` a new tensor that is there before the pass: `tensor` in place of the one that it had.
  void give(ValueId value, const torch::Tensor& tensor);
  /// Lets `value` be made anew by every pass instead.
  void ask_for(ValueId value);
  /// From now on the last use of `value` takes it out of the values.
  void forget_after(ValueId value);
  /// In evaluation mode, does nothing: what it would change is its answer as it is.
  void only_in_training() { only_in_training_ = true; }
  /// In evaluation mode, answers with this constant in the shape of its first argument: what a random draw is on
  /// average.
  void expect_in_evaluation(double mean) { mean_ = mean; }

 private:
  struct Place {  // of an argument that is a value, or of a list's element that is one
    std::size_t argument = 0;
    std::ptrdiff_t element = -1;
    ValueId value = 0;
    bool is_given = false;  // its tensor is in the template
    bool last = false;
  };
  struct List {  // that has values in it
    std::size_t argument = 0;
    c10::TypePtr element_type;
    std::vector<c10::IValue> elements;
  };

  void look_up(const ExportedNode& node);
  void set_argument(const ExportedArgument& value, const GivenTensors& given);
  void set_list(const c10::TypePtr& element_type, const ExportedArgument::List& list, const GivenTensors& given);
  c10::IValue constant(const c10::TypePtr& type, const ExportedArgument& value) const;
  void note_modes();
  torch::jit::Stack arguments(std::vector<c10::IValue>& values, const ExportedPass& pass) const;
  void keep(torch::jit::Stack&& stack, std::vector<c10::IValue>& values) const;
  [[noreturn]] void refuse(const std::string& clause) const;

  std::string name_, target_, file_;
  std::vector<c10::Argument> formals_;
  OperatorFunction function_;
  torch::jit::Stack template_;
  std::vector<Place> places_;
  std::vector<List> lists_;
  std::vector<std::size_t> devices_;  // arguments that say where
  std::vector<ExportedNode::Output> answers_;
  std::optional<std::size_t> changed_, shared_;         // arguments
  std::optional<std::size_t> training_, dropout_rate_;  // arguments
  std::optional<bool> training_in_file_;
  bool differentiable_, only_in_training_ = false;
  std::optional<double> mean_;
};

}  // namespace lrfind::model
