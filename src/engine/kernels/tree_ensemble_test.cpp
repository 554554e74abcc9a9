#include "graph/ops/tree_ensemble.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "engine/compile.h"
#include "graph/ops/basic.h"
#include "graph/ops/boosting.h"
#include "graph/ops/score_link.h"
#include "graph/ops/tree_leaves.h"

namespace slipway::engine {
namespace {

constexpr uint32_t kFeatures = 5;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Random = std::mt19937_64;

/// Few distinct values, so that rows often lie exactly on thresholds.
double random_value(Random& random) {
  const uint64_t kind = random() % 40;
  if (kind == 0) return kNan;
  if (kind == 1) return kInfinity;
  if (kind == 2) return -kInfinity;
  return static_cast<double>(random() % 64) / 8 - 2;
}

struct Shape {
  uint32_t outputs = 1;
  uint32_t leaf_width = 1;
  bool categories = false;
  bool float32 = false;
  bool start = false;
  bool wide_categories = false;
};

TreeEnsemble random_ensemble(Random& random, const Shape& shape, size_t trees) {
  TreeEnsemble made;
  made.features = kFeatures;
  made.outputs = shape.outputs;
  made.leaf_width = shape.leaf_width;
  made.divisor = 7;
  for (uint32_t i = 0; i < shape.outputs; ++i) made.base.push_back(0.1 * i);
  made.negative_categories = random() % 2 == 0;
  TreeEnsembleBuilder builder(std::move(made));
  const auto number = [&random] { return std::normal_distribution<double>()(random); };
  for (size_t tree = 0; tree < trees; ++tree) {
    std::vector<SourceTreeNode> nodes(1);
    nodes[0].is_leaf = true;
    for (size_t grow = random() % 60; grow > 0; --grow) {
      const size_t at = random() % nodes.size();
      if (!nodes[at].is_leaf) continue;
      SourceTreeNode& node = nodes[at];
      node.is_leaf = false;
      node.missing_left = random() % 2 == 0;
      node.feature = static_cast<int64_t>(random() % kFeatures);
      node.threshold = random() % 30 == 0 ? kInfinity : static_cast<double>(random() % 64) / 8 - 2;
      if (shape.wide_categories && random() % 3 == 0) {
        const std::vector<uint32_t> words(random() % 3, static_cast<uint32_t>(random()));
        node.category_set = builder.add_wide_category_set(words).value();
      }
      if (shape.categories && random() % 3 == 0) {
        node.category_set = builder.add_category_set({static_cast<uint32_t>(random())});
      }
      node.left = static_cast<int64_t>(nodes.size());
      node.right = node.left + 1;
      nodes.resize(nodes.size() + 2);
      nodes[nodes.size() - 1].is_leaf = nodes[nodes.size() - 2].is_leaf = true;
    }
    std::vector<double> values(nodes.size() * shape.leaf_width);
    for (double& value : values) value = number();
    const auto column = static_cast<uint32_t>(random() % (shape.outputs - shape.leaf_width + 1));
    EXPECT_TRUE(builder.add_tree(nodes, values, column).ok());
  }
  return std::move(builder).finish();
}

std::shared_ptr<const Graph> graph_of(TreeEnsemble trees, const Shape& shape) {
  GraphBuilder builder(kFeatures);
  const uint32_t outputs = trees.outputs;
  ValueId x = kNumbersInput;
  if (shape.float32) x = builder.add(std::make_unique<CastFloat32Op>(), {x}, "").value();
  std::vector<ValueId> inputs = {x};
  if (shape.start) {
    std::vector<ColumnPick> picks;
    for (uint32_t i = 0; i < outputs; ++i) picks.push_back({0, i});
    inputs.push_back(builder.add(std::make_unique<SelectOp>(picks), {kNumbersInput}, "").value());
  }
  const ValueId y =
      builder.add(std::make_unique<TreeEnsembleOp>(std::move(trees)), inputs, "").value();
  Signature signature;
  signature.columns.resize(kFeatures);
  signature.outputs = {{"predict", y, DType::kFloat64, outputs, false, {}, {}}};
  return std::move(builder).finish(std::move(signature)).value();
}

std::vector<double> predict(const std::shared_ptr<const Graph>& graph, const char* kernel,
                            const std::vector<double>& numbers, size_t chunk_rows) {
  EngineOptions options;
  options.forced_kernels["tree_ensemble"] = kernel;
  options.chunk_rows = chunk_rows;
  const auto executable = compile(graph, options).value();
  const auto scratch = executable->make_scratch();
  std::vector<OutputBuffer> outputs;
  const Batch batch{numbers.size() / kFeatures, numbers.data(), nullptr};
  EXPECT_TRUE(executable->run(batch, 1, *scratch, outputs).ok());
  return outputs[0].numbers;
}

void expect_same_bits(const std::vector<double>& expected, const std::vector<double>& actual,
                      const std::string& where) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint64_t>(expected[i]), std::bit_cast<uint64_t>(actual[i]))
        << where << ", number " << i << ": " << expected[i] << " and " << actual[i];
  }
}

