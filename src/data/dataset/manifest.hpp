// Datasets from manifests: what a table of files and classes says, row by row.
#pragma once

#include <data/dataset/dataset.hpp>
#include <data/dataset/manifest_columns.hpp>
#include <lrfind/error.hpp>
#include <stop_token>

#include <string>
#include <unordered_map>
#include <vector>

namespace lrfind::data {

/// Gathers the rows of one manifest or several (one a split); classes are numbered when all are known.
class ManifestBuilder {
 public:
  /// The split of a row by its file's path as it is written; used where no column says it.
  using SplitOfPath = std::function<SplitRole(const std::string&)>;

  void add(const Table& table, const ManifestColumns& columns, const SplitOfPath& split_of_path,
           const std::stop_token& stop);
  /// Throws Error (data) where the rows make no dataset. `name` is what the user gave.
  Dataset finish(const std::string& name) &&;

 private:
  void add_row(const Table& table, const ManifestColumns& columns, std::size_t row, ImageResolver& resolver,
               const SplitOfPath& split_of_path);
  void note_repeated(Dataset& dataset) const;

  Source source_;
  std::vector<std::string> names_;                  // labels in order of appearance
  std::unordered_map<std::string, int> number_of_;  // of a label
  std::unordered_map<std::string, std::uint32_t> directory_of_;
  std::vector<std::uint32_t> train_, val_, test_;
};

}  // namespace lrfind::data
