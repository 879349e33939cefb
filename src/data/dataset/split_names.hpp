// What the folders of a downloaded dataset are called: its splits, and what lies beside them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::data {

enum class SplitRole { train, val, test, unlabelled };

/// "train", "valid", "Test", "development", ... in any case, of a word in a manifest or a path; nothing for other
/// words.
std::optional<SplitRole> role_of_word(std::string_view word);

/// A folder that is named like a part of a dataset.
struct SplitFolder {
  std::string name;
  SplitRole role = SplitRole::train;
  std::size_t rank = 0;  ///< the lower, the more usual the name for its role
};

/// Those of `names` that are named like parts of a dataset, in any case and with the usual additions ("training_set",
/// "seg_train", "Train images"), most usual first; also "flowers_train" where "flowers_test" is beside it.
std::vector<SplitFolder> find_split_folders(const std::vector<std::string>& names);

/// Whether all names are of parts of a dataset, and so none a class.
bool only_split_names(const std::vector<std::string>& names);

}  // namespace lrfind::data
