#include "model/torchscript_archive.hpp"

#include "platform/zip_archive.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace lrfind::model {

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

// Exported networks have brackets to a depth of 5, blocks to 8 and 18 tokens where 1,000 are let pass.
constexpr std::size_t most_nested = 100;
// What stands between two commas becomes a tree, and the tokens around a bracket add to those in it.
constexpr std::size_t longest_expression = 1000;
// Ways out of the middle of a function: what follows each is nested in it, and 1,000 in one function take LibTorch 1.13
// a minute.
constexpr std::size_t most_exits = 200, most_exits_of_all = 2000;

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Reads source token by token and adds up how deeply the trees that a compiler makes of it would nest.
class Nesting {
 public:
  explicit Nesting(std::string_view source) : rest_(source) {}

  std::string problem() {
    begin_line();
    while (!rest_.empty()) {
      take_token();
      if (expressions_.size() > most_nested || tokens_ > longest_expression) return "nests expressions too deeply";
      if (nested_blocks_ > most_nested) return "nests statements too deeply";
      if (exits_ > most_exits || exits_of_all_ > most_exits_of_all) return "leaves its functions at too many places";
    }
    return {};
  }

 private:
  struct Block {
    std::size_t indent = 0;
    std::size_t branches = 1;  // an elif lies within the else before it
  };

  void take_token() {
    const char c = rest_.front();
    if (c == '\n') {
      rest_.remove_prefix(1);
      if (expressions_.size() == 1) begin_line();
    } else if (is_space(c) || c == '\\') {
      rest_.remove_prefix(1);
    } else if (c == '#') {
      // Comments may declare types; the others nest nothing.
      rest_.remove_prefix(1);
    } else if (c == '"' || c == '\'') {
      skip_string();
      add_token();
    } else if (in_name(c)) {
      const auto end = std::find_if_not(rest_.begin(), rest_.end(), in_name);
      const auto length = static_cast<std::size_t>(end - rest_.begin());
      const std::string_view word = rest_.substr(0, length);
      if (blocks_.size() > function_level_ + 1 && (word == "return" || word == "break" || word == "continue")) {
        ++exits_;
        ++exits_of_all_;
      }
      if (word == "def") {
        function_level_ = blocks_.size();
        exits_ = 0;
      }
      rest_.remove_prefix(length);
      add_token();
    } else {
      take_sign(c);
      rest_.remove_prefix(1);
    }
  }

  void take_sign(char c) {
    if (c == '(' || c == '[' || c == '{') {
      add_token();
      expressions_.push_back(0);
    } else if (c == ')' || c == ']' || c == '}') {
      if (expressions_.size() > 1) end_expression();
    } else if (c == ',') {
      tokens_ -= expressions_.back();
      expressions_.back() = 0;
    } else {
      add_token();
    }
  }

  void add_token() {
    ++expressions_.back();
    ++tokens_;
  }

  void end_expression() {
    tokens_ -= expressions_.back();
    expressions_.pop_back();
  }

  void skip_string() {
    const bool three = rest_.starts_with("\"\"\"") || rest_.starts_with("'''");
    const std::string_view quote = rest_.substr(0, three ? 3 : 1);
    std::size_t at = quote.size();
    while (at < rest_.size() && rest_.substr(at, quote.size()) != quote && (three || rest_[at] != '\n')) {
      at += rest_[at] == '\\' ? 2 : 1;
    }
    const std::size_t end = std::min(rest_.size(), at);
    rest_.remove_prefix(end + (rest_.substr(end).starts_with(quote) ? quote.size() : 0));
  }

  // The indentation tells which blocks have ended.
  void begin_line() {
    tokens_ -= expressions_.back();
    expressions_.back() = 0;
    std::size_t indent = 0;
    while (indent < rest_.size() && is_space(rest_[indent])) ++indent;
    const std::string_view line = rest_.substr(indent);
    if (line.empty() || line.front() == '\n' || line.front() == '#') return;
    while (!blocks_.empty() && blocks_.back().indent > indent) end_block();
    const bool branch = line.starts_with("elif");
    if (blocks_.empty() || blocks_.back().indent < indent) {
      blocks_.push_back({indent});
      ++nested_blocks_;
    } else if (branch) {
      ++blocks_.back().branches;
      ++nested_blocks_;
    } else if (!line.starts_with("else")) {
      nested_blocks_ -= blocks_.back().branches - 1;
      blocks_.back().branches = 1;
    }
  }

