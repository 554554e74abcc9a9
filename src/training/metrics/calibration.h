// Calibration: of the rows that were given a probability, how many were indeed positive?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slipway::training {

enum class Binning : uint8_t {
  kUniform,   // bins of equal width
  kQuantile,  // bins of about as many rows
};

/// One entry for each bin that holds rows, by ascending probability.
struct CalibrationCurve {
  std::vector<double> predicted;  // mean probability
  std::vector<double> observed;   // share of positive rows
  std::vector<double> rows;
};

/// scikit-learn's calibration_curve(), bin by bin. Row i's probability is
/// probabilities[i * stride], from 0 to 1; it is positive if truth[i] is `positive`. `bins` > 0.
struct CalibrationInput {
  std::span<const double> probabilities;
  size_t stride = 1;
  std::span<const int32_t> truth;
  int32_t positive = 1;
};
CalibrationCurve calibration_curve(const CalibrationInput& input, size_t bins, Binning binning);

}  // namespace slipway::training
