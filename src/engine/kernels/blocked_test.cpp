// The kernels of "svm", "neighbors" and "knn_impute" give the same bits as their scalar ones,
// whatever the number of rows around a row.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "engine/compile.h"
#include "engine/kernel_table.h"
#include "graph/ops/impute_model.h"
#include "graph/ops/neighbors.h"
#include "graph/ops/svm.h"

namespace slipway::engine {
namespace {

constexpr size_t kRows = 23;
constexpr uint32_t kFeatures = 7;

std::vector<double> random_values(size_t count, unsigned seed, double step) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-3, 3);
  std::vector<double> values(count);
  for (double& value : values) {
    value = uniform(random);
    if (step > 0) value = std::round(value / step) * step;
  }
  return values;
}

template <typename OpType>
std::shared_ptr<const Graph> graph_of(const OpType& op) {
  GraphBuilder builder(kFeatures);
  const Result<ValueId> value = builder.add(std::make_unique<OpType>(op), {kNumbersInput}, "");
  EXPECT_TRUE(value.ok()) << value.status().to_string();
  Signature signature;
  signature.columns.resize(kFeatures);
  OutputSpec output;
  output.name = "out";
  output.value = *value;
  output.width = builder.type(*value).width;
  signature.outputs.push_back(output);
  auto graph = std::move(builder).finish(signature);
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return *graph;
}

std::vector<uint64_t> bits(const std::shared_ptr<const Graph>& graph, std::string_view kernel,
                           const std::vector<double>& rows, size_t rows_at_once) {
  EngineOptions options;
  options.forced_kernels[std::string(graph->node(kFirstNode).op->name())] = kernel;
  const auto executable = compile(graph, options);
  EXPECT_TRUE(executable.ok()) << executable.status().to_string();
  const auto scratch = (*executable)->make_scratch();
  std::vector<uint64_t> all;
  for (size_t row = 0; row < kRows; row += rows_at_once) {
    std::vector<OutputBuffer> outputs;
    const Batch batch{std::min(rows_at_once, kRows - row), rows.data() + row * kFeatures};
    const Status status = (*executable)->run(batch, 1, *scratch, outputs);
    EXPECT_TRUE(status.ok()) << status.to_string();
    for (const double value : outputs[0].numbers) all.push_back(std::bit_cast<uint64_t>(value));
  }
  return all;
}

/// Compares every kernel that this CPU runs and that takes the op with the scalar one.
void expect_same(const std::shared_ptr<const Graph>& graph, std::span<const KernelEntry> table,
                 double step) {
  const std::vector<double> rows = random_values(kRows * kFeatures, 9, step);
  const std::vector<uint64_t> expected = bits(graph, "scalar", rows, kRows);
  EXPECT_EQ(bits(graph, "scalar", rows, 1), expected) << "scalar, each row alone";
  const Op& op = *graph->node(kFirstNode).op;
  const ValueType input = graph->type(kNumbersInput);
  size_t compared = 0;
  for (const KernelEntry& entry : table) {
    if (entry.op != op.name() || entry.name == "scalar" || !entry.supported(detect_cpu())) continue;
    if (entry.make(op, {&input, 1}) == nullptr) continue;
    ++compared;
    for (const size_t rows_at_once : {kRows, size_t{1}, size_t{3}}) {
      EXPECT_EQ(bits(graph, entry.name, rows, rows_at_once), expected)
          << entry.name << ", " << rows_at_once << " rows at once";
    }
  }
  EXPECT_GE(compared, 1U);
}

TEST(BlockedSvm, GivesTheBitsOfTheScalarKernel) {
  using Function = SvmOp::KernelFunction;
  for (const Function function :
       {Function::kLinear, Function::kPoly, Function::kRbf, Function::kSigmoid}) {
    const size_t vectors = 19;
    SvmOp::Tables tables{kFeatures,
                         random_values(vectors * kFeatures, 1, 0),
                         {5, 0, 14},
                         random_values(2 * vectors, 2, 0),
                         {0.5, -1, 2}};
    const SvmOp op({function, 0.1, 0.25, 3}, std::move(tables));
    expect_same(graph_of(op), svm_kernels(), 0);
  }
}

TEST(BlockedNeighbors, GivesTheBitsOfTheScalarKernel) {
  using Metric = NeighborsOp::Metric;
  using Search = NeighborsOp::Search;
  const uint32_t points = 77;
  NeighborsOp::Targets targets;
  targets.value_count = 2;
  targets.values = random_values(points * 2, 4, 0);
  // A coarse grid has many equal distances; a fine one shows the roundings.
  for (const double step : {1.0, 0.1, 0.0}) {
    const std::vector<double> table = random_values(points * kFeatures, 3, step);
    for (const Search search : {Search::kHeap, Search::kPartition}) {
      for (const uint32_t neighbors : {1U, 6U, 30U, points}) {
        for (const Metric metric : {Metric::kEuclidean, Metric::kManhattan, Metric::kChebyshev,
                                    Metric::kCosine, Metric::kSquaredEuclidean}) {
          for (const bool expanded : {false, true}) {
            if (expanded && metric != Metric::kEuclidean) continue;
            const NeighborsOp op({search, neighbors, false}, kFeatures, table,
                                 {metric, expanded, 2, {}, {}}, {}, targets);
            expect_same(graph_of(op), neighbors_kernels(), step);
          }
        }
      }
    }
  }
}

TEST(ScalarNeighbors, RefusesARowThatIsInfinitelyFarFromAllPoints) {
  const NeighborsOp op({NeighborsOp::Search::kHeap, 2, true}, kFeatures,
                       random_values(3 * kFeatures, 5, 0), {}, {}, {{2}, {0, 1, 1}, 0, {}});
  const auto executable = compile(graph_of(op));
  ASSERT_TRUE(executable.ok());
  const std::vector<double> far(kFeatures, 1e300);
  std::vector<OutputBuffer> outputs;
  const auto scratch = (*executable)->make_scratch();
  const Status status = (*executable)->run({1, far.data()}, 1, *scratch, outputs);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
}

TEST(BlockedKnnImpute, GivesTheBitsOfTheScalarKernel) {
  const uint32_t points = 77;
  for (const double step : {0.0, 1.0}) {
    std::vector<double> given = random_values(points * kFeatures, 4, step);
    for (size_t i = 0; i < given.size(); i += 5) given[i] = std::nan("");
    KnnImputeOp::Options options;
    options.missing = 1;  // with coarse numbers, many are
    const KnnImputeOp op(options, kFeatures, given, {0, 2, 3, 6});
    expect_same(graph_of(op), impute_model_kernels(), step);
    options.missing = random_values(kRows * kFeatures, 9, step)[9];  // one is
    options.distance_weights = true;
    const KnnImputeOp weighted(options, kFeatures, given, {0, 1, 2, 3, 4, 5, 6});
    expect_same(graph_of(weighted), impute_model_kernels(), step);
  }
}

}  // namespace
}  // namespace slipway::engine
