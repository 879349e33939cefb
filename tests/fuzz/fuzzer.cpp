// A libFuzzer program for the target that LRFIND_FUZZ_TARGET names in its compilation.
#include "fuzz/targets.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  static const auto& target = *std::find_if(lrfind::fuzz::targets().begin(), lrfind::fuzz::targets().end(),
                                            [](const auto& each) { return each.name == LRFIND_FUZZ_TARGET; });
  target.read({reinterpret_cast<const char*>(bytes), count});
  return 0;
}
