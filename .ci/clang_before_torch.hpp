// Read by clang-tidy before files that include LibTorch. LibTorch 1.13 has a std::vector of a class that is still
// incomplete, which C++20 allows (vector.overview) and GCC takes, but clang rejects with libstdc++'s constexpr vector,
// whose members it instantiates early. So clang sees a vector that is not constexpr.
#pragma once
#include <memory>
#include <string>
#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#include <bits/stl_vector.h>
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
