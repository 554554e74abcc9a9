// Variance, analysis of variance, correlation, chi2.
#include "training/preparation/internal/feature_scores.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace slipway::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> means_of(const ScoredRows& rows) {
  std::vector<double> means(rows.columns);
  for (size_t i = 0; i < rows.rows(); ++i) {
    for (size_t j = 0; j < rows.columns; ++j) means[j] += rows.at(i, j);
  }
  for (double& mean : means) mean /= static_cast<double>(rows.rows());
  return means;
}

std::vector<double> class_sizes(const ScoredRows& rows) {
  std::vector<double> sizes(rows.class_count);
  for (const int32_t label : rows.classes) ++sizes[static_cast<size_t>(label)];
  return sizes;
}

/// One-way analysis of variance: how much the classes' means differ, in parts of how much rows of
/// a class do. Sums are taken around the mean, so that a large one takes nothing from them.
std::vector<double> f_of_classes(const ScoredRows& rows) {
  const size_t columns = rows.columns;
  const std::vector<double> means = means_of(rows);
  const std::vector<double> sizes = class_sizes(rows);
  std::vector<double> sums(sizes.size() * columns);  // of x - mean
  for (size_t i = 0; i < rows.rows(); ++i) {
    double* const sum = &sums[static_cast<size_t>(rows.classes[i]) * columns];
    for (size_t j = 0; j < columns; ++j) sum[j] += rows.at(i, j) - means[j];
  }
  std::vector<double> within(columns);
  for (size_t i = 0; i < rows.rows(); ++i) {
    const auto label = static_cast<size_t>(rows.classes[i]);
    for (size_t j = 0; j < columns; ++j) {
      const double d = rows.at(i, j) - means[j] - sums[label * columns + j] / sizes[label];
      within[j] += d * d;
    }
  }
  double present = 0;  // classes that have rows
  for (const double size : sizes) present += size > 0 ? 1 : 0;
  std::vector<double> scores(columns);
  for (size_t j = 0; j < columns; ++j) {
    double between = 0;
    for (size_t label = 0; label < sizes.size(); ++label) {
      if (sizes[label] == 0) continue;
      between += sums[label * columns + j] * sums[label * columns + j] / sizes[label];
    }
    const double freedom = static_cast<double>(rows.rows()) - present;
    scores[j] = (between / (present - 1)) / (within[j] / freedom);  // 0 / 0 is NaN
  }
  return scores;
}

std::vector<double> f_of_values(const ScoredRows& rows) {
  const auto count = static_cast<double>(rows.rows());
  const std::vector<double> means = means_of(rows);
  double target_mean = 0;
  for (const double value : rows.values) target_mean += value / count;
  double target_squares = 0;
  std::vector<double> squares(rows.columns);
  std::vector<double> products(rows.columns);
  for (size_t i = 0; i < rows.rows(); ++i) {
    const double y = rows.values[i] - target_mean;
    target_squares += y * y;
    for (size_t j = 0; j < rows.columns; ++j) {
      const double d = rows.at(i, j) - means[j];
      squares[j] += d * d;
      products[j] += d * y;
    }
  }
  std::vector<double> scores(rows.columns, kNan);
  for (size_t j = 0; j < rows.columns; ++j) {
    const double squared = products[j] * products[j] / (squares[j] * target_squares);
    if (!std::isnan(squared)) scores[j] = squared / (1 - squared) * (count - 2);
  }
  return scores;
}

}  // namespace

std::vector<double> variances(std::span<const double> x, uint32_t columns) {
  std::vector<double> found(columns, kNan);
  for (size_t j = 0; j < columns; ++j) {
    double sum = 0;
    double count = 0;
    for (size_t at = j; at < x.size(); at += columns) {
      if (std::isnan(x[at])) continue;
      sum += x[at];
      ++count;
    }
    const double mean = sum / count;
    double squares = 0;
    for (size_t at = j; at < x.size(); at += columns) {
      if (!std::isnan(x[at])) squares += (x[at] - mean) * (x[at] - mean);
    }
    found[j] = squares / count;
  }
  return found;
}

std::vector<double> f_scores(const ScoredRows& rows) {
  return rows.class_count > 0 ? f_of_classes(rows) : f_of_values(rows);
}

Result<std::vector<double>> chi2_scores(const ScoredRows& rows,
                                        std::span<const std::string> names) {
  if (rows.class_count == 0) {
    return invalid_argument("chi2 compares classes, and this is a regression; select by f");
  }
  const size_t columns = rows.columns;
  std::vector<double> observed(size_t{rows.class_count} * columns);
  std::vector<double> totals(columns);
  for (size_t i = 0; i < rows.rows(); ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const double x = rows.at(i, j);
      if (x < 0) {
        return invalid_argument(
            fmt::format("chi2 takes counts and other numbers from 0 on, and feature '{}' is {}; "
                        "scale by minmax or none, or select by f",
                        names[j], x));
      }
      observed[static_cast<size_t>(rows.classes[i]) * columns + j] += x;
      totals[j] += x;
    }
  }
  const std::vector<double> sizes = class_sizes(rows);
  std::vector<double> scores(columns);
  for (size_t j = 0; j < columns; ++j) {
    for (size_t label = 0; label < sizes.size(); ++label) {
      const double expected = sizes[label] / static_cast<double>(rows.rows()) * totals[j];
      const double off = observed[label * columns + j] - expected;
      if (sizes[label] > 0) scores[j] += off * off / expected;  // of zeros only: NaN
    }
  }
  return scores;
}

}  // namespace slipway::training
