// What a mistyped word may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lrfind {

/// Those of `known` that `word` may be a misspelling of, in the order of `known`; at most three, none where nothing is
/// near. Case, "_" for "-" and the order of the parts between hyphens do not count; else the nearest by single letters
/// left out, added, changed or swapped with their neighbour (optimal string alignment, Boytsov 2011,
/// doi:10.1145/1963190.1963191), up to a third of the word; else those that it begins, that begin it, or
/// that share their parts with it.
std::vector<std::string> near_words(std::string_view word, const std::vector<std::string>& known);

/// A question to end an error's sentence with: `; did you mean "adam" or "adamw"?`. Empty where nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// The same for a path that leads nowhere, from what lies in its folder. Empty for one that does exist.
std::string did_you_mean_path(const std::string& path);

}  // namespace lrfind
