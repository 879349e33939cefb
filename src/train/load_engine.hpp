#pragma once

#include <lrfind/error.hpp>
#include "train/engine.hpp"

#include <future>
#include <memory>

namespace lrfind::train {

/// Opens the LibTorch module (find_engine.hpp says which). Throws Error (device) when it is not there or cannot be
/// loaded.
std::unique_ptr<Engine> load_engine();

/// The same on a thread of its own, so that images are found and decoded meanwhile.
std::future<std::unique_ptr<Engine>> load_engine_meanwhile();

}  // namespace lrfind::train
