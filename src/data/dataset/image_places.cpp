#include <data/dataset/image_places.hpp>
#include <lrfind/error.hpp>

#include <data/dataset/split_names.hpp>
#include <data/dataset/table.hpp>
#include <data/image/image_header.hpp>
#include "platform/text.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace lrfind::data {
namespace {

// A dataset in class folders can have thousands of them; names that are unique among so many are not worth the wait.
constexpr std::size_t most_folders = 1000;

bool is_absolute(std::string_view value) { return value.starts_with('/'); }

std::string with_slashes(std::string value) {
  std::replace(value.begin(), value.end(), '\\', '/');
  return value;
}

ImageFile file_in(const std::string& folder, std::string_view value) {
  const std::size_t slash = value.rfind('/') + 1;
  return {(is_absolute(value) ? "" : folder) + std::string(value.substr(0, slash)), std::string(value.substr(slash))};
}

std::string ending_of(const std::string& name) {
  return lower_case(name.substr(std::min(name.rfind('.'), name.size())));
}

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  for (const char c : lower_case(name)) {
    const bool letter = (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
    if (letter) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::optional<SplitRole> role_in(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (const auto role = role_of_word(word)) return role;
  }
  return std::nullopt;
}

bool means_images(const std::string& word) {
  constexpr std::array<std::string_view, 13> words{"images", "image",  "imgs",     "img",  "jpg",  "jpeg", "jpegs",
                                                   "png",    "photos", "pictures", "pics", "data", "files"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

// One folder's part of the sample.
struct FolderHits {
  const std::string* folder;
  int rank;
  std::vector<std::vector<std::string>> matches;  // by value
  std::size_t hits;
};

bool overlap(const FolderHits& a, const FolderHits& b, std::size_t& value) {
  for (value = 0; value < a.matches.size(); ++value) {
    if (!a.matches[value].empty() && !b.matches[value].empty()) return true;
  }
  return false;
}

}  // namespace

const Listing& Listings::of(const std::string& directory) {
  const auto [place, is_new] = listings_.try_emplace(directory);
  if (is_new) {
    const std::string folder = directory.empty() ? "./" : directory;
    if (files_->is_folder(folder)) {
      try {
        place->second = list_folder(*files_, folder);
      } catch (const Error&) {
        // A folder that cannot be read holds nothing that could be used.
      }
    }
  }
  return place->second;
}

std::vector<std::string> Listings::matches(const std::string& directory, const std::string& name) {
  if (name.empty()) return {};
  const Listing& listing = of(directory);
  for (const auto* names : {&listing.images, &listing.others}) {
    if (std::binary_search(names->begin(), names->end(), name)) return {name};
  }
  std::vector<std::string> found;
  const std::string start = name + ".";
  for (auto image = std::lower_bound(listing.images.begin(), listing.images.end(), start);
       image != listing.images.end() && image->starts_with(start); ++image) {
    if (image->find('.', start.size()) == std::string::npos) found.push_back(*image);
  }
  return found;
}

ImageSearch::ImageSearch(std::shared_ptr<const Files> files, const std::string& manifest)
    : folder_(manifest.substr(0, manifest.rfind('/') + 1)), listings_(std::move(files)) {
  const std::string name = manifest.substr(folder_.size());
  stem_ = lower_case(name.substr(0, name.rfind('.')));
}

FoundImages ImageSearch::as_named(const std::vector<std::string>& values) const {
  FoundImages found;
  found.places.folders = {folder_};
  for (const std::string& value : values) {
    if (value.empty()) continue;
    const std::string folder = is_absolute(value) ? "" : folder_;
    if (listings_.files().is_file(folder + value)) {
      ++found.hits;
    } else if (value.find('\\') != std::string::npos && listings_.files().is_file(folder + with_slashes(value))) {
      ++found.hits;
      found.places.backslashes = true;
    }
  }
  return found;
}

int ImageSearch::rank_of(const std::string& folder) const {
  const std::string name = lower_case(folder);
  if (name == stem_) return 1;
  const auto words = words_of(name);
  const auto role = role_in(words);
  const auto wanted = role_in(words_of(stem_)).value_or(SplitRole::train);
  // "train", "train_images", "images": nothing but the split that is listed and words for images.
  const bool plain = !words.empty() && std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return means_images(word) || role_of_word(word).has_value();
  });
  const bool other_split = role && *role != wanted;
  return plain && !other_split ? 2 : 3;
}

const std::vector<ImageSearch::Candidate>& ImageSearch::candidates(int distance) {
  while (candidates_.size() <= static_cast<std::size_t>(distance)) {
    std::vector<Candidate> result;
    std::string start = folder_;
    for (std::size_t i = 0; i < candidates_.size(); ++i) start += "../";
    result.push_back({start, 0, 0});
    if (candidates_.size() < 2) {
      for (const std::string& name : listings_.of(start).folders) {
        // Beside the manifest's folder, what is not called images or train belongs to something else.
        if (candidates_.empty() || rank_of(name) < 3) result.push_back({start + name + "/", 1, rank_of(name)});
      }
    }
    if (candidates_.empty()) {
      const std::size_t above = result.size();
      for (std::size_t i = 1; i < above && result.size() < most_folders; ++i) {
        for (const std::string& name : listings_.of(result[i].folder).folders) {
          result.push_back({result[i].folder + name + "/", 2, std::min(result[i].rank, rank_of(name))});
        }
      }
    }
    if (result.size() > most_folders) result.resize(most_folders);
    candidates_.push_back(std::move(result));
  }
  return candidates_[static_cast<std::size_t>(distance)];
}

FoundImages ImageSearch::at_distance(const std::vector<std::string>& values, int distance) {
  FoundImages found;
  std::vector<FolderHits> folders;
  for (const Candidate& candidate : candidates(distance)) {
    FolderHits folder{&candidate.folder, candidate.rank, {}, 0};
    for (const std::string& value : values) {
      const std::string path = with_slashes(value);
      std::vector<std::string> matches;
      // Deep folders are looked through for bare names only: a path says its own folders.
      if (!value.empty() && (candidate.depth == 0 || !is_absolute(path)) &&
          (candidate.depth < 2 || path.find('/') == std::string::npos)) {
        const ImageFile file = file_in(candidate.folder, value);
        matches = listings_.matches(file.directory, file.name);
        if (matches.empty() && path != value) {
          const ImageFile converted = file_in(candidate.folder, path);
          matches = listings_.matches(converted.directory, converted.name);
          if (!matches.empty()) found.places.backslashes = true;
        }
      }
      folder.hits += matches.empty() ? 0 : 1;
      folder.matches.push_back(std::move(matches));
    }
    if (folder.hits != 0) folders.push_back(std::move(folder));
  }
  if (folders.empty()) return found;
  std::stable_sort(folders.begin(), folders.end(), [](const FolderHits& a, const FolderHits& b) {
    return std::tuple(b.hits, a.rank) < std::tuple(a.hits, b.rank);
  });
  // Parts of one set lie in several folders and share no name; where they do share one, the folder's own name decides.
  std::vector<const FolderHits*> chosen;
  for (const FolderHits& folder : folders) {
    bool outranked = false;
    for (const FolderHits* other : chosen) {
      std::size_t value = 0;
      if (!overlap(*other, folder, value)) continue;
      outranked = true;
      if (folder.rank > other->rank || !found.ambiguity.empty()) continue;
      found.ambiguity =
          quoted(values[value]) + " lies in " + quoted(*other->folder) + " and in " + quoted(*folder.folder);
    }
    if (!outranked) chosen.push_back(&folder);
  }
  std::map<std::string, std::size_t> endings;  // and how many values each completes
  bool several = false;
  std::size_t completed = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const FolderHits* folder : chosen) {
      const auto& matches = folder->matches[i];
      if (matches.empty()) continue;
      ++found.hits;
      const std::string name = file_in("", with_slashes(values[i])).name;
      if (matches.size() == 1 && matches.front() == name) continue;
      ++completed;
      several = several || matches.size() > 1;
      std::set<std::string> seen;
      for (const std::string& match : matches) seen.insert(ending_of(match));
      for (const std::string& ending : seen) ++endings[ending];
    }
  }
  found.places.completes = completed != 0;
  for (const FolderHits* folder : chosen) {
    found.places.folders.push_back(*folder->folder);
    found.places.elsewhere = found.places.elsewhere || *folder->folder != folder_;
  }
  if (several) {
    std::vector<std::string> complete;
    for (const auto& [ending, count] : endings) {
      if (count == completed) complete.push_back(ending);
    }
    if (complete.size() == 1) {
      found.places.ending = complete.front();
    } else if (complete.size() > 1 && found.ambiguity.empty()) {
      found.ambiguity = "the names fit files that end in " + quoted(complete[0]) + " and in " + quoted(complete[1]);
    }
  }
  return found;
}

