// The analysis of measured trials by one of their metrics.
#pragma once

#include "report/result.hpp"

#include <lrfind/suggest.hpp>

#include <string>

namespace lrfind::experiment {

/// Names that --metric takes.
std::vector<std::string> metric_names();

/// The curve of another metric than the batch loss, as a loss to be analysed: probe-loss, val-loss, or 1 -
/// val-accuracy; steps without a measurement are left out. train-loss gives the trial back.
Trial curve_of(const Trial& trial, const std::string& metric);

/// Weight of each class in the loss so that all classes weigh the same: images / (classes * images of the class).
std::vector<double> balanced_weights(const std::vector<double>& class_counts);

/// What `result` knows of its images, for the analysis: dataset and config must be filled in.
ImageFacts image_facts(const report::Result& result);

/// Fills curve, smoothed loss, trial rates and suggestion of `result` from its trials. An incomplete result's
/// suggestion is never trusted.
void analyse(report::Result& result, const SuggestOptions& chosen, const std::string& metric);

}  // namespace lrfind::experiment
