#include "training/metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/quantile.h"

namespace slipway::training {
namespace {

/// The borders between bins. The steps of the arithmetic are numpy's, in its order: rows that lie
/// on a border fall on the same side of it.
std::vector<double> borders(const std::vector<double>& sorted, size_t bins, Binning binning) {
  std::vector<double> out;
  out.reserve(bins - 1);
  const double step = 1.0 / static_cast<double>(bins);
  for (size_t i = 1; i < bins; ++i) {
    const double share = static_cast<double>(i) * step;
    out.push_back(binning == Binning::kUniform ? share
                                               : quantile_of_sorted(sorted, share * 100 / 100));
  }
  return out;
}

}  // namespace

CalibrationCurve calibration_curve(const CalibrationInput& input, size_t bins, Binning binning) {
  CHECK(bins > 0);
  const size_t rows = input.truth.size();
  std::vector<double> sorted;
  if (binning == Binning::kQuantile) {
    sorted.reserve(rows);
    for (size_t i = 0; i < rows; ++i) sorted.push_back(input.probabilities[i * input.stride]);
    std::sort(sorted.begin(), sorted.end());
  }
  const std::vector<double> between = borders(sorted, bins, binning);
  std::vector<double> probability(bins), positive(bins), count(bins);
  for (size_t i = 0; i < rows; ++i) {
    const double value = input.probabilities[i * input.stride];
    const auto bin = static_cast<size_t>(std::lower_bound(between.begin(), between.end(), value) -
                                         between.begin());
    probability[bin] += value;
    positive[bin] += input.truth[i] == input.positive ? 1 : 0;
    ++count[bin];
  }
  CalibrationCurve curve;
  for (size_t bin = 0; bin < bins; ++bin) {
    if (count[bin] == 0) continue;
    curve.predicted.push_back(probability[bin] / count[bin]);
    curve.observed.push_back(positive[bin] / count[bin]);
    curve.rows.push_back(count[bin]);
  }
  return curve;
}

}  // namespace slipway::training