std::vector<std::string> ImageSearch::looked_into() const {
  std::vector<std::string> folders;
  for (const auto& distance : candidates_) {
    for (const Candidate& candidate : distance) {
      const std::string folder = candidate.folder.empty() ? "./" : candidate.folder;
      if (candidate.depth < 2 && listings_.files().is_folder(folder)) folders.push_back(folder);
    }
  }
  return folders;
}

ImageFile ImageResolver::resolve(const std::string& value) {
  const std::string path = places_.backslashes ? with_slashes(value) : value;
  ImageFile as_named = file_in(places_.folders.front(), path);
  if (places_.folders.size() == 1 && !places_.completes) return as_named;
  for (const std::string& folder : places_.folders) {
    const ImageFile file = file_in(folder, path);
    std::vector<std::string> matches = listings_.matches(file.directory, file.name);
    if (matches.size() > 1 && !places_.ending.empty()) {
      std::erase_if(matches, [&](const std::string& name) { return ending_of(name) != places_.ending; });
    }
    if (matches.size() > 1) {
      throw data_error("could mean " + quoted(file.directory + matches[0]) + " or " +
                       quoted(file.directory + matches[1]));
    }
    if (!matches.empty()) return {file.directory, matches.front()};
  }
  return as_named;
}

bool ImageResolver::exists(const std::string& value) {
  const ImageFile file = resolve(value);
  return !file.name.empty() && listings_.files().is_file(file.directory + file.name);
}

}  // namespace lrfind::data
