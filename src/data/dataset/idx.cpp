// IDX files (http://yann.lecun.com/exdb/mnist): two zero bytes, a type (8: unsigned byte), the number of dimensions,
// each dimension as a big-endian 32-bit number, then the values. gzip is undone on the way in.
#include <data/dataset/folder_scan.hpp>
#include <data/dataset/indexing.hpp>
#include <lrfind/error.hpp>
#include <platform/parallel.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <map>
#include <memory>
#include <set>

namespace lrfind::data {
namespace {

struct IdxArray {
  std::vector<std::uint32_t> dimensions;
  std::vector<std::uint8_t> values;
};

using GzFile = std::unique_ptr<gzFile_s, int (*)(gzFile)>;

std::size_t read_fully(gzFile file, std::uint8_t* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const int read = ::gzread(file, to + done, static_cast<unsigned>(std::min<std::size_t>(count - done, 1U << 24U)));
    if (read <= 0) break;
    done += static_cast<std::size_t>(read);
  }
  return done;
}

struct IdxFile {
  std::string path;
  std::uint64_t bytes = 0;  ///< as it is stored
  GzFile file{nullptr, ::gzclose};
  IdxArray array = {};
  std::uint64_t expected = 1;  ///< values that the header declares
};

// Of gzip nothing can be known but by unpacking it, and zeros pack a thousand to one; the images of MNIST's family pack
// three to six to one.
void require_plausible(const std::vector<IdxFile>& files) {
  constexpr std::uint64_t much = std::uint64_t{1} << 28U, best_ratio = 30;
  std::uint64_t declared = 0, bytes = 0;
  for (const IdxFile& idx : files) {
    declared += idx.expected;
    bytes += idx.bytes;
  }
  if (declared <= much || declared / best_ratio <= bytes) return;
  const auto largest = std::max_element(files.begin(), files.end(),
                                        [](const IdxFile& a, const IdxFile& b) { return a.expected < b.expected; });
  throw data_error("'" + largest->path + "' is cut off or no images: its header declares " +
                   std::to_string(largest->expected) + " values in a file of " + std::to_string(largest->bytes) +
                   " bytes");
}

IdxFile open_idx(const Files& files, const std::string& path) {
  const auto kind = files.kind(path);
  if (kind == Files::Kind::folder || kind == Files::Kind::other) {
    throw data_error("'" + path + "' is " + (kind == Files::Kind::folder ? "a folder" : "not a regular file") +
                     ", and an IDX file is needed");
  }
  IdxFile idx{.path = path, .bytes = files.bytes(path)};
  GzFile& file = idx.file;
  const int descriptor = files.open(path);
  if (descriptor >= 0) file.reset(::gzdopen(descriptor, "rb"));
  if (!file) throw data_error("'" + path + "' cannot be opened (" + std::strerror(errno) + ")");
  ::gzbuffer(file.get(), 1U << 18U);
  std::array<std::uint8_t, 4> word{};
  if (read_fully(file.get(), word.data(), 4) != 4 || word[0] != 0 || word[1] != 0 || word[2] != 8 || word[3] < 1 ||
      word[3] > 4) {
    throw data_error("'" + path + "' is not an IDX file of unsigned bytes: it does not begin with 00 00 08 and 1 to 4");
  }
  idx.array.dimensions.resize(word[3]);
  std::uint64_t& expected = idx.expected;
  for (std::uint32_t& dimension : idx.array.dimensions) {
    if (read_fully(file.get(), word.data(), 4) != 4) throw data_error("'" + path + "' is cut off inside its header");
    dimension = std::uint32_t{word[0]} << 24U | std::uint32_t{word[1]} << 16U | std::uint32_t{word[2]} << 8U | word[3];
    constexpr std::uint64_t limit = std::uint64_t{1} << 36U;
    if (dimension == 0 || expected > limit / dimension) {
      throw data_error("'" + path + "' declares a dimension of " + std::to_string(dimension) +
                       ", which cannot be right");
    }
    expected *= dimension;
  }
  return idx;
}

void read_values(IdxFile& idx) {
  IdxArray& array = idx.array;
  const std::uint64_t expected = idx.expected;
  // What is declared may be a lie, so memory grows with what is really there, unless the file itself is that long.
  constexpr std::uint64_t piece = std::uint64_t{1} << 26U;
  if (idx.bytes > expected) array.values.reserve(static_cast<std::size_t>(expected));
  while (array.values.size() < expected) {
    const std::size_t before = array.values.size();
    const auto wanted = static_cast<std::size_t>(std::min(piece, expected - before));
    if (before + wanted > array.values.capacity()) {
      array.values.reserve(static_cast<std::size_t>(std::min(expected, std::max(2 * std::uint64_t{before}, piece))));
    }
    array.values.resize(before + wanted);
    const std::size_t read = read_fully(idx.file.get(), array.values.data() + before, wanted);
    if (read < wanted) {
      throw data_error("'" + idx.path + "' is cut off: its header declares " + std::to_string(expected) +
                       " values and it holds " + std::to_string(before + read));
    }
  }
  idx.file.reset();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// A pair of files that belong together, by name: "train-images-idx3-ubyte.gz" and "train-labels-idx1-ubyte.gz", also
// with "images.idx3" for "images-idx3".
struct Pair {
  std::string images;
  std::string labels;  // empty: none found
};

struct Pairs {
  std::vector<Pair> train;
  std::vector<Pair> val;
  std::set<std::string> names;  // every file that belongs to one
};

std::string without_gz(const std::string& name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

Pairs find_pairs(const std::vector<std::string>& names) {
  const auto present = [&](const std::string& name) { return std::binary_search(names.begin(), names.end(), name); };
  Pairs pairs;
  for (const std::string& name : names) {
    const std::string plain = without_gz(name);
    if (!plain.ends_with("ubyte") || !contains(plain, "images") ||
        !(contains(plain, "idx3") || contains(plain, "idx4"))) {
      continue;
    }
    pairs.names.insert(name);
    if (plain != name && present(plain)) continue;  // the plain file is the faster one
    std::string labels = plain;
    labels.replace(labels.rfind("images"), 6, "labels");
    const std::size_t dimensions = std::max(labels.rfind("idx3") + 1, labels.rfind("idx4") + 1) - 1;
    labels[dimensions + 3] = '1';
    Pair pair{name, {}};
    for (const std::string& candidate : {labels, labels + ".gz"}) {
      if (!present(candidate)) continue;
      if (pair.labels.empty()) pair.labels = candidate;
      pairs.names.insert(candidate);
    }
    const bool val = contains(plain, "t10k") || contains(plain, "test") || contains(plain, "val");
    (val ? pairs.val : pairs.train).push_back(pair);
  }
  return pairs;
}

const Pair& only_pair(const std::vector<Pair>& pairs, const std::string& root, const std::string& role) {
  if (pairs.size() > 1) {
    throw data_error("'" + root + "' holds more than one set of " + role + " images, '" + pairs[0].images + "' and '" +
                     pairs[1].images + "': give a folder with one");
  }
  if (pairs[0].labels.empty()) throw data_error("'" + root + pairs[0].images + "' has no labels file beside it");
  return pairs[0];
}

void require_fit(const IdxArray& images, const IdxArray& labels, const std::string& images_path,
                 const std::string& labels_path) {
  const auto& size = images.dimensions;
  const bool shape_fits = size.size() == 3 || (size.size() == 4 && (size[3] == 1 || size[3] == 3));
  if (!shape_fits || size[1] > 16384 || size[2] > 16384) {
    throw data_error(
        "'" + images_path +
        "' holds no images: the dimensions must be count, rows, columns (16384 at most) and, for colour, 3");
  }
  if (labels.dimensions.size() != 1 || labels.dimensions[0] != size[0]) {
    throw data_error("'" + labels_path + "' does not fit '" + images_path + "': " +
                     std::to_string(labels.dimensions[0]) + " labels for " + std::to_string(size[0]) + " images");
  }
}

Samples to_samples(IdxArray images, const IdxArray& labels, const std::string& path, const std::map<int, int>& class_of,
                   const FindOptions& options) {
  auto source = std::make_shared<Source>();
  source->files = options.files;
  const auto& size = images.dimensions;
  source->pixel_file = path;
  source->shape = {static_cast<int>(size[1]), static_cast<int>(size[2]),
                   size.size() == 4 ? static_cast<int>(size[3]) : 1};
  source->pixels = std::move(images.values);
  source->labels.reserve(labels.values.size());
  for (const std::uint8_t label : labels.values) source->labels.push_back(class_of.at(label));
  return all_samples(std::move(source));
}

constexpr int deepest = 3;  // folders below what was given: "data/MNIST/raw" is two

// Folders with IDX images.
void find_idx_folders(const Files& files, const std::string& root, const Listing& listing, int depth,
                      std::vector<std::string>& found) {
  if (!find_pairs(listing.others).names.empty()) found.push_back(root.substr(0, root.size() - 1));
  if (depth == deepest) return;
  for (const std::string& name : listing.folders) {
    const std::string inner = root + name + "/";
    find_idx_folders(files, inner, list_folder(files, inner), depth + 1, found);
  }
}

}  // namespace

std::optional<Dataset> find_idx_below(const std::string& path, const Listing& listing, const FindOptions& options) {
  std::vector<std::string> folders;
  find_idx_folders(*options.files, path.ends_with('/') ? path : path + "/", listing, 0, folders);
  if (folders.empty()) return std::nullopt;
  if (folders.size() > 1) {
    throw data_error("'" + path + "' holds IDX files in more than one folder, " + quoted_list(folders) + ": give one");
  }
  auto dataset = find_idx(folders.front(), list_folder(*options.files, folders.front() + "/"), options);
  if (dataset) dataset->notes.push_back("the dataset is the IDX files in '" + folders.front() + "'");
  return dataset;
}

std::optional<Dataset> find_idx(const std::string& path, const Listing& listing, const FindOptions& options) {
  const std::string root = path.ends_with('/') ? path : path + "/";
  const Pairs pairs = find_pairs(listing.others);
  if (pairs.train.empty() && pairs.val.empty()) return std::nullopt;
  if (pairs.train.empty()) throw data_error("'" + root + pairs.val[0].images + "' has no training images beside it");

  std::vector<std::string> files;
  const auto add = [&](const Pair& pair) { files.insert(files.end(), {root + pair.images, root + pair.labels}); };
  add(only_pair(pairs.train, root, "training"));
  if (!pairs.val.empty()) add(only_pair(pairs.val, root, "test"));
  std::vector<IdxFile> opened;
  for (const std::string& file : files) opened.push_back(open_idx(*options.files, file));
  // Before any value is read: labels for other images may be any number of them.
  for (std::size_t i = 0; i < files.size(); i += 2) {
    require_fit(opened[i].array, opened[i + 1].array, files[i], files[i + 1]);
  }
  require_plausible(opened);
  parallel_for(
      files.size(), options.threads, [&](std::size_t i) { read_values(opened[i]); }, options.stop);
  std::vector<IdxArray> arrays;
  for (IdxFile& idx : opened) arrays.push_back(std::move(idx.array));

  Dataset dataset;
  dataset.format = "idx";
  std::map<int, int> class_of;
  for (const std::uint8_t label : arrays[1].values) class_of[label] = 0;
  for (auto& [label, number] : class_of) {
    number = static_cast<int>(dataset.classes.size());
    dataset.classes.push_back(std::to_string(label));
  }
  if (class_of.size() < 2) {
    throw data_error("'" + files[1] + "' holds one label only, " + dataset.classes.front() +
                     ", and a classifier needs two");
  }
  if (files.size() > 2) {
    for (const std::uint8_t label : arrays[3].values) {
      if (class_of.contains(label)) continue;
      throw data_error("'" + files[3] + "' has the label " + std::to_string(label) + ", which no training image has");
    }
    if (!std::equal(arrays[0].dimensions.begin() + 1, arrays[0].dimensions.end(), arrays[2].dimensions.begin() + 1,
                    arrays[2].dimensions.end())) {
      throw data_error("the images in '" + files[2] + "' have another size than those in '" + files[0] + "'");
    }
    dataset.val = to_samples(std::move(arrays[2]), arrays[3], files[2], class_of, options);
    dataset.val_origin = pairs.val[0].images;
  }
  dataset.train = to_samples(std::move(arrays[0]), arrays[1], files[0], class_of, options);
  dataset.native = dataset.train.pixel_shape();
  dataset.hidden = listing.hidden;
  dataset.ignored_files = listing.images.size() + listing.others.size() - pairs.names.size();
  return dataset;
}

}  // namespace lrfind::data
