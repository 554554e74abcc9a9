// Metrics: how well predictions agree with the truth, as a list of named numbers.
//
//   truth, predictions --ClassificationMetrics / RegressionMetrics--> names, values
//                      --bootstrap (bootstrap.h)--> an interval for each
//
// Names and numbers are scikit-learn's (1.9): on the same predictions each equals what its function
// of sklearn.metrics gives with zero_division=0, but for rounding. What is undefined there is NaN
// here. Thread rule: const methods are safe to call concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace slipway::training {

class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual size_t rows() const = 0;
  virtual const std::vector<std::string_view>& names() const = 0;
  /// In the order of names(). `repeats`: how often each row counts, as in a sample that was drawn
  /// with replacement (0: as if it were not there); empty: each once.
  virtual std::vector<double> values(std::span<const uint32_t> repeats) const = 0;
};

}  // namespace slipway::training
