// What a step can have measured besides its batch loss, by the names of the result JSON and the CSV.
#pragma once

#include <lrfind/curve.hpp>

#include <array>
#include <vector>

namespace lrfind::report {

struct NamedMeasurement {
  const char* name;
  std::vector<double> Trial::*values;
};

inline constexpr std::array<NamedMeasurement, 5> measurements = {{{"probe_loss", &Trial::probe_loss},
                                                                  {"gain_ratio", &Trial::gain_ratio},
                                                                  {"alignment", &Trial::alignment},
                                                                  {"val_loss", &Trial::val_loss},
                                                                  {"val_accuracy", &Trial::val_accuracy}}};

}  // namespace lrfind::report
