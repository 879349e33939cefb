#include <data/dataset/class_names.hpp>
#include <data/dataset/column_names.hpp>
#include <data/dataset/indexing.hpp>
#include <data/dataset/table.hpp>
#include <data/dataset/webdataset.hpp>
#include <data/image/image_header.hpp>
#include <lrfind/error.hpp>
#include <platform/parallel.hpp>
#include "platform/parse_json.hpp"
#include "platform/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

namespace lrfind::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> label_extensions{"cls", "class", "label",
                                                           "json"};  // the first present counts
constexpr std::uint64_t longest_label = std::uint64_t{1} << 20U;

struct Sample {
  std::string folder;       // with a trailing slash
  std::string image;        // the file's name; empty where there is none
  std::string other_image;  // the second where there are several
  std::string label_file;
  std::string label;
  std::uint32_t shard = 0;
};

// "000012" and "seg.png" of "000012.seg.png".
std::pair<std::string, std::string> key_and_extension(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {name, {}};
  return {name.substr(0, dot), lower_case(name.substr(dot + 1))};
}

// What one folder holds of samples.
class SampleFolder {
 public:
  explicit SampleFolder(std::string folder) : folder_(std::move(folder)) {}

  void add(const std::string& name) {
    const auto [key, extension] = key_and_extension(name);
    Parts& parts = parts_[key];
    if (format_of_name(name) != ImageFormat::unknown) {
      (extension.find('.') == std::string::npos ? parts.images : parts.further_images).push_back(name);
    } else {
      const auto known = std::find(label_extensions.begin(), label_extensions.end(), extension);
      const auto rank = static_cast<std::size_t>(known - label_extensions.begin());
      if (known != label_extensions.end()) parts.labels[rank] = name;
    }
  }

  void append_to(std::vector<Sample>& samples, std::uint32_t shard, std::size_t& imageless) {
    for (auto& [key, parts] : parts_) {
      auto& images = parts.images.empty() ? parts.further_images : parts.images;
      const auto label =
          std::find_if(parts.labels.begin(), parts.labels.end(), [](const auto& l) { return !l.empty(); });
      if (images.empty()) {
        // Many other things are kept as JSON.
        imageless += label != parts.labels.end() && !label->ends_with(".json") ? 1U : 0U;
        continue;
      }
      samples.push_back({.folder = folder_,
                         .image = images.front(),
                         .other_image = images.size() > 1 ? images[1] : "",
                         .label_file = label == parts.labels.end() ? "" : *label,
                         .label = {},
                         .shard = shard});
    }
  }

 private:
  struct Parts {
    std::vector<std::string> images, further_images;
    std::array<std::string, label_extensions.size()> labels;
  };
  std::string folder_;
  std::map<std::string, Parts> parts_;
};

struct ShardSamples {
  std::vector<Sample> samples;
  std::size_t imageless = 0;  // samples with a class and no image
  std::size_t hidden = 0;
  std::size_t other_files = 0;
};

void gather(const Files& files, const std::string& folder, std::uint32_t shard, ShardSamples& result) {
  const Listing listing = list_folder(files, folder);
  result.hidden += listing.hidden;
  SampleFolder samples(folder);
  for (const auto* names : {&listing.images, &listing.others}) {
    for (const std::string& name : *names) samples.add(name);
  }
  for (const std::string& name : listing.others) result.other_files += is_label_name(name) ? 0U : 1U;
  samples.append_to(result.samples, shard, result.imageless);
  for (const std::string& name : listing.folders) gather(files, folder + name + "/", shard, result);
}

[[noreturn]] void refuse_label(const std::string& file, const std::string& what) {
  throw data_error("'" + file + "' " + what + ": a class is needed, its number or its name");
}

std::string text_of(const Files& files, const std::string& file) {
  std::string text;
  if (const std::string problem = files.read(file, text, longest_label); !problem.empty()) refuse_label(file, problem);
  return text;
}

