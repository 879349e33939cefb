#include <data/dataset/split_names.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace lrfind::data {
namespace {

using namespace std::string_view_literals;

// Of several folders of one role the first in this table is used; val goes before test.
constexpr std::array<std::pair<std::string_view, SplitRole>, 24> words{{
    {"train", SplitRole::train},
    {"training", SplitRole::train},
    {"trn", SplitRole::train},
    {"val", SplitRole::val},
    {"valid", SplitRole::val},
    {"validation", SplitRole::val},
    {"validate", SplitRole::val},
    {"dev", SplitRole::val},
    {"development", SplitRole::val},
    {"eval", SplitRole::val},
    {"evaluation", SplitRole::val},
    {"publictest", SplitRole::val},  // of FER-2013, whose test images are "PrivateTest"
    {"test", SplitRole::test},
    {"testing", SplitRole::test},
    {"tst", SplitRole::test},
    {"privatetest", SplitRole::test},
    {"test1", SplitRole::unlabelled},
    {"test2", SplitRole::unlabelled},
    {"pred", SplitRole::unlabelled},
    {"prediction", SplitRole::unlabelled},
    {"predictions", SplitRole::unlabelled},
    {"meta", SplitRole::unlabelled},
    {"unlabeled", SplitRole::unlabelled},
    {"unlabelled", SplitRole::unlabelled},
}};

std::string plain(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') c = '_';
  }
  return text;
}

// The word that is left of "seg_train", "training_set" or "images_val".
std::string_view without_additions(std::string_view name) {
  for (const auto prefix : {"seg_"sv, "images_"sv, "data_"sv}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  for (const auto suffix :
       {"_set"sv, "set"sv, "_images"sv, "_imgs"sv, "_data"sv, "data"sv, "_dataset"sv, "_folder"sv, "_split"sv}) {
    if (name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      break;
    }
  }
  return name;
}

std::optional<SplitFolder> split_folder(const std::string& name, std::size_t prefix = 0) {
  const std::string text = plain(std::string_view(name).substr(prefix));
  const std::string_view word = without_additions(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].first == word) return SplitFolder{name, words[i].second, 2 * i + (word == name ? 0U : 1U)};
  }
  return std::nullopt;
}

// "flowers_" of "flowers_train" and "flowers_test". One of them alone may be a class: a bullet train, a speed test.
std::string common_prefix(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::size_t length = plain(name).rfind('_') + 1;
    if (length == 0) continue;
    const auto train = split_folder(name, length);
    if (!train || train->role != SplitRole::train) continue;
    const bool paired = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
      if (other.compare(0, length, name, 0, length) != 0) return false;
      const auto found = split_folder(other, length);
      return found && (found->role == SplitRole::val || found->role == SplitRole::test);
    });
    if (paired) return name.substr(0, length);
  }
  return {};
}

}  // namespace

std::optional<SplitRole> role_of_word(std::string_view word) {
  const std::string text = plain(word);
  for (const auto bare : {std::string_view(text), without_additions(text)}) {
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& each) { return each.first == bare; });
    if (found != words.end() && found->second != SplitRole::unlabelled) return found->second;
  }
  return std::nullopt;
}

std::vector<SplitFolder> find_split_folders(const std::vector<std::string>& names) {
  const std::string prefix = common_prefix(names);
  std::vector<SplitFolder> folders;
  for (const std::string& name : names) {
    auto folder = split_folder(name);
    if (!folder && !prefix.empty() && name.starts_with(prefix)) folder = split_folder(name, prefix.size());
    if (folder) folders.push_back(*folder);
  }
  std::sort(folders.begin(), folders.end(), [](const SplitFolder& a, const SplitFolder& b) {
    return std::tie(a.rank, a.name) < std::tie(b.rank, b.name);
  });
  return folders;
}

bool only_split_names(const std::vector<std::string>& names) {
  const auto folders = find_split_folders(names);
  return folders.size() == names.size() && std::any_of(folders.begin(), folders.end(), [](const SplitFolder& folder) {
           return folder.role != SplitRole::unlabelled;
         });
}

}  // namespace lrfind::data
