// The parts of open_archive, one per format.
#pragma once

#include <data/archive/archive.hpp>

namespace lrfind::data {

std::unique_ptr<Archive> open_zip(const std::string& path);
std::unique_ptr<Archive> open_tar(const std::string& path, const std::shared_ptr<TemporaryFile>& unpacked,
                                  const std::stop_token& stop);

/// Throws Error (data) where so many bytes of an archive unpack to more than images ever did: zeros pack a thousand to
/// one and more.
void require_plausible(const std::string& archive, std::uint64_t unpacked, std::uint64_t packed);

/// Why an entry of so many bytes is not read, one clause; empty where it is.
std::string size_problem(std::uint64_t bytes);

}  // namespace lrfind::data
