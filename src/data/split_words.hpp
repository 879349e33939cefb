// The words that name a part of a dataset.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lrfind::data {

enum class SplitRole { train, val, test };

/// "train", "valid", "Test", "development", ... in any case; nothing for other words.
std::optional<SplitRole> role_of_word(std::string_view word);

/// "True", "1", "no", ... in any case; nothing for other words.
std::optional<bool> truth_of_word(std::string_view word);

}  // namespace lrfind::data
