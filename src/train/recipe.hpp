// What one training step is made of, apart from the network and the images.
#pragma once

#include <cstdint>
#include <lrfind/error.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lrfind::train {

enum class OptimizerKind { sgd, adam, adamw, nadam, radam, rmsprop, adagrad, lion, lars, lamb };
enum class Precision { fp32, tf32, bf16, fp16 };
/// automatic: as the network and the device are fastest, but as Python has it where that is a network from a file on
/// the CPU.
enum class MemoryFormat { automatic, contiguous, channels_last };

/// Names and defaults are PyTorch's, and timm's for Lion, LARS and LAMB; those of each optimizer: optimizer_facts.hpp.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::sgd;
  double momentum = 0.9;    ///< SGD, LARS and RMSprop, in [0, 1)
  bool nesterov = false;    ///< SGD and LARS with momentum
  double weight_decay = 0;  ///< >= 0; added to the gradient, but decoupled for AdamW (Loshchilov and Hutter 2017) and
                            ///< Lion, and added to LAMB's step before its norm is taken
  double beta1 = 0.9;       ///< all Adams, Lion and LAMB, in [0, 1)
  double beta2 = 0.999;     ///< likewise
  double alpha = 0.99;      ///< RMSprop's smoothing of squared gradients, in [0, 1)
  double eps = 1e-8;        ///< added to the denominator
};

struct Recipe {
  OptimizerOptions optimizer;
  int accumulate = 1;                 ///< batches whose gradients are averaged for one update, >= 1
  double grad_clip = 0;               ///< largest norm of all gradients together; 0: no clipping
  double label_smoothing = 0;         ///< in [0, 1)
  std::vector<double> class_weights;  ///< empty, or one per class
  Precision precision = Precision::fp32;
  MemoryFormat memory_format = MemoryFormat::automatic;
  bool sync_batchnorm = false;      ///< of several ranks: batch normalisation over all their batches
  std::vector<std::string> freeze;  ///< regular expressions: matching parameters are not trained
  std::vector<std::pair<std::string, double>>
      lr_mult;  ///< regular expression and factor on the rate; the last match counts
};

/// Per channel of an image whose values are scaled to 0 to 1: (value - mean) / std.
struct Normalisation {
  std::vector<double> mean, std;
};

}  // namespace lrfind::train