// One line of text.
std::string label_of_text(const std::string& file, const std::string& text) {
  std::string_view line = text;
  while (line.ends_with('\n') || line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  std::string label(trimmed(line));
  constexpr std::size_t longest = 200;
  if (label.empty()) refuse_label(file, "is empty");
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (label.size() > longest || std::any_of(label.begin(), label.end(), control)) {
    refuse_label(file, "is no line of text but " + data::quoted(label));
  }
  return label;
}

Json object_in(const Files& files, const std::string& file) {
  try {
    Json json = parse_json(text_of(files, file));
    if (json.is_object()) return json;
  } catch (const JsonError&) {
    refuse_label(file, "is not valid JSON");
  }
  refuse_label(file, "is no JSON object");
}

bool says_one_class(const Json& value) { return value.is_string() || value.is_number_integer() || value.is_boolean(); }

// The key that says the class of every sample; empty where none does.
std::string key_of_class(const Files& files, const std::string& file) {
  std::vector<std::string> keys;
  const Json object = object_in(files, file);
  for (const auto& [key, value] : object.items()) {
    if (says_class(key) == NameClarity::clear && says_one_class(value)) keys.push_back(key);
  }
  if (keys.size() < 2) return keys.empty() ? "" : keys.front();
  // A class's number and its name say the same; a name reads better.
  for (const std::string& key : keys) {
    if (object[key].is_string()) return key;
  }
  return keys.front();
}

std::string label_of_json(const Files& files, const std::string& file, const std::string& key) {
  const Json object = object_in(files, file);
  const auto value = object.find(key);
  if (value == object.end() || !says_one_class(*value)) refuse_label(file, "has no class under " + data::quoted(key));
  return label_of_text(file, value->is_string() ? value->get<std::string>() : value->dump());
}

void read_labels(const Files& files, std::vector<Sample>& samples, const std::string& json_key,
                 const FindOptions& options) {
  constexpr std::size_t piece = 256;
  parallel_for((samples.size() + piece - 1) / piece, options.threads,
               [&](std::size_t n) {
                 for (std::size_t i = n * piece; i < std::min(samples.size(), (n + 1) * piece); ++i) {
                   Sample& sample = samples[i];
                   const std::string file = sample.folder + sample.label_file;
                   const bool json = lower_case(sample.label_file).ends_with(".json");
                   sample.label =
                       json ? label_of_json(files, file, json_key) : label_of_text(file, text_of(files, file));
                 }
               },
               options.stop);
}

// All samples of one split.
struct SplitSamples {
  std::vector<Sample> samples;
  std::set<std::string> shards;
};

// Folders as a scan of class folders meets them: a folder's own files before those of the folders in it.
bool path_before(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char left, char right) {
    const auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<int>(static_cast<unsigned char>(c)); };
    return rank(left) < rank(right);
  });
}

void sort_as_folders(std::vector<Sample>& samples, const std::vector<Shard>& shards) {
  const auto folder = [&](const Sample& s) { return std::string_view(s.folder).substr(shards[s.shard].folder.size()); };
  const auto same = [&](const Sample& a, const Sample& b) { return folder(a) == folder(b) && a.image == b.image; };
  const auto by_path = [&](const Sample& a, const Sample& b) {
    if (folder(a) != folder(b)) return path_before(folder(a), folder(b));
    return std::tie(a.image, a.shard) < std::tie(b.image, b.shard);
  };
  std::sort(samples.begin(), samples.end(), by_path);
  if (std::adjacent_find(samples.begin(), samples.end(), same) == samples.end()) return;
  std::stable_sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.shard < b.shard; });
}

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Numbers become names where the data bring them along.
void name_classes(std::vector<Sample>& samples, const ClassNames& names) {
  for (Sample& sample : samples) {
    const auto name = names.of_number.find(*number_in(sample.label));
    if (name == names.of_number.end()) {
      refuse_label(sample.folder + sample.label_file, "says class " + sample.label + ", which '" + names.file +
                                                          "' with its " + std::to_string(names.of_number.size()) +
                                                          " names does not have");
    }
    sample.label = name->second;
  }
}

bool all_numbers(const std::vector<Sample>& samples) {
  return std::all_of(samples.begin(), samples.end(), [](const Sample& s) { return number_in(s.label).has_value(); });
}

// By number where all are numbers, else by their bytes, as folders are.
std::vector<std::string> classes_of(const std::vector<Sample>& samples, bool numbers) {
  std::set<std::string> seen;
  for (const Sample& sample : samples) seen.insert(sample.label);
  std::vector<std::string> classes(seen.begin(), seen.end());
  if (numbers) {
    std::sort(classes.begin(), classes.end(),
              [](const auto& a, const auto& b) { return std::pair(number_in(a), a) < std::pair(number_in(b), b); });
  }
  return classes;
}

Samples to_samples(std::vector<Sample> samples, const std::map<std::string, int>& number_of,
                   const FindOptions& options) {
  std::stable_sort(samples.begin(), samples.end(),
                   [&](const Sample& a, const Sample& b) { return number_of.at(a.label) < number_of.at(b.label); });
  auto source = std::make_shared<Source>();
  source->files = options.files;
  std::map<std::string, std::uint32_t> directory_of;
  for (const Sample& sample : samples) {
    const auto [place, is_new] =
        directory_of.try_emplace(sample.folder, static_cast<std::uint32_t>(source->directories.size()));
    if (is_new) source->directories.push_back(sample.folder);
    source->add(sample.image, place->second, number_of.at(sample.label));
  }
  return all_samples(std::move(source));
}

