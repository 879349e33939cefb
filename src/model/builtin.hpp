// The networks that come with lrfind. They adapt to image size, channels and class count.
#pragma once

#include <lrfind/error.hpp>
#include "model/catalogue.hpp"
#include "model/network.hpp"

#include <memory>
#include <string>

namespace lrfind::model {

/// Throws Error (model) with a sentence when the name, a depth or a size does not fit.
std::unique_ptr<Network> make_builtin(const std::string& name, const BuiltinOptions& options);

}  // namespace lrfind::model
