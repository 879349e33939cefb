// Where the parts of the program lie that are opened at run time: the program itself, which the launcher opens so that
// no library of it is called in place of LibTorch's own (what that buys: launcher.cpp; tests/train/dense_step_test.py
// compares a step with Python's), and LibTorch's part, which only commands that train pay for (train/engine.hpp).
#pragma once

#include <string>

namespace lrfind::platform {

/// The path of a module of the program: beside the program in a build folder, in its library folder when installed.
std::string module_path(const std::string& file);

/// What dlerror() said, in brackets, and what helps (`otherwise` where no limit is the reason): the end of a sentence
/// that says what cannot be loaded.
std::string loading_problem(const char* why, const std::string& otherwise = "build or install lrfind again");

}  // namespace lrfind::platform
