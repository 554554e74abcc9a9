// Which search a fitted estimator makes, so that equally distant points are chosen as it would.
//
// Trees are pickled with their nodes and metric. Brute force has two ways: "pairwise reduction"
// (from 1.1 on, for float64 points and most metrics), and all distances with numpy.argpartition.
#include "formats/sklearn/families/neighbor_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "formats/pickle/numpy.h"
#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

struct MetricName {
  std::string_view name;        // as effective_metric_ has it
  std::string_view class_name;  // the DistanceMetric of a tree, without its "64"
  Metric metric;
  bool reduces;  // the pairwise reduction takes it
};

constexpr std::array kMetrics = {
    MetricName{"euclidean", "EuclideanDistance", Metric::kEuclidean, true},
    MetricName{"l2", "", Metric::kEuclidean, true},
    MetricName{"sqeuclidean", "", Metric::kSquaredEuclidean, true},
    MetricName{"manhattan", "ManhattanDistance", Metric::kManhattan, true},
    MetricName{"cityblock", "", Metric::kManhattan, true},
    MetricName{"l1", "", Metric::kManhattan, true},
    MetricName{"chebyshev", "ChebyshevDistance", Metric::kChebyshev, true},
    MetricName{"infinity", "", Metric::kChebyshev, true},
    MetricName{"minkowski", "MinkowskiDistance", Metric::kMinkowski, true},
    MetricName{"p", "", Metric::kMinkowski, true},
    MetricName{"wminkowski", "WMinkowskiDistance", Metric::kWeightedMinkowski, true},
    MetricName{"seuclidean", "SEuclideanDistance", Metric::kStandardized, true},
    MetricName{"mahalanobis", "MahalanobisDistance", Metric::kMahalanobis, false},
    MetricName{"hamming", "HammingDistance", Metric::kHamming, false},
    MetricName{"canberra", "CanberraDistance", Metric::kCanberra, true},
    MetricName{"braycurtis", "BrayCurtisDistance", Metric::kBrayCurtis, true},
    MetricName{"jaccard", "JaccardDistance", Metric::kJaccard, false},
    MetricName{"matching", "MatchingDistance", Metric::kMatching, false},
    MetricName{"dice", "DiceDistance", Metric::kDice, false},
    MetricName{"kulsinski", "KulsinskiDistance", Metric::kKulsinski, false},
    MetricName{"rogerstanimoto", "RogersTanimotoDistance", Metric::kRogersTanimoto, false},
    MetricName{"sokalmichener", "SokalMichenerDistance", Metric::kRogersTanimoto, false},
    MetricName{"russellrao", "RussellRaoDistance", Metric::kRussellRao, false},
    MetricName{"sokalsneath", "SokalSneathDistance", Metric::kSokalSneath, false},
    MetricName{"yule", "", Metric::kYule, false},
    MetricName{"correlation", "", Metric::kCorrelation, false},
    MetricName{"haversine", "HaversineDistance", Metric::kHaversine, true},
    MetricName{"cosine", "", Metric::kCosine, false},
    MetricName{"nan_euclidean", "", Metric::kNanEuclidean, false},
};

/// The inverse of a square matrix, by Gauss and Jordan with row exchanges.
Result<std::vector<double>> inverse(std::vector<double> matrix, size_t n) {
  std::vector<double> result(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) result[i * n + i] = 1;
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::fabs(matrix[row * n + column]) > std::fabs(matrix[pivot * n + column])) pivot = row;
    }
    const double value = matrix[pivot * n + column];
    if (!std::isfinite(value) || value == 0) {
      return invalid_argument("metric_params: V cannot be inverted");
    }
    for (size_t j = 0; j < n; ++j) {
      std::swap(matrix[pivot * n + j], matrix[column * n + j]);
      std::swap(result[pivot * n + j], result[column * n + j]);
      matrix[column * n + j] /= value;
      result[column * n + j] /= value;
    }
    for (size_t row = 0; row < n; ++row) {
      const double factor = matrix[row * n + column];
      if (row == column || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        matrix[row * n + j] -= factor * matrix[column * n + j];
        result[row * n + j] -= factor * result[column * n + j];
      }
    }
  }
  return result;
}

