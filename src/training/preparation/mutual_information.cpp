// Mutual information of a feature with the target, from distances to nearest neighbours
// (Kraskov, Stoegbauer, Grassberger 2004; with classes: Ross 2014).
//
// A feature is one number a row: neighbours are found in sorted order, around the row's place, and
// rows within a distance are counted by binary search. With a target of numbers neighbours lie in
// the plane: rows are walked outwards from the row's place in x, until x alone is too far.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "training/parallel.h"
#include "training/preparation/internal/feature_scores.h"
#include "training/random.h"

namespace slipway::training {
namespace {

constexpr size_t kNeighbors = 3;
constexpr double kNoise = 1e-10;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// digamma(n) of whole numbers: the harmonic number of n - 1, less Euler's constant.
class Digamma {
 public:
  explicit Digamma(size_t most) : values_(most + 1) {
    values_[0] = -kInfinity;
    double sum = -std::numbers::egamma;
    for (size_t n = 1; n <= most; ++n) {
      values_[n] = sum;
      sum += 1 / static_cast<double>(n);
    }
  }
  double operator()(size_t n) const { return values_[n]; }

 private:
  std::vector<double> values_;
};

/// Divided by its deviation, with a little noise that parts ties.
std::vector<double> spread(std::vector<double> numbers, Random& random) {
  const auto count = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / count;
  double squares = 0;
  for (const double x : numbers) squares += (x - mean) * (x - mean);
  const double deviation = std::sqrt(squares / count);
  double sizes = 0;
  for (double& x : numbers) {
    if (deviation > 0) x /= deviation;
    sizes += std::abs(x);
  }
  const double noise = kNoise * std::max(1.0, sizes / count);
  for (double& x : numbers) {  // normal, by Box and Muller
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    x += noise * radius * std::cos(2 * std::numbers::pi * random.uniform());
  }
  return numbers;
}

std::vector<double> column_of(const ScoredRows& rows, size_t column) {
  std::vector<double> numbers(rows.rows());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = rows.at(i, column);
  return numbers;
}

/// How many lie within `radius` of x, itself among them. Differences are compared: sums would round
/// away what parts a radius from the distance just above it.
size_t count_within(std::span<const double> sorted, double x, double radius) {
  const auto begin =
      std::ranges::partition_point(sorted, [&](double other) { return x - other > radius; });
  const auto end =
      std::ranges::partition_point(sorted, [&](double other) { return other - x <= radius; });
  return static_cast<size_t>(end - begin);
}

/// Distance of sorted[place] to its k-th nearest other (k < size).
double distance_to_neighbor(std::span<const double> sorted, size_t place, size_t k) {
  double distance = 0;
  size_t low = place;
  size_t high = place;
  for (size_t found = 0; found < k; ++found) {
    const double down = low > 0 ? sorted[place] - sorted[low - 1] : kInfinity;
    const double up = high + 1 < sorted.size() ? sorted[high + 1] - sorted[place] : kInfinity;
    distance = std::min(down, up);
    down <= up ? --low : ++high;
  }
  return distance;
}

double with_classes(const ScoredRows& rows, const std::vector<double>& x, const Digamma& digamma) {
  std::vector<std::vector<double>> by_class(rows.class_count);
  for (size_t i = 0; i < x.size(); ++i) {
    by_class[static_cast<size_t>(rows.classes[i])].push_back(x[i]);
  }
  std::vector<double> all;  // a class of one row says nothing
  all.reserve(x.size());
  for (std::vector<double>& members : by_class) {
    std::ranges::sort(members);
    if (members.size() > 1) all.insert(all.end(), members.begin(), members.end());
  }
  std::ranges::sort(all);
  if (all.empty()) return 0;
  double sum = 0;
  for (const std::vector<double>& members : by_class) {
    if (members.size() < 2) continue;
    const size_t k = std::min(kNeighbors, members.size() - 1);
    for (size_t i = 0; i < members.size(); ++i) {
      const double radius = std::nextafter(distance_to_neighbor(members, i, k), 0.0);
      sum += digamma(k) - digamma(members.size()) - digamma(count_within(all, members[i], radius));
    }
  }
  return std::max(0.0, digamma(all.size()) + sum / static_cast<double>(all.size()));
}

/// Rows in ascending x, with their y.
struct Plane {
  std::vector<double> x;
  std::vector<double> y;
};

/// To the k-th nearest other by the larger of the two differences.
double plane_radius(const Plane& plane, size_t place) {
  std::array<double, kNeighbors> nearest;  // ascending
  nearest.fill(kInfinity);
  const auto consider = [&](size_t other) {
    double distance = std::max(std::abs(plane.x[other] - plane.x[place]),
                               std::abs(plane.y[other] - plane.y[place]));
    for (double& entry : nearest) {
      if (distance < entry) std::swap(distance, entry);
    }
  };
  size_t low = place;
  size_t high = place + 1;
  while (true) {
    const double down = low > 0 ? plane.x[place] - plane.x[low - 1] : kInfinity;
    const double up = high < plane.x.size() ? plane.x[high] - plane.x[place] : kInfinity;
    if (std::min(down, up) >= nearest.back()) return nearest.back();
    consider(down <= up ? --low : high++);
  }
}

double with_values(const std::vector<double>& x, const std::vector<double>& y,
                   std::span<const double> sorted_y, const Digamma& digamma) {
  std::vector<uint32_t> order(x.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order,
                    [&](uint32_t a, uint32_t b) { return x[a] != x[b] ? x[a] < x[b] : a < b; });
  Plane plane;
  plane.x.reserve(x.size());
  plane.y.reserve(x.size());
  for (const uint32_t row : order) {
    plane.x.push_back(x[row]);
    plane.y.push_back(y[row]);
  }
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double radius = std::nextafter(plane_radius(plane, i), 0.0);
    sum += digamma(count_within(plane.x, plane.x[i], radius)) +
           digamma(count_within(sorted_y, plane.y[i], radius));
  }
  const double mean = sum / static_cast<double>(x.size());
  return std::max(0.0, digamma(x.size()) + digamma(kNeighbors) - mean);
}

}  // namespace

std::vector<double> mutual_information(const ScoredRows& rows) {
  const bool is_regression = rows.class_count == 0;
  std::vector<double> found(rows.columns);
  if (is_regression && rows.rows() <= kNeighbors) return found;
  const Digamma digamma(rows.rows() + 1);
  std::vector<double> y;
  std::vector<double> sorted_y;
  if (is_regression) {
    Random random(rows.seed, rows.columns);
    y = spread({rows.values.begin(), rows.values.end()}, random);
    sorted_y = y;
    std::ranges::sort(sorted_y);
  }
  for_each_index(rows.columns, rows.threads, [&](size_t column) {
    Random random(rows.seed, column);
    const std::vector<double> x = spread(column_of(rows, column), random);
    found[column] =
        is_regression ? with_values(x, y, sorted_y, digamma) : with_classes(rows, x, digamma);
  });
  return found;
}

}  // namespace slipway::training