std::optional<ClassNames> names_for(const std::vector<Shard>& shards, const std::string& beside,
                                    const FindOptions& options) {
  for (const Shard& shard : shards) {
    if (auto names = class_names_in(*options.files, shard.folder)) return names;
  }
  return beside.empty() ? std::nullopt : class_names_in(*files_on_disk(), beside);
}

// Every image needs its class, and every class its image.
void require_pairs(const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    const std::string what = "'" + sample.folder + sample.image + "' ";
    if (sample.label_file.empty()) {
      throw data_error(what +
                       "has no class beside it where others have: a file of the same name that ends in .cls is "
                       "needed");
    }
    if (!sample.other_image.empty()) {
      throw data_error(what + "and " + data::quoted(sample.other_image) +
                       " are of one sample: each needs one image and one class");
    }
  }
}

void require_known(const std::vector<Sample>& val, const std::map<std::string, int>& number_of) {
  for (const Sample& sample : val) {
    if (number_of.contains(sample.label)) continue;
    throw data_error("'" + sample.folder + sample.label_file + "' says the class " + data::quoted(sample.label) +
                     ", which no training image has");
  }
}

}  // namespace

bool is_label_name(std::string_view name) {
  const std::string small = lower_case(name);
  return std::any_of(label_extensions.begin(), label_extensions.end(),
                     [&](std::string_view extension) { return small.ends_with("." + std::string(extension)); });
}

std::optional<Dataset> find_webdataset(const std::vector<Shard>& shards, LabelFiles labels, const std::string& beside,
                                       const FindOptions& options) {
  const Files& files = *options.files;
  std::vector<ShardSamples> gathered(shards.size());
  parallel_for(
      shards.size(), options.threads,
      [&](std::size_t i) { gather(files, shards[i].folder, static_cast<std::uint32_t>(i), gathered[i]); },
      options.stop);

  Dataset dataset;
  std::map<SplitRole, std::vector<Sample>> splits;
  std::size_t imageless = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto& split = splits[shards[i].role];
    std::move(gathered[i].samples.begin(), gathered[i].samples.end(), std::back_inserter(split));
    imageless += gathered[i].imageless;
    dataset.hidden += gathered[i].hidden;
    dataset.ignored_files += gathered[i].other_files;
  }
  const bool has_val = !splits[SplitRole::val].empty();
  auto& train = splits[SplitRole::train];
  auto& val = splits[has_val ? SplitRole::val : SplitRole::test];
  const auto labelled = [](const Sample& sample) { return !sample.label_file.empty(); };
  const auto first = std::find_if(train.begin(), train.end(), labelled);
  if (first == train.end()) return std::nullopt;
  if (labels == LabelFiles::text && !std::all_of(train.begin(), train.end(), labelled)) return std::nullopt;
  std::string json_key;
  if (lower_case(first->label_file).ends_with(".json")) {
    if (labels == LabelFiles::text) return std::nullopt;
    json_key = key_of_class(files, first->folder + first->label_file);
    if (json_key.empty()) return std::nullopt;
  }
  for (auto* split : {&train, &val}) {
    require_pairs(*split);
    read_labels(files, *split, json_key, options);
    sort_as_folders(*split, shards);
  }
  bool numbers = all_numbers(train) && all_numbers(val);
  if (numbers) {
    if (const auto names = names_for(shards, beside, options)) {
      for (auto* split : {&train, &val}) name_classes(*split, *names);
      numbers = false;
    }
  }
  dataset.format = "webdataset";
  dataset.classes = classes_of(train, numbers);
  if (dataset.classes.size() < 2) {
    throw data_error("the samples of " + data::quoted(shards.front().folder) + " and the like are of one class only, " +
                     data::quoted(dataset.classes.front()) + ", and a classifier needs two");
  }
  std::map<std::string, int> number_of;
  for (const std::string& name : dataset.classes) number_of.emplace(name, static_cast<int>(number_of.size()));
  require_known(val, number_of);
  if (imageless != 0) {
    dataset.notes.push_back("samples with a class but no image that can be read are left out: " +
                            std::to_string(imageless));
  }
  if (has_val && !splits[SplitRole::test].empty()) {
    dataset.notes.push_back("the " + std::to_string(splits[SplitRole::test].size()) +
                            " samples of the test shards are left out: those of the validation shards are used");
  }
  if (const auto left = splits[SplitRole::unlabelled].size(); left != 0) {
    dataset.notes.push_back("the " + std::to_string(left) + " samples of the unlabelled shards are left out");
  }
  const bool any_val = !val.empty();
  dataset.train = to_samples(std::move(train), number_of, options);
  if (any_val) {
    dataset.val = to_samples(std::move(val), number_of, options);
    dataset.val_origin = has_val ? "validation shards" : "test shards";
  }
  return dataset;
}

}  // namespace lrfind::data