  void end_block() {
    nested_blocks_ -= blocks_.back().branches;
    blocks_.pop_back();
  }

  std::string_view rest_;
  std::vector<std::size_t> expressions_{0};  // tokens since the last comma, in each open bracket
  std::size_t tokens_ = 0;                   // of all of them
  std::vector<Block> blocks_;
  std::size_t nested_blocks_ = 0;
  std::size_t function_level_ = 0;  // blocks around the def
  std::size_t exits_ = 0;           // of this function
  std::size_t exits_of_all_ = 0;
};

// The name without what may stand between a source's tokens, so that none hides in it.
bool calls(std::string_view source, std::string_view name) {
  for (std::size_t at = source.find(name); at != std::string_view::npos; at = source.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (end < source.size() && in_name(source[end])) continue;
    if (at > 0 && in_name(source[at - 1])) continue;
    std::size_t before = at;
    while (before > 0 && (is_space(source[before - 1]) || source[before - 1] == '\n' || source[before - 1] == '\\'))
      --before;
    std::size_t behind = end;
    while (behind < source.size() && (is_space(source[behind]) || source[behind] == '\n' || source[behind] == '\\'))
      ++behind;
    if (before > 0 && source[before - 1] == '.' && behind < source.size() && source[behind] == '(') return true;
  }
  return false;
}

std::string without_comments(std::string_view source) {
  std::string bare;
  while (!source.empty()) {
    const std::size_t comment = std::min(source.find('#'), source.size());
    bare += source.substr(0, comment);
    source.remove_prefix(comment);
    source.remove_prefix(std::min(source.find('\n'), source.size()));
  }
  return bare;
}

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + mib - 1) / mib) + " MiB"; }

// LibTorch looks records up in letters of either case.
std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

bool is_source(const platform::ZipEntry& entry) { return lower(entry.name).ends_with(".py"); }

// Tensors are stored as they are; source packs ten to one at best.
std::string size_problem(const platform::ZipArchive& archive) {
  // LibTorch takes up to 200 bytes for each of source, and 250 for each of pickled objects.
  const std::uint64_t most_source = 3 * mib / 2 + archive.file_bytes() / 16,
                      most_pickled = mib + archive.file_bytes() / 16;
  const std::uint64_t all = archive.unpacked_bytes();
  if (all > archive.file_bytes() + 16 * mib && all > 4 * archive.file_bytes()) {
    return "unpacks to " + megabytes(all) + " from " + megabytes(archive.file_bytes()) +
           ", which no exported network does";
  }
  std::uint64_t source = 0, pickled = 0;
  for (const auto& entry : archive.entries()) {
    if (is_source(entry)) source += entry.unpacked;
    if (lower(entry.name).ends_with(".pkl")) pickled += entry.unpacked;
  }
  if (source > most_source)
    return "holds " + megabytes(source) + " of source, more than lrfind compiles of such a file";
  if (pickled > most_pickled)
    return "holds " + megabytes(pickled) + " of pickled objects, more than lrfind loads of such a file";
  return {};
}

}  // namespace

std::string source_problem(std::string_view source) {
  if (std::string problem = Nesting(source).problem(); !problem.empty()) return problem;
  // Default values of arguments and __setstate__ run while the file is loaded, before its graphs can be looked at.
  const std::string bare = without_comments(source);
  for (const char* name : {"from_file", "save", "rpc_async", "rpc_sync", "rpc_remote"}) {
    if (calls(source, name) || calls(bare, name))
      return "calls " + std::string(name) + ", which reaches beyond the network";
  }
  return {};
}

std::string archive_problem(const std::string& path) {
  const platform::ZipArchive archive(path);
  if (archive.problem() == platform::ZipArchive::Problem::damaged) return archive.reason();
  const auto& entries = archive.entries();
  const bool is_torchscript = std::any_of(entries.begin(), entries.end(), [](const platform::ZipEntry& entry) {
    return lower(entry.name).ends_with("constants.pkl");
  });
  if (!is_torchscript) return {};  // LibTorch unpacks nothing of it
  if (std::string problem = size_problem(archive); !problem.empty()) return problem;
  std::string source;
  try {
    for (const auto& entry : entries) {
      if (is_source(entry)) source += archive.content(entry) + '\n';
    }
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return source_problem(source);
}

}  // namespace lrfind::model
