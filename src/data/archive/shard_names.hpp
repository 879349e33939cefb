// Which archives DATA means: one file, shards by a pattern ("shard-{000..009}.tar"), or a folder of shards.
#pragma once

#include <data/dataset/folder_scan.hpp>
#include <data/dataset/split_names.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lrfind::data {

struct ArchiveName {
  std::string path;
  SplitRole role = SplitRole::train;  ///< by its own name or its folder's: "val-000.tar", "val/000.tar"
};

struct ArchiveNames {
  std::string root;    ///< the part of DATA that is read as a folder
  std::string inside;  ///< the rest of DATA, inside the archive; mostly empty
  std::vector<ArchiveName> archives;
};

/// Nothing where DATA is no archive and names none. Throws Error (data): shards of a pattern that are missing.
std::optional<ArchiveNames> archives_named(const std::string& data);

/// The tars in a folder, or in the folders of its splits; none where it has pictures of its own.
std::optional<ArchiveNames> shards_in_folder(const std::string& folder, const Listing& listing);

}  // namespace lrfind::data
