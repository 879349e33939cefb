#include <data/archive/archive.hpp>
#include <data/archive/shard_names.hpp>
#include <data/dataset/table.hpp>
#include <lrfind/error.hpp>
#include <platform/text.hpp>

#include <algorithm>
#include <charconv>

namespace lrfind::data {
namespace {

constexpr std::size_t most_shards = 100000;

std::string name_in(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// What stands between two braces: "000..009", or words between commas; nothing where it is neither.
std::vector<std::string> alternatives(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    std::vector<std::string> words;
    if (text.find(',') == std::string_view::npos) return {};
    for (const std::string_view word : split(text, ',')) words.emplace_back(word);
    return words;
  }
  const std::string_view first = text.substr(0, dots), last = text.substr(dots + 2);
  const auto begin = whole_number(first), end = whole_number(last);
  if (!begin || !end || *end < *begin || *end - *begin >= most_shards) return {};
  const bool padded = first.size() > 1 && first.starts_with('0');
  std::vector<std::string> numbers;
  for (std::size_t i = *begin; i <= *end; ++i) {
    std::string number = std::to_string(i);
    if (padded && number.size() < first.size()) number.insert(0, first.size() - number.size(), '0');
    numbers.push_back(std::move(number));
  }
  return numbers;
}

// As a shell does; the text itself where it has no such braces.
std::vector<std::string> expanded(const std::string& text) {
  for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) break;
    const auto inner = alternatives(std::string_view(text).substr(open + 1, close - open - 1));
    if (inner.empty()) continue;
    std::vector<std::string> all;
    for (const std::string& rest : expanded(text.substr(close + 1))) {
      for (const std::string& word : inner) {
        if (all.size() == most_shards) throw data_error(quoted(text) + " names more than 100000 shards");
        all.push_back(text.substr(0, open).append(word).append(rest));
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  return {text};
}

// By the words of its name, "imagenet-val-000012.tar".
std::optional<SplitRole> role_of_name(const std::string& name) {
  std::string word;
  for (const char c : lower_case(name) + ".") {
    if (c >= 'a' && c <= 'z') {
      word += c;
    } else {
      if (const auto role = role_of_word(word)) return role;
      word.clear();
    }
  }
  return std::nullopt;
}

// Shards that are all of one split are what there is to train on.
void settle_roles(std::vector<ArchiveName>& archives) {
  const auto differs = [&](const ArchiveName& archive) { return archive.role != archives.front().role; };
  if (std::any_of(archives.begin(), archives.end(), differs)) return;
  for (ArchiveName& archive : archives) archive.role = SplitRole::train;
}

void add_shards(std::vector<ArchiveName>& archives, const std::string& folder, const Listing& listing,
                std::optional<SplitRole> role) {
  for (const std::string& name : listing.others) {
    if (!is_tar_name(name)) continue;
    archives.push_back({folder + name, role ? *role : role_of_name(name).value_or(SplitRole::train)});
  }
}

std::optional<ArchiveNames> shards_of_pattern(const std::string& data) {
  const auto names = expanded(data);
  if (names.size() < 2) return std::nullopt;
  ArchiveNames found{data, {}, {}};
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (!files_on_disk()->is_file(name)) missing.push_back(name);
    found.archives.push_back({name, role_of_name(name_in(name)).value_or(SplitRole::train)});
  }
  if (!missing.empty()) {
    throw data_error(std::to_string(missing.size()) + " of the " + std::to_string(names.size()) + " shards of '" +
                     data + "' do not exist, such as '" + missing.front() + "'");
  }
  settle_roles(found.archives);
  return found;
}

}  // namespace

std::optional<ArchiveNames> archives_named(const std::string& data) {
  const Files& disk = *files_on_disk();
  if (disk.is_file(data)) {
    if (is_table_name(data) || !(is_archive_name(data) || is_archive(data))) return std::nullopt;
    return ArchiveNames{data, {}, {{data}}};
  }
  if (disk.kind(data) != Files::Kind::none) return std::nullopt;
  // "photos.zip/labels.csv"
  for (std::size_t end = data.find('/', 1); end != std::string::npos; end = data.find('/', end + 1)) {
    const std::string outer = data.substr(0, end);
    if (disk.is_file(outer) && is_archive(outer)) return ArchiveNames{outer, data.substr(end), {{outer}}};
  }
  return shards_of_pattern(data);
}

std::optional<ArchiveNames> shards_in_folder(const std::string& folder, const Listing& listing) {
  ArchiveNames found{folder.substr(0, folder.size() - 1), {}, {}};
  add_shards(found.archives, folder, listing, std::nullopt);
  for (const std::string& name : listing.folders) {
    const auto role = role_of_word(name);
    if (!role) continue;
    const std::string inner = folder + name + "/";
    add_shards(found.archives, inner, list_folder(*files_on_disk(), inner), role);
  }
  if (found.archives.empty() || holds_pictures(*files_on_disk(), folder, {})) return std::nullopt;
  settle_roles(found.archives);
  return found;
}

}  // namespace lrfind::data
