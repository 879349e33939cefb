#include <data/archive/archive.hpp>
#include <data/dataset/parquet.hpp>
#include <lrfind/error.hpp>
#include <platform/text.hpp>

#include <algorithm>
#include <cctype>

namespace lrfind::data {
namespace {

bool is_parquet_name(std::string_view name) { return lower_case(name).ends_with(".parquet"); }

bool holds_parquet(const Files& files, const std::string& folder, int depth) {
  bool found = false;
  std::vector<std::string> folders;
  files.each_entry(folder, [&](std::string_view name, Files::Kind kind) {
    if (kind == Files::Kind::folder && !name.starts_with('.')) folders.emplace_back(name);
    found = found || (kind == Files::Kind::file && is_parquet_name(name));
    return !found;
  });
  if (found || depth == 0) return found;
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& name) { return holds_parquet(files, folder + "/" + name, depth - 1); });
}

// Whether a path stands for itself in a shell's double quotes and in Python's single ones.
bool is_plain(const std::string& path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("_./ -+=,@:()[]").find(c) != std::string_view::npos;
  });
}

// Takes Hugging Face's columns: an image is a structure with `bytes`, a class a column whose name ends in "label".
std::string line_of_python(const std::string& path, bool folder) {
  const std::string files = folder ? "sorted(p.Path('" + path + "').rglob('*.parquet'))" : "[p.Path('" + path + "')]";
  const std::string split =
      folder ? "([s for s in ('val', 'test') if s in str(f.relative_to('" + path + "'))] + ['train'])[0], " : "";
  return "python3 -c \"import pathlib as p, pyarrow.parquet as q; [(d.mkdir(parents=True, exist_ok=True), "
         "(d / f'{f.stem}-{n:07}.{e}').write_bytes(b)) for f in " +
         files +
         " for n, r in enumerate(r for t in q.ParquetFile(f).iter_batches(64) for r in t.to_pylist())"
         " for b in [[v['bytes'] for v in r.values() if isinstance(v, dict) and v.get('bytes')][0]]"
         " for e in ['png' if b[1:4] == b'PNG' else 'jpg']"
         " for d in [p.Path('images', " +
         split + "str([r[k] for k in r if k.endswith(('label', 'labels', 'class', 'target'))][0]))]]\"";
}

}  // namespace

void refuse_parquet(const Files& files, const std::string& path) {
  const bool folder = files.is_folder(path);
  constexpr int deepest = 3;
  if (folder ? !holds_parquet(files, path, deepest) : !(is_parquet_name(path) || first_bytes(path).starts_with("PAR1")))
    return;
  throw data_error("'" + path + "' " + (folder ? "holds Parquet files, which are" : "is a Parquet file, which is") +
                   " not read: unpack " + (folder ? "them" : "it") +
                   " into class folders below 'images', after pip install pyarrow, with " +
                   line_of_python(is_plain(path) ? path
                                  : folder       ? "FOLDER"
                                                 : "FILE",
                                  folder));
}

}  // namespace lrfind::data