TEST(TreeEnsembleKernelTest, InterleavedGivesTheBitsOfScalarOnRandomTrees) {
  const std::vector<Shape> shapes = {
      {1, 1, false, false, false}, {1, 1, false, true, false},        {1, 1, true, false, false},
      {3, 3, false, true, false},  {4, 2, true, false, false},        {3, 1, false, false, true},
      {2, 1, true, true, true},    {2, 1, false, false, false, true},
  };
  Random random(42);
  for (size_t s = 0; s < shapes.size(); ++s) {
    for (const size_t trees : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{30}}) {
      const auto graph = graph_of(random_ensemble(random, shapes[s], trees), shapes[s]);
      std::vector<double> numbers(kFeatures * 61);
      for (double& number : numbers) number = random_value(random);
      const auto expected = predict(graph, "scalar", numbers, 256);
      for (const size_t chunk : {1, 3, 8, 13, 256}) {
        expect_same_bits(expected, predict(graph, "interleaved", numbers, chunk),
                         "shape " + std::to_string(s) + ", " + std::to_string(trees) +
                             " trees, chunks of " + std::to_string(chunk));
      }
    }
  }
}

/// One split of feature 0, 10 on the left and 20 on the right.
TreeEnsemble stump(SourceTreeNode node, std::vector<CategorySet> sets = {},
                   bool negative_categories = false) {
  TreeEnsemble shape;
  shape.features = kFeatures;
  shape.base = {0};
  shape.category_sets = std::move(sets);
  shape.negative_categories = negative_categories;
  TreeEnsembleBuilder builder(std::move(shape));
  node.left = 1;
  node.right = 2;
  std::vector<SourceTreeNode> nodes = {node, {}, {}};
  nodes[1].is_leaf = nodes[2].is_leaf = true;
  EXPECT_TRUE(builder.add_tree(nodes, std::vector<double>{0, 10, 20}, 0).ok());
  return std::move(builder).finish();
}

void expect_answers(const TreeEnsemble& trees, const Shape& shape,
                    const std::vector<std::pair<double, double>>& answers) {
  const auto graph = graph_of(trees, shape);
  for (const char* kernel : {"scalar", "interleaved"}) {
    for (const auto& [x, y] : answers) {
      EXPECT_EQ(predict(graph, kernel, {x, 0, 0, 0, 0}, 1)[0], y) << kernel << ", x = " << x;
    }
  }
}

TEST(TreeEnsembleKernelTest, ComparesWithTheThresholdInclusivelyAndSendsNanAsTold) {
  SourceTreeNode node;
  node.threshold = 0.1;
  const double above = std::nextafter(0.1, 1.0);
  expect_answers(stump(node), {},
                 {{0.1, 10}, {above, 20}, {kNan, 20}, {kInfinity, 20}, {-kInfinity, 10}});
  node.missing_left = true;
  expect_answers(stump(node), {},
                 {{0.1, 10}, {above, 20}, {kNan, 10}, {kInfinity, 20}, {-kInfinity, 10}});
  Shape float32;
  float32.float32 = true;
  // The float next to 0.1 lies above it.
  expect_answers(stump(node), float32, {{0.1, 20}, {0.0999, 10}, {kNan, 10}});
}

