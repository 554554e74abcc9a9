// How much each feature says of the target: what features are selected by.
//
//   x, target --f_scores, chi2_scores, ...--> a score for each column, more is better
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "training/preparation/plan.h"

namespace slipway::training {

/// Rows with their target; finite. Of a classification `classes` (each below class_count), of a
/// regression `values`.
struct ScoredRows {
  std::span<const double> x;  // rows x columns, row-major
  uint32_t columns = 0;
  std::span<const int32_t> classes;
  uint32_t class_count = 0;  // 0: a regression
  std::span<const double> values;
  uint64_t seed = 0;
  unsigned threads = 1;

  size_t rows() const { return columns == 0 ? 0 : x.size() / columns; }
  double at(size_t row, size_t column) const { return x[row * columns + column]; }
};

/// Variance of each column (ddof 0), missing ones (NaN) left out.
std::vector<double> variances(std::span<const double> x, uint32_t columns);

/// scikit-learn's f_classif or f_regression; NaN where a feature is constant.
std::vector<double> f_scores(const ScoredRows& rows);

/// scikit-learn's chi2. INVALID_ARGUMENT: a regression, a number below 0 (names the column).
Result<std::vector<double>> chi2_scores(const ScoredRows& rows, std::span<const std::string> names);

/// scikit-learn's mutual_info_classif or mutual_info_regression, three neighbours: Ross 2014 and
/// Kraskov, Stoegbauer, Grassberger 2004. Noise of 1e-10 parts ties, drawn from the seed.
std::vector<double> mutual_information(const ScoredRows& rows);

/// Of a random forest fitted on the rows: by how much splits on the feature lower the impurity of
/// the rows that come by (Gini, squared error), parts of 1. UNIMPLEMENTED: no plug-in.
Result<std::vector<double>> forest_importances(const ScoredRows& rows);

/// Of a logistic regression or ridge fitted on the rows: absolute coefficients, summed over the
/// classes. UNIMPLEMENTED: no plug-in.
Result<std::vector<double>> coefficient_sizes(const ScoredRows& rows);

}  // namespace slipway::training
