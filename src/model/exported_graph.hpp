// What must be known of an exported program's operations as a whole before they are run again and again.
#pragma once

#include "model/exported_operators.hpp"
#include "model/loaded_network.hpp"
#include "model/tensor_uses.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lrfind::model {

/// A graph of operations in the order of the file, with the tensors of a program by their value.
struct ExportedGraph {
  const ExportedProgram* program = nullptr;
  std::vector<ExportedOperation> operations;
};

/// Takes care of what operations change in place: the images and constants are changed in a copy, which every pass
/// makes anew. Returns the values to be copied. Throws Error (model) for a parameter that the network changes.
std::vector<ValueId> copied_values(ExportedGraph& graph, const std::string& file);

/// In evaluation mode, leaves out what changes buffers and what only that is computed for.
void update_buffers_in_training_alone(ExportedGraph& graph);

/// Lets random draws that scale what a layer adds (stochastic depth, Huang et al. 2016) answer with their mean in
/// evaluation mode, so that the layer adds what it adds on average.
void expect_means_in_evaluation(ExportedGraph& graph);

/// Lets every value go after its last use.
void forget_after_last_use(ExportedGraph& graph);

Uses uses_of_tensors(const ExportedGraph& graph);
BakedModes baked_modes(const ExportedGraph& graph);

/// The weight and bias of the last linear layer, as values.
struct LinearHead {
  ValueId weight = 0;
  std::optional<ValueId> bias;
};
std::optional<LinearHead> linear_head(const ExportedGraph& graph);

}  // namespace lrfind::model
