#include "train/find_engine.hpp"

#include <lrfind/error.hpp>
#include "platform/modules.hpp"
#include "platform/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace lrfind::train {

namespace {

namespace fs = std::filesystem;

constexpr const char* engine_file = LRFIND_ENGINE_FILE;

// The Python package torch.
struct Torch {
  fs::path folder;
  std::string version;  // "2.14.1+cu130"
  std::string minor;    // "2.14"
  std::string cuda;     // "13", or empty
};

// What a line such as `cuda: Optional[str] = '13.0'` gives a name; nothing where it is no text.
std::string assigned(const std::string& text, const std::string& name) {
  for (const std::string_view line : split(text, '\n')) {
    const auto equals = line.find(" = ");
    if (equals == std::string_view::npos || trimmed(line.substr(0, std::min(equals, line.find(':')))) != name) continue;
    const std::string_view value = trimmed(line.substr(equals + 3));
    const bool quoted = value.size() > 2 && value.front() == '\'' && value.back() == '\'';
    return quoted ? std::string(value.substr(1, value.size() - 2)) : "";
  }
  return "";
}

// The first numbers of a version, "2.14" of "2.14.1+cu130"; empty where it has fewer.
std::string leading_numbers(const std::string& version, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && version.substr(end, 1) != ".") return "";
    const std::size_t begin = i > 0 ? end + 1 : 0;
    end = std::min(version.find_first_not_of("0123456789", begin), version.size());
    if (end == begin) return "";
  }
  return version.substr(0, end);
}

// torch/version.py is written by torch's own build: lines such as __version__ = '2.14.1+cu130'.
Torch read_torch(const fs::path& folder) {
  std::ifstream file(folder / "version.py");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Torch torch{folder, assigned(text, "__version__"), "", leading_numbers(assigned(text, "cuda"), 1)};
  if (torch.version.find('/') != std::string::npos) torch.version.clear();
  torch.minor = leading_numbers(torch.version, 2);
  if (torch.minor.empty()) {
    throw device_error("LRFIND_TORCH is \"" + folder.string() +
                       "\", which is no Python package torch: it has no version.py that names its version");
  }
  return torch;
}

fs::path cache_folder() {
  const auto variable = [](const char* name) {
    return fs::path(std::getenv(name) == nullptr ? "" : std::getenv(name));
  };
  const fs::path cache = variable("XDG_CACHE_HOME");
  return (cache.is_absolute() ? cache : variable("HOME") / ".cache") / "lrfind" / "engines" / LRFIND_ENGINE_SOURCES;
}

// Where a module for this torch may lie, the one that fits best first.
std::vector<fs::path> places_for(const Torch& torch, const fs::path& installed) {
  std::vector<fs::path> places{cache_folder() / ("torch-" + torch.version)};
  if (!torch.cuda.empty()) places.push_back(installed / ("torch-" + torch.minor + "-cuda" + torch.cuda));
  places.push_back(installed / ("torch-" + torch.minor));
  return places;
}

// "2.13 and 2.14": for which torch modules are installed.
std::string versions_in(const fs::path& installed) {
  std::vector<std::string> versions;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(installed, none)) {
    const std::string name = entry.path().filename().string();
    const std::string version = name.starts_with("torch-") ? name.substr(6) : "";
    if (!version.empty() && leading_numbers(version, 2) == version) versions.push_back(version);
  }
  std::sort(versions.begin(), versions.end());
  std::string text;
  for (const std::string& version : versions) {
    if (!text.empty()) text += version == versions.back() ? " and " : ", ";
    text += version;
  }
  return text;
}

[[noreturn]] void refuse(const std::string& found, const std::string& versions) {
  if (versions.empty()) throw device_error(found + ", for which lrfind build-engine can build the part that trains");
  throw device_error(found + ", and this lrfind trains with torch " + versions +
                     ": pip install 'lrfind[torch]' brings one that fits, and lrfind build-engine (with a C++ compiler "
                     "and CMake) builds the part that trains for the torch that is there");
}

}  // namespace

EngineFiles find_engine() {
  const fs::path own = platform::module_path(engine_file);
  if (fs::exists(own)) return {own, ""};
  const char* named = std::getenv("LRFIND_TORCH");
  const std::string versions = versions_in(own.parent_path());
  if (named == nullptr) {
    if (!versions.empty()) {
      throw device_error("LRFIND_TORCH does not name the Python package torch to train with (" + versions +
                         "), as the lrfind does that pip has installed beside python3; start that one");
    }
    if (LRFIND_WITH_TORCH) return {own, ""};  // the loader says what is wrong with it
    throw device_error(
        "this lrfind was built without LibTorch, with which it trains networks of its own; lrfind exec tests the rates "
        "of any other training program");
  }
  if (*named == '\0') {
    throw device_error(
        "the Python that lrfind is installed in has no torch, with which it trains: install it (pip install "
        "'lrfind[torch]'); lrfind exec, suggest, plot, inspect, schedule and models work without");
  }
  const Torch torch = read_torch(named);
  for (const fs::path& place : places_for(torch, own.parent_path())) {
    if (fs::exists(place / engine_file)) return {place / engine_file, torch.folder / "lib" / "libtorch.so"};
  }
  std::string found = "\"";
  found += torch.folder.string();
  refuse(found + "\" is torch " + torch.version, versions);
}

}  // namespace lrfind::train