/// Parameters of a brute-force metric: effective_metric_params_.
Status read_parameters(pickle::Value self, NeighborsOp::Distance& distance) {
  const auto given = self.find_attr("effective_metric_params_");
  if (!given.has_value() || given->kind() != pickle::Kind::kDict) return {};
  if (const auto p = given->find("p"); p.has_value() && !p->is_none()) {
    distance.p = TRY(p->as_double());
  }
  for (const std::string_view name : {"w", "V"}) {
    const auto weights = given->find(name);
    if (!weights.has_value() || weights->is_none()) continue;
    pickle::Array<double> array = TRY(pickle::to_f64(*weights));
    if (distance.metric != Metric::kMahalanobis) {
      distance.weights = std::move(array.values);
      continue;
    }
    constexpr uint64_t kSizeMax = 2048;
    if (array.shape.size() != 2 || array.shape[0] != array.shape[1] || array.shape[0] > kSizeMax) {
      return invalid_argument("metric_params: V is no usable square matrix");
    }
    distance.matrix = TRY(inverse(std::move(array.values), array.shape[1]));
  }
  if (const auto matrix = given->find("VI"); matrix.has_value() && !matrix->is_none()) {
    distance.matrix = TRY(pickle::to_f64(*matrix)).values;
  }
  return {};
}

/// The DistanceMetric object of a tree: its class, and the state (p, vec, mat).
Status read_metric_object(pickle::Value object, NeighborsOp::Distance& distance) {
  std::string_view name = object.name();
  if (name.ends_with("64")) name.remove_suffix(2);
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(), [&](const MetricName& entry) {
    return !entry.class_name.empty() && entry.class_name == name;
  });
  if (found == kMetrics.end()) {
    return unimplemented(fmt::format("the tree's metric {} is not supported", object.name()));
  }
  distance.metric = found->metric;
  const auto state = object.state();
  if (!state.has_value() || state->kind() != pickle::Kind::kTuple || state->size() < 3) {
    return invalid_argument("the tree's metric has no usable state");
  }
  distance.p = TRY(state->at(0).as_double());
  if (distance.metric == Metric::kMinkowski || distance.metric == Metric::kWeightedMinkowski ||
      distance.metric == Metric::kStandardized) {
    distance.weights = TRY(pickle::to_f64(state->at(1))).values;
    // Before 1.3 an unused vector is one zero.
    if (distance.metric == Metric::kMinkowski && distance.weights.size() == 1 &&
        distance.weights[0] == 0) {
      distance.weights.clear();
    }
  }
  if (distance.metric == Metric::kMahalanobis) {
    distance.matrix = TRY(pickle::to_f64(state->at(2))).values;
  }
  return {};
}

Result<uint32_t> table_index(int64_t value) {
  if (value < 0 || value > int64_t{UINT32_MAX}) {
    return invalid_argument(fmt::format("a tree's table has an index out of range, {}", value));
  }
  return static_cast<uint32_t>(value);
}

Status read_nodes(pickle::Value table, std::vector<NeighborsOp::Node>& nodes) {
  const auto starts = TRY(pickle::field_i64(table, "idx_start"));
  const auto ends = TRY(pickle::field_i64(table, "idx_end"));
  const auto leaves = TRY(pickle::field_i64(table, "is_leaf"));
  const auto radii = TRY(pickle::field_f64(table, "radius"));
  if (!starts.has_value() || !ends.has_value() || !leaves.has_value() || !radii.has_value()) {
    return invalid_argument("a tree's node table lacks a field");
  }
  for (size_t i = 0; i < starts->values.size(); ++i) {
    const auto start = TRY(table_index(starts->values[i]));
    const auto end = TRY(table_index(ends->values[i]));
    nodes.push_back({start, end, leaves->values[i] != 0, radii->values[i]});
  }
  return {};
}

/// KDTree and BallTree: state is (data, idx_array, node_data, node_bounds, ..., metric, weights).
Status read_tree(pickle::Value tree, FittedNeighbors& fitted) {
  constexpr size_t kMetricPlace = 11;
  const auto state = tree.state();
  if (!state.has_value() || state->kind() != pickle::Kind::kTuple ||
      state->size() <= kMetricPlace) {
    return invalid_argument(fmt::format("{}: no usable state", tree.name()));
  }
  fitted.points = TRY(pickle::to_f64(state->at(0))).values;
  for (const int64_t point : TRY(pickle::to_i64(state->at(1))).values) {
    fitted.tree.order.push_back(TRY(table_index(point)));
  }
  TRY_STATUS(read_nodes(state->at(2), fitted.tree.nodes));
  fitted.tree.bounds = TRY(pickle::to_f64(state->at(3))).values;
  return read_metric_object(state->at(kMetricPlace), fitted.distance);
}

