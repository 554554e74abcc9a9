#include "engine/kernels/internal/neighbor_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway::engine {
namespace {

using Metric = NeighborsOp::Metric;

template <typename Term>
double sum_of(size_t features, const Term& term) {
  double sum = 0;
  for (size_t j = 0; j < features; ++j) sum += term(j);
  return sum;
}

double bray_curtis(const double* x, const double* y, size_t features) {
  double above = 0;
  double below = 0;
  for (size_t j = 0; j < features; ++j) {
    above += std::fabs(x[j] - y[j]);
    below += std::fabs(x[j]) + std::fabs(y[j]);
  }
  return below > 0 ? above / below : 0;
}

/// Distances of what is zero and what is not. 0/0 is NaN, as in scipy and scikit-learn.
double of_bits(Metric metric, const double* x, const double* y, size_t features) {
  double both = 0;
  double first = 0;
  double second = 0;
  for (size_t j = 0; j < features; ++j) {
    both += x[j] != 0 && y[j] != 0 ? 1 : 0;
    first += x[j] != 0 && y[j] == 0 ? 1 : 0;
    second += x[j] == 0 && y[j] != 0 ? 1 : 0;
  }
  const auto all = static_cast<double>(features);
  const double unequal = first + second;
  switch (metric) {
    case Metric::kMatching: return unequal / all;
    case Metric::kDice: return unequal / (2 * both + unequal);
    case Metric::kKulsinski: return (unequal - both + all) / (unequal + all);
    case Metric::kRogersTanimoto: return 2 * unequal / (all + unequal);
    case Metric::kRussellRao: return (all - both) / all;
    case Metric::kSokalSneath: return unequal / (0.5 * both + unequal);
    case Metric::kYule: {
      const double half = first * second;
      return half == 0 ? 0 : 2 * half / (both * (all - both - unequal) + half);
    }
    default: return both + unequal == 0 ? 0 : unequal / (both + unequal);  // jaccard
  }
}

/// One minus the cosine of the points' differences from their own means.
double correlation(const double* x, const double* y, size_t features) {
  const auto count = static_cast<double>(features);
  const double x_mean = sum_of(features, [&](size_t j) { return x[j]; }) / count;
  const double y_mean = sum_of(features, [&](size_t j) { return y[j]; }) / count;
  double product = 0;
  double x_square = 0;
  double y_square = 0;
  for (size_t j = 0; j < features; ++j) {
    const double a = x[j] - x_mean;
    const double b = y[j] - y_mean;
    product += a * b;
    x_square += a * a;
    y_square += b * b;
  }
  const double cosine = product / (std::sqrt(x_square) * std::sqrt(y_square));
  return 1 - (std::fabs(cosine) > 1 ? std::copysign(1.0, cosine) : cosine);
}

double haversine(const double* x, const double* y) {
  const double latitude = std::sin(0.5 * (x[0] - y[0]));
  const double longitude = std::sin(0.5 * (x[1] - y[1]));
  return latitude * latitude + std::cos(x[0]) * std::cos(y[0]) * longitude * longitude;
}

double mahalanobis(const std::vector<double>& matrix, size_t features, const PointPair& pair) {
  for (size_t i = 0; i < features; ++i) pair.work[i] = pair.x[i] - pair.y[i];
  double total = 0;
  for (size_t i = 0; i < features; ++i) {
    const double* row = matrix.data() + i * features;
    total += sum_of(features, [&](size_t j) { return row[j] * pair.work[j]; }) * pair.work[i];
  }
  return total;
}

/// Over the features that both points have, scaled up to all of them; NaN where there are none.
double nan_euclidean(const double* x, const double* y, size_t features) {
  double sum = 0;
  size_t present = 0;
  for (size_t j = 0; j < features; ++j) {
    const double d = x[j] - y[j];
    if (std::isnan(d)) continue;
    sum += d * d;
    ++present;
  }
  if (present == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum / static_cast<double>(present) * static_cast<double>(features);
}

/// |d|^p; small whole powers without pow, whose exact results they are.
double power(double d, double p) {
  if (p == 1) return d;
  if (p == 2) return d * d;
  return std::pow(d, p);
}

double minkowski(const NeighborsOp::Distance& distance, size_t features, const PointPair& pair) {
  const auto difference = [&](size_t j) { return std::fabs(pair.x[j] - pair.y[j]); };
  const double p = distance.p;
  const std::vector<double>& w = distance.weights;
  if (distance.metric == Metric::kWeightedMinkowski) {
    return sum_of(features, [&](size_t j) { return power(w[j] * difference(j), p); });
  }
  if (w.empty()) return sum_of(features, [&](size_t j) { return power(difference(j), p); });
  return sum_of(features, [&](size_t j) { return w[j] * power(difference(j), p); });
}

}  // namespace

double reduced_distance(const NeighborsOp::Distance& distance, size_t features,
                        const PointPair& pair) {
  const double* x = pair.x;
  const double* y = pair.y;
  switch (distance.metric) {
    case Metric::kEuclidean:
    case Metric::kSquaredEuclidean:
      return sum_of(features, [&](size_t j) { return (x[j] - y[j]) * (x[j] - y[j]); });
    case Metric::kManhattan:
      return sum_of(features, [&](size_t j) { return std::fabs(x[j] - y[j]); });
    case Metric::kChebyshev: {
      double most = 0;
      for (size_t j = 0; j < features; ++j) most = std::max(most, std::fabs(x[j] - y[j]));
      return most;
    }
    case Metric::kMinkowski:
    case Metric::kWeightedMinkowski: return minkowski(distance, features, pair);
    case Metric::kStandardized:
      return sum_of(features,
                    [&](size_t j) { return (x[j] - y[j]) * (x[j] - y[j]) / distance.weights[j]; });
    case Metric::kMahalanobis: return mahalanobis(distance.matrix, features, pair);
    case Metric::kHamming:
      return sum_of(features, [&](size_t j) { return x[j] != y[j] ? 1.0 : 0.0; }) /
             static_cast<double>(features);
    case Metric::kCanberra:
      return sum_of(features, [&](size_t j) {
        const double below = std::fabs(x[j]) + std::fabs(y[j]);
        return below > 0 ? std::fabs(x[j] - y[j]) / below : 0.0;
      });
    case Metric::kBrayCurtis: return bray_curtis(x, y, features);
    case Metric::kJaccard:
    case Metric::kMatching:
    case Metric::kDice:
    case Metric::kKulsinski:
    case Metric::kRogersTanimoto:
    case Metric::kRussellRao:
    case Metric::kSokalSneath:
    case Metric::kYule: return of_bits(distance.metric, x, y, features);
    case Metric::kCorrelation: return correlation(x, y, features);
    case Metric::kHaversine: return haversine(x, y);
    case Metric::kCosine: return std::min(std::max(1 - fused_dot(x, y, features), 0.0), 2.0);
    case Metric::kNanEuclidean: return nan_euclidean(x, y, features);
  }
  return 0;
}

double from_reduced(const NeighborsOp::Distance& distance, double reduced) {
  switch (distance.metric) {
    case Metric::kEuclidean:
    case Metric::kStandardized:
    case Metric::kMahalanobis:
    case Metric::kNanEuclidean: return std::sqrt(reduced);
    case Metric::kMinkowski:
    case Metric::kWeightedMinkowski: return std::pow(reduced, 1 / distance.p);
    case Metric::kHaversine: return 2 * std::asin(std::sqrt(reduced));
    default: return reduced;
  }
}

double to_reduced(const NeighborsOp::Distance& distance, double full) {
  switch (distance.metric) {
    case Metric::kEuclidean:
    case Metric::kStandardized:
    case Metric::kMahalanobis: return full * full;
    case Metric::kMinkowski:
    case Metric::kWeightedMinkowski: return power(full, distance.p);
    case Metric::kHaversine: {
      const double half = std::sin(0.5 * full);
      return half * half;
    }
    default: return full;
  }
}

double fused_dot(const double* x, const double* y, size_t features) {
  double sum = 0;
  for (size_t j = 0; j < features; ++j) sum = std::fma(x[j], y[j], sum);
  return sum;
}

double squared_norm(const double* x, size_t features) {
  return sum_of(features, [&](size_t j) { return x[j] * x[j]; });
}

void unit_vector(const double* x, size_t features, double* out) {
  const double length = std::sqrt(squared_norm(x, features));
  const double divisor = length == 0 ? 1 : length;
  std::transform(x, x + features, out, [divisor](double value) { return value / divisor; });
}

}  // namespace slipway::engine
