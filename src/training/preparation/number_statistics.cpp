#include "training/preparation/internal/number_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/quantile.h"

namespace slipway::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kIqrsUsual = 1.5;
constexpr double kDeviationsUsual = 3;
constexpr double kBinWidthMin = 1e-8;  // narrower ones are none (KBinsDiscretizer)

double mean_of(std::span<const double> numbers) {
  const double first =
      std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
  double rest = 0;  // what rounding took from the first sum
  for (const double number : numbers) rest += number - first;
  return first + rest / static_cast<double>(numbers.size());
}

/// The first of the most frequent of sorted numbers.
double mode_of(std::span<const double> sorted) {
  double mode = sorted[0];
  size_t most = 0;
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    if (end - begin > most) {
      most = end - begin;
      mode = sorted[begin];
    }
    begin = end;
  }
  return mode;
}

double variance_of(std::span<const double> numbers, double mean) {
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  return squares / static_cast<double>(numbers.size());
}

/// numpy's quantile by "averaged_inverted_cdf", which KBinsDiscretizer takes.
double step_quantile(std::span<const double> sorted, double q) {
  const double place = static_cast<double>(sorted.size()) * q - 1;
  if (place < 0) return sorted.front();
  const auto index = static_cast<size_t>(place);
  const double high = sorted[std::min(index + 1, sorted.size() - 1)];
  return place == std::floor(place) ? sorted[index] + (high - sorted[index]) * 0.5 : high;
}

}  // namespace

std::vector<double> present_numbers(const data::Column& column, std::span<const uint32_t> rows) {
  std::vector<double> numbers;
  numbers.reserve(rows.size());
  for (const uint32_t row : rows) {
    if (!column.is_missing(row)) numbers.push_back(column.numbers[row]);
  }
  return numbers;
}

double fill_of(const PreparationPlan& plan, std::span<const double> sorted) {
  switch (plan.numbers) {
    case PreparationPlan::Fill::kMean: return mean_of(sorted);
    case PreparationPlan::Fill::kMedian: return quantile_of_sorted(sorted, 0.5);
    case PreparationPlan::Fill::kMostFrequent: return mode_of(sorted);
    case PreparationPlan::Fill::kConstant: return plan.constant;
    case PreparationPlan::Fill::kNeighbors:
    case PreparationPlan::Fill::kKeep: break;
  }
  return kNan;
}

NumberScale scale_of(PreparationPlan::Scale scale, std::span<const double> sorted) {
  const auto not_zero = [](double factor) { return factor == 0 ? 1.0 : factor; };
  switch (scale) {
    case PreparationPlan::Scale::kNone: return {};
    case PreparationPlan::Scale::kMinMax:
      return {sorted.front(), not_zero(sorted.back() - sorted.front())};
    case PreparationPlan::Scale::kRobust:
      return {quantile_of_sorted(sorted, 0.5),
              not_zero(quantile_of_sorted(sorted, 0.75) - quantile_of_sorted(sorted, 0.25))};
    case PreparationPlan::Scale::kStandard: break;
  }
  const double mean = mean_of(sorted);
  const double variance = variance_of(sorted, mean);
  // What is no more than rounding of a constant counts as one (scikit-learn's
  // _is_constant_feature).
  const auto count = static_cast<double>(sorted.size());
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const double rounding = count * kEpsilon * variance + std::pow(count * mean * kEpsilon, 2);
  return {mean, variance <= rounding ? 1.0 : std::sqrt(variance)};
}

Fences fences_of(const PreparationPlan& plan, std::span<const double> sorted) {
  using Outliers = PreparationPlan::Outliers;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (plan.outliers == Outliers::kKeep) return {-kInfinity, kInfinity};
  const bool is_iqr = plan.outliers == Outliers::kClipIqr || plan.outliers == Outliers::kDropIqr;
  const double usual = is_iqr ? kIqrsUsual : kDeviationsUsual;
  const double factor = plan.outlier_factor > 0 ? plan.outlier_factor : usual;
  const double middle = mean_of(sorted);
  const double low = is_iqr ? quantile_of_sorted(sorted, 0.25) : middle;
  const double high = is_iqr ? quantile_of_sorted(sorted, 0.75) : middle;
  const double width = factor * (is_iqr ? high - low : std::sqrt(variance_of(sorted, middle)));
  if (!(width > 0)) return {-kInfinity, kInfinity};
  return {low - width, high + width};
}

std::vector<double> inner_edges(const PreparationPlan& plan, std::span<const double> sorted) {
  const double low = sorted.front();
  const double high = sorted.back();
  if (low == high) return {};
  const bool is_uniform = plan.bins_by == PreparationPlan::Bins::kUniform;
  const auto bins = static_cast<double>(plan.bins);
  std::vector<double> edges;
  edges.reserve(plan.bins + size_t{1});
  for (uint32_t i = 0; i <= plan.bins; ++i) {
    const double share = i == plan.bins ? 1.0 : i * (100.0 / bins) / 100.0;
    const double uniform = i == plan.bins ? high : i * ((high - low) / bins) + low;
    const double edge = is_uniform ? uniform : step_quantile(sorted, share);
    if (is_uniform || edges.empty() || edge - edges.back() > kBinWidthMin) edges.push_back(edge);
  }
  if (edges.size() <= 2) return {};
  return {edges.begin() + 1, edges.end() - 1};
}

}  // namespace slipway::training
