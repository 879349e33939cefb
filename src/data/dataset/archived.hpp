// Datasets inside archives, which give what the unpacked folder would give.
#pragma once

#include <data/archive/shard_names.hpp>
#include <data/dataset/dataset.hpp>

#include <string>

namespace lrfind::data {

/// Opens the archives and finds the dataset in them. Throws Error (data), Interrupted.
Dataset find_archived(const std::string& path, const ArchiveNames& names, const FindOptions& options);

}  // namespace lrfind::data
