#include "training/metrics/regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace slipway::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// 1 - unexplained / whole; of a constant truth 1 if it is met and 0 if not (scikit-learn's
/// force_finite=True).
double explained_share(double unexplained, double whole) {
  if (unexplained == 0) return 1;
  return whole == 0 ? 0 : 1 - unexplained / whole;
}

}  // namespace

Result<RegressionMetrics> RegressionMetrics::create(const Regression& judged) {
  const size_t rows = judged.truth.size();
  if (rows == 0) return invalid_argument("there are no rows to evaluate");
  if (rows >= UINT32_MAX) return resource_exhausted(fmt::format("too many rows: {}", rows));
  if (judged.predicted.size() != rows ||
      (!judged.weights.empty() && judged.weights.size() != rows)) {
    return invalid_argument(fmt::format("expected as many predictions as rows, {}", rows));
  }
  for (size_t row = 0; row < rows; ++row) {
    if (!std::isfinite(judged.truth[row])) {
      return invalid_argument(
          fmt::format("row {}: the true value is not finite: {}", row, judged.truth[row]));
    }
    if (!std::isfinite(judged.predicted[row])) {
      return invalid_argument(
          fmt::format("row {}: the prediction is not finite: {}", row, judged.predicted[row]));
    }
    if (!judged.weights.empty() && !(judged.weights[row] >= 0 && judged.weights[row] <= 1e300)) {
      return invalid_argument(
          fmt::format("row {}: expected a weight of 0 or more, got {}", row, judged.weights[row]));
    }
  }
  return RegressionMetrics(judged);
}

RegressionMetrics::RegressionMetrics(const Regression& judged)
    : judged_(judged), by_error_(judged.truth.size()) {
  const auto error = [&](uint32_t row) {
    return std::abs(judged_.predicted[row] - judged_.truth[row]);
  };
  std::iota(by_error_.begin(), by_error_.end(), 0U);
  std::sort(by_error_.begin(), by_error_.end(), [&](uint32_t a, uint32_t b) {
    return error(a) != error(b) ? error(a) < error(b) : a < b;
  });
}

const std::vector<std::string_view>& RegressionMetrics::names() const {
  static const std::vector<std::string_view> kNames{"mean_absolute_error",
                                                    "median_absolute_error",
                                                    "mean_squared_error",
                                                    "root_mean_squared_error",
                                                    "r2",
                                                    "mean_absolute_percentage_error",
                                                    "max_error",
                                                    "explained_variance"};
  return kNames;
}

double RegressionMetrics::weight(size_t row, std::span<const uint32_t> repeats) const {
  const double weight = judged_.weights.empty() ? 1 : judged_.weights[row];
  return repeats.empty() ? weight : weight * repeats[row];
}

/// The first error at which half of the weight is reached; the mean of it and the next where the
/// half is met exactly.
double RegressionMetrics::median_error(std::span<const uint32_t> repeats) const {
  const auto error = [&](uint32_t row) {
    return std::abs(judged_.predicted[row] - judged_.truth[row]);
  };
  double total = 0;
  for (const uint32_t row : by_error_) total += weight(row, repeats);
  if (total == 0) return kUndefined;
  double sum = 0;
  for (size_t i = 0; i < by_error_.size(); ++i) {
    sum += weight(by_error_[i], repeats);
    if (sum < total / 2 || sum == 0) continue;
    const double here = error(by_error_[i]);
    if (sum - total / 2 > kEpsilon) return here;
    const auto next =
        std::find_if(by_error_.begin() + static_cast<ptrdiff_t>(i) + 1, by_error_.end(),
                     [&](uint32_t row) { return weight(row, repeats) > 0; });
    return next == by_error_.end() ? here : (here + error(*next)) / 2;
  }
  return kUndefined;
}

std::vector<double> RegressionMetrics::values(std::span<const uint32_t> repeats) const {
  double total = 0, count = 0, truth_sum = 0, off_sum = 0;
  double absolute = 0, squared = 0, relative = 0, worst = 0;
  for (size_t row = 0; row < rows(); ++row) {
    if (!repeats.empty() && repeats[row] == 0) continue;
    const double w = weight(row, repeats);
    const double truth = judged_.truth[row];
    const double off = truth - judged_.predicted[row];
    count += repeats.empty() ? 1 : repeats[row];
    total += w;
    truth_sum += w * truth;
    off_sum += w * off;
    absolute += w * std::abs(off);
    squared += w * off * off;
    relative += w * (std::abs(off) / std::max(std::abs(truth), kEpsilon));
    worst = std::max(worst, std::abs(off));
  }
  const double truth_mean = truth_sum / total;
  const double off_mean = off_sum / total;
  double truth_variance = 0, off_variance = 0;
  for (size_t row = 0; row < rows(); ++row) {
    const double w = weight(row, repeats);
    const double truth = judged_.truth[row] - truth_mean;
    const double off = judged_.truth[row] - judged_.predicted[row] - off_mean;
    truth_variance += w * truth * truth;
    off_variance += w * off * off;
  }
  return {absolute / total,
          median_error(repeats),
          squared / total,
          std::sqrt(squared / total),
          count < 2 ? kUndefined : explained_share(squared, truth_variance),
          relative / total,
          worst,
          explained_share(off_variance / total, truth_variance / total)};
}

}  // namespace slipway::training
