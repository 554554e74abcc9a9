#include "graph/ops/neighbors.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway {
namespace {

using Metric = NeighborsOp::Metric;
using Search = NeighborsOp::Search;

constexpr ValueType kTwo{ValueKind::kDense, 2};

/// Four points in the plane with two classes; a test breaks one part.
struct Model {
  NeighborsOp::Options options{Search::kHeap, 2, false};
  uint32_t features = 2;
  std::vector<double> points{0, 0, 0, 1, 1, 0, 1, 1};
  NeighborsOp::Distance distance;
  NeighborsOp::Tree tree;
  NeighborsOp::Targets targets{{2}, {0, 1, 0, 1}, 0, {}};

  Result<ValueType> infer(const ValueType& input = kTwo) const {
    return NeighborsOp(options, features, points, distance, tree, targets).infer({&input, 1});
  }
  bool ok() const { return infer().ok(); }
};

Model with_tree(Search search) {
  Model model;
  model.options.search = search;
  model.tree.nodes = {{0, 4, false, 1}, {0, 2, true, 1}, {2, 4, true, 1}};
  model.tree.order = {0, 1, 2, 3};
  model.tree.bounds.resize(search == Search::kKdTree ? 12 : 6);
  return model;
}

TEST(NeighborsOp, GivesVotesOrMeans) {
  Model model;
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model.infer()->width, 2U);
  model.options.distance_weights = true;
  EXPECT_EQ(model.infer()->width, 4U);
  model.targets = {{}, {}, 1, {1, 2, 3, 4}};
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model.infer()->width, 1U);
}

TEST(NeighborsOp, RefusesWrongSizes) {
  Model model;
  model.options.neighbors = 5;
  EXPECT_FALSE(model.ok()) << "more neighbours than points";
  model.options.neighbors = 0;
  EXPECT_FALSE(model.ok());
  model = {};
  model.points.pop_back();
  EXPECT_FALSE(model.ok()) << "half a point";
  model = {};
  model.targets.labels[3] = 2;
  EXPECT_FALSE(model.ok()) << "a label outside of the classes";
  model = {};
  model.targets.labels.pop_back();
  EXPECT_FALSE(model.ok());
  model = {};
  model.targets.class_counts = {0};
  EXPECT_FALSE(model.ok());
  model = {};
  model.targets = {{}, {}, 2, {1, 2, 3, 4}};
  EXPECT_FALSE(model.ok());
  EXPECT_FALSE(Model{}.infer({ValueKind::kDense, 3}).ok());
  EXPECT_FALSE(Model{}.infer({ValueKind::kSparse, 2, 2}).ok());
}

TEST(NeighborsOp, RefusesDistancesWithoutTheirParameters) {
  Model model;
  for (const Metric metric : {Metric::kStandardized, Metric::kWeightedMinkowski}) {
    model.distance = {metric, false, 2, {1}, {}};
    EXPECT_FALSE(model.ok());
    model.distance.weights = {1, 2};
    EXPECT_TRUE(model.ok());
  }
  model.distance = {Metric::kMahalanobis, false, 2, {}, {1, 0, 0}};
  EXPECT_FALSE(model.ok());
  for (const double p : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()}) {
    model.distance = {Metric::kMinkowski, false, p, {}, {}};
    EXPECT_FALSE(model.ok()) << p;
  }
  model.distance = {Metric::kManhattan, true, 1, {}, {}};
  EXPECT_FALSE(model.ok()) << "only euclidean distances expand";
}

TEST(NeighborsOp, RefusesBrokenTrees) {
  for (const Search search : {Search::kKdTree, Search::kBallTree}) {
    ASSERT_TRUE(with_tree(search).ok()) << with_tree(search).infer().status().to_string();
    Model model = with_tree(search);
    model.tree.order[1] = 4;
    EXPECT_FALSE(model.ok()) << "a point that is not there";
    model = with_tree(search);
    model.tree.nodes[2].is_leaf = false;
    EXPECT_FALSE(model.ok()) << "children past the end";
    model = with_tree(search);
    model.tree.nodes[1].end = 5;
    EXPECT_FALSE(model.ok()) << "a leaf past the points";
    model = with_tree(search);
    model.tree.nodes[2].start = 0;
    EXPECT_FALSE(model.ok()) << "children that overlap";
    model = with_tree(search);
    model.tree.nodes[0].end = 3;
    EXPECT_FALSE(model.ok()) << "a root without all points";
    model = with_tree(search);
    model.tree.bounds.pop_back();
    EXPECT_FALSE(model.ok());
    model = with_tree(search);
    model.tree.nodes.clear();
    EXPECT_FALSE(model.ok());
    model = with_tree(search);
    model.distance.metric = Metric::kCosine;
    EXPECT_FALSE(model.ok()) << "a metric without triangles";
  }
  Model model = with_tree(Search::kKdTree);
  model.distance.metric = Metric::kCanberra;
  EXPECT_FALSE(model.ok()) << "kd-trees take only Minkowski's metrics";
}

}  // namespace
}  // namespace slipway