// The answers of scikit-learn 1.3 (and 1.1 for negative numbers) for such numbers.
TEST(TreeEnsembleKernelTest, TakesCategoriesModulo256) {
  SourceTreeNode node;
  node.category_set = 0;
  CategorySet set{};
  set[0] = 0b101;     // 0 and 2
  set[7] = 1U << 31;  // 255
  expect_answers(stump(node, {set}), {},
                 {{0, 10},
                  {1, 20},
                  {2.9, 10},
                  {255, 10},
                  {256, 10},
                  {257, 20},
                  {258.5, 10},
                  {2147483649, 10},
                  {1e18, 10},
                  {kInfinity, 10},
                  {-0.5, 20},
                  {-1, 20},
                  {-kInfinity, 20},
                  {kNan, 20}});
  expect_answers(stump(node, {set}, true), {},
                 {{-0.5, 10}, {-1, 10}, {-3, 20}, {-kInfinity, 10}, {kNan, 20}});
  node.missing_left = true;
  expect_answers(stump(node, {set}), {}, {{1, 20}, {-1, 10}, {kNan, 10}});
}

// The answers of LightGBM's Tree::CategoricalDecision.
TEST(TreeEnsembleKernelTest, WideSetsTakeCategoriesOfAnySize) {
  TreeEnsemble shape;
  shape.features = kFeatures;
  shape.base = {0};
  TreeEnsembleBuilder builder(std::move(shape));
  std::vector<SourceTreeNode> nodes(3);
  std::vector<uint32_t> words(10);
  words[0] = 0b101;    // 0 and 2
  words[9] = 1U << 1;  // 289
  nodes[0].category_set = builder.add_wide_category_set(words).value();
  nodes[0].left = 1;
  nodes[0].right = 2;
  nodes[1].is_leaf = nodes[2].is_leaf = true;
  ASSERT_TRUE(builder.add_tree(nodes, std::vector<double>{0, 10, 20}, 0).ok());
  expect_answers(std::move(builder).finish(), {},
                 {{0, 10},
                  {1, 20},
                  {2.9, 10},
                  {289, 10},
                  {289.9, 10},
                  {290, 20},
                  {256, 20},
                  {258, 20},
                  {-0.5, 10},
                  {-1, 20},
                  {320, 20},
                  {2147483647, 20},
                  {2147483648, 20},
                  {4294967296, 20},
                  {kInfinity, 20},
                  {-kInfinity, 20},
                  {kNan, 20}});
}

