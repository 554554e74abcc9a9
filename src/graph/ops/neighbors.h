// k nearest neighbours: find them, and let them vote or average.
//
// Which of several equally distant points count as neighbours depends on how scikit-learn searches,
// so the op says so: it holds the very tree that was built in training, and the kernels visit it in
// scikit-learn's order.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// Dense rows to, for each row,
/// - regression (`class_counts` empty): the mean of the neighbours' values, one per target;
/// - `lists`: the distances of the neighbours, nearest first, then their places among the points;
/// - classification: the votes for each class of each target, side by side. With distance weights
///   the same sums follow once more, added up in numpy's pairwise order, which decides predict.
class NeighborsOp final : public Op {
 public:
  enum class Metric : uint8_t {
    kEuclidean,
    kSquaredEuclidean,
    kManhattan,
    kChebyshev,
    kMinkowski,          // sum w |d|^p; `weights` may be empty
    kWeightedMinkowski,  // sum (w |d|)^p, as scikit-learn before 1.3
    kStandardized,       // sqrt(sum d^2 / weights)
    kMahalanobis,        // `matrix` is the inverse covariance
    kHamming,
    kCanberra,
    kBrayCurtis,
    kJaccard,  // this and the next six: of what is zero and what is not
    kMatching,
    kDice,
    kKulsinski,
    kRogersTanimoto,
    kRussellRao,
    kSokalSneath,
    kYule,
    kHaversine,
    kCosine,
    kCorrelation,
    kNanEuclidean,
  };
  enum class Search : uint8_t {
    kHeap,       // all points in order through a heap (pairwise reduction, scikit-learn 1.1 on)
    kPartition,  // all distances, then numpy's argpartition
    kKdTree,
    kBallTree,
  };
  struct Node {
    uint32_t start = 0;  // of the points, through `order`
    uint32_t end = 0;
    bool is_leaf = true;
    double radius = 0;  // ball tree
  };
  struct Distance {
    Metric metric = Metric::kEuclidean;
    /// Euclidean as |x|^2 - 2xy + |y|^2, whose roundings decide ties.
    bool expanded = false;
    double p = 2;
    std::vector<double> weights;
    std::vector<double> matrix;  // features x features
  };
  struct Tree {
    std::vector<Node> nodes;      // children of i are 2i + 1 and 2i + 2
    std::vector<uint32_t> order;  // points in the order of the leaves
    std::vector<double> bounds;   // kd: lows, then highs; ball: centres; each nodes x features
  };
  struct Targets {
    std::vector<uint32_t> class_counts;  // classification: classes of each target
    std::vector<uint32_t> labels;        // points x targets, each below its class count
    uint32_t value_count = 0;            // regression: targets
    std::vector<double> values;          // points x targets
    bool lists = false;                  // neither of them
  };
  struct Options {
    Search search = Search::kHeap;
    uint32_t neighbors = 1;
    bool distance_weights = false;
  };

  NeighborsOp(Options options, uint32_t features, std::vector<double> points, Distance distance,
              Tree tree, Targets targets);
  std::string_view name() const override { return "neighbors"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  uint32_t point_count() const { return point_count_; }

  const Options options;
  const uint32_t features;
  const std::vector<double> points;  // row-major
  const Distance distance;
  const Tree tree;
  const Targets targets;

 private:
  Status check_distance() const;
  Status check_tree() const;
  Result<uint32_t> check_targets() const;

  const uint32_t point_count_;
};

}  // namespace slipway
