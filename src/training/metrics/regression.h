// RegressionMetrics: predicted numbers against the true ones.
//
// Names, in this order: mean_absolute_error, median_absolute_error, mean_squared_error,
// root_mean_squared_error, r2, mean_absolute_percentage_error, max_error, explained_variance.
// Weights count in all but max_error, as in scikit-learn.
//
// Ownership: the spans are the caller's and must live. Thread rule: as Metrics.
#pragma once

#include "base/status.h"
#include "training/metrics/metrics.h"

namespace slipway::training {

struct Regression {
  std::span<const double> truth;      // rows
  std::span<const double> predicted;  // rows
  std::span<const double> weights;    // rows; empty: 1 each
};

class RegressionMetrics final : public Metrics {
 public:
  /// INVALID_ARGUMENT names the row: a number that is not finite, a negative weight; no rows; spans
  /// of different lengths.
  static Result<RegressionMetrics> create(const Regression& judged);

  size_t rows() const override { return judged_.truth.size(); }
  const std::vector<std::string_view>& names() const override;
  std::vector<double> values(std::span<const uint32_t> repeats) const override;

 private:
  explicit RegressionMetrics(const Regression& judged);

  double weight(size_t row, std::span<const uint32_t> repeats) const;
  double median_error(std::span<const uint32_t> repeats) const;

  Regression judged_;
  std::vector<uint32_t> by_error_;  // rows by ascending absolute error
};

}  // namespace slipway::training
