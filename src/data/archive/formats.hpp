// The parts of open_archive, one per format.
#pragma once

#include <data/archive/archive.hpp>

namespace lrfind::data {

std::unique_ptr<Archive> open_zip(const std::string& path);
std::unique_ptr<Archive> open_tar(const std::string& path, const std::shared_ptr<TemporaryFile>& unpacked,
                                  const std::stop_token& stop);

}  // namespace lrfind::data