/// True if the estimator was written by scikit-learn of at least this 1.x; unknown counts as new.
bool is_at_least(pickle::Value self, int minor) {
  const std::string version = string_attr_or(self, "_sklearn_version", "");
  int found_major = 0;
  int found_minor = 0;
  const char* end = version.data() + version.size();
  const auto [dot, error] = std::from_chars(version.data(), end, found_major);
  if (error != std::errc() || dot == end) return true;
  if (std::from_chars(dot + 1, end, found_minor).ec != std::errc()) return true;
  return found_major > 1 || (found_major == 1 && found_minor >= minor);
}

struct Points {
  std::vector<double> values;
  bool is_float64 = false;
  bool is_sparse = false;
};

Result<Points> training_points(pickle::Value self) {
  const pickle::Value value = TRY(self.attr("_fit_X"));
  Points points;
  if (!pickle::is_sparse(value)) {
    points.is_float64 = TRY(pickle::array_info(value)).dtype == "float64";
    points.values = TRY(matrix_attr(self, "_fit_X")).values;
    return points;
  }
  points.is_sparse = true;
  if (const auto data = value.find_attr("data"); data.has_value()) {
    const auto info = pickle::array_info(*data);
    points.is_float64 = info.ok() && info->dtype == "float64";
  }
  points.values = TRY(pickle::to_dense(value)).values;
  return points;
}

Status read_brute(pickle::Value self, FittedNeighbors& fitted) {
  const pickle::Value metric = TRY(self.attr("effective_metric_"));
  const Result<std::string_view> name = metric.as_string();
  if (!name.ok()) {
    return unimplemented(fmt::format("{}.metric is a Python function or object", self.name()));
  }
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                  [&](const MetricName& entry) { return entry.name == *name; });
  if (found == kMetrics.end()) {
    return unimplemented(fmt::format("{}.metric '{}' is not supported", self.name(), *name));
  }
  fitted.distance.metric = found->metric;
  TRY_STATUS(read_parameters(self, fitted.distance));
  Points points = TRY(training_points(self));
  fitted.points = std::move(points.values);
  const bool reduces =
      found->reduces && points.is_float64 && is_at_least(self, points.is_sparse ? 2 : 1);
  fitted.search = reduces ? Search::kHeap : Search::kPartition;
  // scipy computes sqeuclidean from differences; scikit-learn's own code expands both.
  fitted.distance.expanded = fitted.distance.metric == Metric::kEuclidean ||
                             (reduces && fitted.distance.metric == Metric::kSquaredEuclidean);
  return {};
}

}  // namespace

Result<FittedNeighbors> tree_points(pickle::Value tree) {
  FittedNeighbors fitted;
  TRY_STATUS(read_tree(tree, fitted));
  return fitted;
}

Result<FittedNeighbors> fitted_neighbors(pickle::Value self) {
  FittedNeighbors fitted;
  const std::string method = string_attr_or(self, "_fit_method", "");
  if (method == "brute") {
    TRY_STATUS(read_brute(self, fitted));
    return fitted;
  }
  if (method != "kd_tree" && method != "ball_tree") {
    return unimplemented(fmt::format("{}._fit_method '{}' is not supported", self.name(), method));
  }
  fitted.search = method == "kd_tree" ? Search::kKdTree : Search::kBallTree;
  TRY_STATUS(read_tree(TRY(self.attr("_tree")), fitted));
  return fitted;
}

Result<ValueId> neighbor_list(Lowering& lowering, ValueId x, FittedNeighbors fitted, int64_t k) {
  if (k < 1 || k > int64_t{kWidthMax}) {
    return invalid_argument(fmt::format("n_neighbors: no usable value, {}", k));
  }
  NeighborsOp::Options options;
  options.search = fitted.search;
  options.neighbors = static_cast<uint32_t>(k);
  NeighborsOp::Targets targets;
  targets.lists = true;
  return lowering.add(std::make_unique<NeighborsOp>(
                          options, lowering.type(x).width, std::move(fitted.points),
                          std::move(fitted.distance), std::move(fitted.tree), std::move(targets)),
                      {x});
}

}  // namespace slipway::sklearn