TEST(TreeEnsembleKernelTest, LeavesAndTheirLinearModels) {
  const SourceTreeNode split{.left = 1, .right = 2, .threshold = 0.5};
  std::vector<SourceTreeNode> nodes = {split, {.is_leaf = true}, {.is_leaf = true, .leaf = 1}};
  TreeEnsemble shape;
  shape.features = kFeatures;
  shape.base = {0};
  TreeEnsembleBuilder builder(std::move(shape));
  ASSERT_TRUE(builder.add_tree(nodes, std::vector<double>{0, 10, 20}, 0).ok());
  ASSERT_TRUE(builder.add_tree(std::vector(1, nodes[1]), std::vector<double>{7}, 0).ok());
  const auto trees = std::make_shared<const TreeEnsemble>(std::move(builder).finish());
  GraphBuilder graph(kFeatures);
  const ValueId leaves =
      graph.add(std::make_unique<TreeLeavesOp>(trees, false), {kNumbersInput}, "").value();
  LinearLeaves linear{{0, 2, 3}, {1, 2, 3}, {0, 2, 2, 2}, {{1, 100}, {2, 1000}}};
  const ValueId sums =
      graph.add(std::make_unique<LinearTreesOp>(trees, linear), {kNumbersInput}, "").value();
  Signature signature;
  signature.columns.resize(kFeatures);
  signature.outputs = {{"leaf", leaves, DType::kFloat64, 2, false, {}, {}},
                       {"predict", sums, DType::kFloat64, 1, true, {}, {}}};
  const auto executable =
      compile(std::move(graph).finish(std::move(signature)).value(), {}).value();
  const std::vector<double> numbers = {0, 2,    3,    0, 0,  // left: 1 + 200 + 3000, and 3
                                       1, 2,    3,    0, 0,  // right: 2, and 3
                                       0, 2,    kNan, 0, 0,  // left, missing: its value 10, and 3
                                       1, kNan, kNan, 0, 0};
  std::vector<OutputBuffer> outputs;
  const auto scratch = executable->make_scratch();
  ASSERT_TRUE(executable->run({4, numbers.data(), nullptr}, 3, *scratch, outputs).ok());
  EXPECT_EQ(outputs[0].numbers, (std::vector<double>{0, 0, 1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(outputs[1].numbers, (std::vector<double>{3204, 5, 13, 5}));
}

TEST(TreeEnsembleKernelTest, LinksOfScoresAndZerosThatAreMissing) {
  using Function = ScoreLinkOp::Function;
  GraphBuilder graph(kFeatures);
  Signature signature;
  signature.columns.resize(kFeatures);
  const auto add = [&](std::unique_ptr<const Op> op) {
    const ValueId value = graph.add(std::move(op), {kNumbersInput}, "").value();
    signature.outputs.push_back(
        {std::to_string(value), value, DType::kFloat64, graph.type(value).width, false, {}, {}});
  };
  add(std::make_unique<ScoreLinkOp>(Function::kSigmoid, 2.0));
  add(std::make_unique<ScoreLinkOp>(Function::kSignedSquare));
  add(std::make_unique<ScoreLinkOp>(Function::kSoftplus));
  add(std::make_unique<ScoreLinkOp>(Function::kDivide, 4.0));
  add(std::make_unique<ZeroAsMissingOp>(
      0.5, std::vector<ZeroAsMissingOp::Pick>{{1, true}, {1, false}, {4, true}, {0, true}}));
  const auto executable =
      compile(std::move(graph).finish(std::move(signature)).value(), {}).value();
  const std::vector<double> numbers = {-3, 0.5, 0, 1, -0.5000001};
  std::vector<OutputBuffer> outputs;
  const auto scratch = executable->make_scratch();
  ASSERT_TRUE(executable->run({1, numbers.data(), nullptr}, 31, *scratch, outputs).ok());
  EXPECT_DOUBLE_EQ(outputs[0].numbers[0], 1 / (1 + std::exp(6.0)));
  EXPECT_EQ(outputs[0].numbers[2], 0.5);
  EXPECT_EQ(outputs[1].numbers[0], -9);
  EXPECT_EQ(outputs[1].numbers[1], 0.25);
  EXPECT_DOUBLE_EQ(outputs[2].numbers[2], std::log(2.0));
  EXPECT_EQ(outputs[3].numbers[0], -0.75);
  EXPECT_TRUE(std::isnan(outputs[4].numbers[0]));
  EXPECT_EQ(outputs[4].numbers[1], 0.5);
  EXPECT_EQ(outputs[4].numbers[2], -0.5000001);
  EXPECT_EQ(outputs[4].numbers[3], -3);
}

TEST(TreeEnsembleKernelTest, AddsTreesInOrderAndDividesAtTheEnd) {
  TreeEnsemble shape;
  shape.features = kFeatures;
  shape.base = {0.5};
  shape.divisor = 3;
  TreeEnsembleBuilder builder(std::move(shape));
  std::vector<SourceTreeNode> leaf(1);
  leaf[0].is_leaf = true;
  double sum = 0.5;
  for (const double value : {0.1, 1e16, -1e16}) {
    ASSERT_TRUE(builder.add_tree(leaf, std::vector{value}, 0).ok());
    sum += value;
  }
  expect_answers(std::move(builder).finish(), {}, {{0, sum / 3}});
}

TEST(TreeEnsembleKernelTest, BoostingStartClipsAndLinks) {
  using Link = BoostingStartOp::Link;
  const std::vector<double> pair = {0.25, 0.75};
  double score = 0;
  BoostingStartOp(Link::kLogit, 0).compute(pair, &score);
  EXPECT_DOUBLE_EQ(score, std::log(3));
  BoostingStartOp(Link::kHalfLogit, 0).compute(pair, &score);
  EXPECT_DOUBLE_EQ(score, std::log(3) / 2);
  BoostingStartOp(Link::kLogit, 0.25).compute(std::vector<double>{0, 1}, &score);
  EXPECT_DOUBLE_EQ(score, std::log(3));
  std::vector<double> scores(3);
  BoostingStartOp(Link::kCenteredLog, 0).compute(std::vector{0.2, 0.3, 0.5}, scores.data());
  EXPECT_NEAR(scores[0] + scores[1] + scores[2], 0, 1e-15);
  EXPECT_DOUBLE_EQ(scores[2] - scores[0], std::log(2.5));
}

}  // namespace
}  // namespace slipway::engine
