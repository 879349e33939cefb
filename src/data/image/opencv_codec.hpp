// OpenCV's image codecs, brought in when the first WebP image needs them: with all that they bring along (GDAL and more
// than a hundred other libraries on Debian) they cost 60 ms and 42 MB, which no other format need pay.
#pragma once

#include <opencv2/core/mat.hpp>

namespace lrfind::data {

/// cv::imdecode. Throws std::runtime_error with a clause where the library cannot be loaded, as well as what OpenCV
/// throws. Safe to call from many threads at once.
cv::Mat opencv_decode(const cv::Mat& bytes, int flags);

}  // namespace lrfind::data
