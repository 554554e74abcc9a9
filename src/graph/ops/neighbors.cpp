#include "graph/ops/neighbors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

constexpr uint32_t kPointsMax = 1U << 30;

bool fits_kd_tree(const NeighborsOp::Distance& distance) {
  return distance.metric == Metric::kEuclidean || distance.metric == Metric::kManhattan ||
         distance.metric == Metric::kChebyshev ||
         (distance.metric == Metric::kMinkowski && distance.weights.empty());
}

}  // namespace

NeighborsOp::NeighborsOp(Options options, uint32_t features, std::vector<double> points_in,
                         Distance distance_in, Tree tree_in, Targets targets_in)
    : options(options),
      features(features),
      points(std::move(points_in)),
      distance(std::move(distance_in)),
      tree(std::move(tree_in)),
      targets(std::move(targets_in)),
      point_count_(features == 0 ? 0
                                 : static_cast<uint32_t>(std::min<uint64_t>(
                                       points.size() / features, uint64_t{kPointsMax} + 1))) {}

Status NeighborsOp::check_distance() const {
  const size_t weights = distance.weights.size();
  switch (distance.metric) {
    case Metric::kMinkowski:
    case Metric::kWeightedMinkowski:
      if (!(distance.p > 0) || std::isinf(distance.p)) {
        return invalid_argument(
            fmt::format("expected a positive finite power, got {}", distance.p));
      }
      if (weights != features && (weights != 0 || distance.metric == Metric::kWeightedMinkowski)) {
        return invalid_argument(fmt::format("expected {} weights, got {}", features, weights));
      }
      break;
    case Metric::kStandardized:
      if (weights != features) {
        return invalid_argument(fmt::format("expected {} variances, got {}", features, weights));
      }
      break;
    case Metric::kMahalanobis:
      if (distance.matrix.size() != uint64_t{features} * features) {
        return invalid_argument("the inverse covariance has another size than the features");
      }
      break;
    case Metric::kHaversine:
      if (features != 2) return invalid_argument("haversine is for two features");
      break;
    default: break;
  }
  if (distance.expanded && distance.metric != Metric::kEuclidean &&
      distance.metric != Metric::kSquaredEuclidean) {
    return invalid_argument("only euclidean distances can be expanded");
  }
  return {};
}

Status NeighborsOp::check_tree() const {
  if (options.search == Search::kHeap || options.search == Search::kPartition) return {};
  const bool kd = options.search == Search::kKdTree;
  if (kd && !fits_kd_tree(distance)) return invalid_argument("a kd-tree of another metric");
  if (distance.expanded || distance.metric == Metric::kCosine ||
      distance.metric == Metric::kCorrelation || distance.metric == Metric::kYule ||
      distance.metric == Metric::kNanEuclidean) {
    return invalid_argument("a tree of a metric that trees do not take");
  }
  const uint64_t nodes = tree.nodes.size();
  if (nodes == 0 || tree.bounds.size() != (kd ? 2 : 1) * nodes * features ||
      tree.order.size() != point_count_) {
    return invalid_argument("the tree's tables do not fit each other");
  }
  for (const uint32_t point : tree.order) {
    if (point >= point_count_) return invalid_argument("the tree names a point that is not there");
  }
  // Children split their parent's points, so that no point is visited twice.
  std::vector<bool> reached(nodes, false);
  reached[0] = true;
  if (tree.nodes[0].start != 0 || tree.nodes[0].end != point_count_) {
    return invalid_argument("the tree's root does not hold all points");
  }
  for (uint64_t i = 0; i < nodes; ++i) {
    const Node& node = tree.nodes[i];
    if (!reached[i] || node.is_leaf) continue;
    if (2 * i + 2 >= nodes) return invalid_argument("the tree has an inner node without children");
    const Node& low = tree.nodes[2 * i + 1];
    const Node& high = tree.nodes[2 * i + 2];
    if (low.start != node.start || low.end < low.start || low.end > node.end ||
        high.start != low.end || high.end != node.end) {
      return invalid_argument("the tree's nodes do not split their parents' points");
    }
    reached[2 * i + 1] = reached[2 * i + 2] = true;
  }
  return {};
}

Result<uint32_t> NeighborsOp::check_targets() const {
  if (targets.lists) {
    if (options.neighbors > kWidthMax / 2) return invalid_argument("too many neighbours to list");
    return 2 * options.neighbors;
  }
  if (targets.class_counts.empty()) {
    if (targets.value_count == 0 || targets.value_count > kWidthMax ||
        targets.values.size() != uint64_t{targets.value_count} * point_count_) {
      return invalid_argument("another number of target values than points");
    }
    return targets.value_count;
  }
  const size_t count = targets.class_counts.size();
  uint64_t width = 0;
  for (const uint32_t classes : targets.class_counts) {
    width += classes;
    if (classes == 0 || width > kWidthMax / 2) {
      return invalid_argument("a target has no or too many classes");
    }
  }
  if (targets.labels.size() != count * point_count_) {
    return invalid_argument("another number of labels than points");
  }
  for (size_t i = 0; i < targets.labels.size(); ++i) {
    if (targets.labels[i] >= targets.class_counts[i % count]) {
      return invalid_argument("a label is outside of its classes");
    }
  }
  return static_cast<uint32_t>(options.distance_weights ? 2 * width : width);
}

Result<ValueType> NeighborsOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (features == 0 || inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (point_count_ == 0 || point_count_ > kPointsMax ||
      points.size() != uint64_t{point_count_} * features) {
    return invalid_argument(fmt::format("no usable number of points of {} features", features));
  }
  if (options.neighbors == 0 || options.neighbors > point_count_) {
    return invalid_argument(
        fmt::format("expected 1 to {} neighbours, got {}", point_count_, options.neighbors));
  }
  TRY_STATUS(check_distance());
  TRY_STATUS(check_tree());
  const auto columns = TRY(check_targets());
  return ValueType{ValueKind::kDense, columns};
}

std::string NeighborsOp::describe() const {
  static constexpr std::string_view kMetrics[] = {
      "euclidean",  "sqeuclidean", "manhattan",   "chebyshev", "minkowski",
      "wminkowski", "seuclidean",  "mahalanobis", "hamming",   "canberra",
      "braycurtis", "jaccard",     "haversine",   "cosine",    "nan_euclidean"};
  static constexpr std::string_view kSearches[] = {"brute", "brute", "kd_tree", "ball_tree"};
  return fmt::format("{} of {} points, {}, {}{}", options.neighbors, point_count_,
                     kMetrics[static_cast<size_t>(distance.metric)],
                     kSearches[static_cast<size_t>(options.search)],
                     options.distance_weights ? ", weighted" : "");
}

size_t NeighborsOp::size_bytes() const {
  return heap_bytes(points) + heap_bytes(distance.weights) + heap_bytes(distance.matrix) +
         heap_bytes(tree.nodes) + heap_bytes(tree.order) + heap_bytes(tree.bounds) +
         heap_bytes(targets.class_counts) + heap_bytes(targets.labels) + heap_bytes(targets.values);
}

}  // namespace slipway
