// The kernels that CatBoost's models need: each against the scalar one, and against what was worked
// out by hand. Whole models against CatBoost itself: cli/parity_test.cpp.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "engine/compile.h"
#include "graph/ops/category_statistics.h"
#include "graph/ops/oblivious_ensemble.h"

namespace slipway::engine {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Random = std::mt19937_64;

ObliviousEnsemble random_ensemble(Random& random, uint32_t outputs, uint32_t borders_max) {
  ObliviousEnsemble ensemble;
  ensemble.columns = 4;
  ensemble.outputs = outputs;
  for (uint32_t feature = 0; feature < 6; ++feature) {
    const auto count = static_cast<uint32_t>(1 + random() % borders_max);
    ensemble.features.push_back({static_cast<uint32_t>(random() % 4),
                                 static_cast<uint32_t>(ensemble.borders.size()), count,
                                 random() % 2 == 0});
    for (uint32_t i = 0; i < count; ++i) {
      ensemble.borders.push_back(static_cast<float>(i) / static_cast<float>(count));
    }
  }
  size_t leaves = 0;
  for (int tree = 0; tree < 30; ++tree) {
    ensemble.depths.push_back(static_cast<uint8_t>(random() % 10));
    leaves += size_t{1} << ensemble.depths.back();
    for (uint8_t i = 0; i < ensemble.depths.back(); ++i) {
      const auto feature = static_cast<uint32_t>(random() % 6);
      const uint64_t bin = 1 + random() % ensemble.features[feature].border_count;
      ensemble.splits.push_back({feature, static_cast<uint32_t>(bin)});
    }
  }
  for (size_t i = 0; i < leaves * outputs; ++i) {
    ensemble.leaf_values.push_back(std::normal_distribution<double>()(random));
  }
  return ensemble;
}

std::shared_ptr<const Graph> graph_of(std::unique_ptr<const Op> op, std::vector<ValueId> inputs,
                                      uint32_t columns, bool texts) {
  GraphBuilder builder(columns);
  const Result<ValueId> value = builder.add(std::move(op), std::move(inputs), "");
  EXPECT_TRUE(value.ok()) << value.status().message();
  Signature signature;
  for (uint32_t i = 0; i < columns; ++i) {
    signature.columns.push_back({std::string(1, static_cast<char>('a' + i)),
                                 texts ? ColumnType::kText : ColumnType::kNumber});
  }
  signature.matrices.strings = texts;
  OutputSpec output;
  output.name = "predict";
  output.value = *value;
  output.width = builder.type(*value).width;
  signature.outputs = {output};
  auto graph = std::move(builder).finish(std::move(signature));
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return *graph;
}

std::vector<double> run(const std::shared_ptr<const Graph>& graph, const std::string& kernel,
                        const Batch& batch) {
  EngineOptions options;
  if (!kernel.empty()) options.forced_kernels["oblivious_ensemble"] = kernel;
  const auto model = compile(graph, options);
  EXPECT_TRUE(model.ok()) << model.status().message();
  std::vector<OutputBuffer> outputs;
  const auto scratch = (*model)->make_scratch();
  const Status status = (*model)->run(batch, 1, *scratch, outputs);
  EXPECT_TRUE(status.ok()) << status.message();
  return outputs[0].numbers;
}

TEST(ObliviousEnsembleKernelTest, BinsGiveTheBitsOfComparisons) {
  Random random(7);
  for (const uint32_t outputs : {1U, 3U}) {
    for (const uint32_t borders : {5U, 255U, 400U}) {
      const auto graph =
          graph_of(std::make_unique<ObliviousEnsembleOp>(random_ensemble(random, outputs, borders)),
                   {kNumbersInput}, 4, false);
      constexpr size_t kRows = 301;
      std::vector<double> numbers;
      for (size_t i = 0; i < kRows * 4; ++i) {
        const uint64_t kind = random() % 20;
        numbers.push_back(kind == 0   ? kNan
                          : kind == 1 ? kInfinity
                          : kind == 2 ? -kInfinity
                                      : static_cast<double>(random() % 1000) / 900);
      }
      const Batch all{kRows, numbers.data()};
      const std::vector<double> expected = run(graph, "scalar", all);
      const std::vector<double> binned = run(graph, "binned", all);
      ASSERT_EQ(expected.size(), kRows * outputs);
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(std::bit_cast<uint64_t>(expected[i]), std::bit_cast<uint64_t>(binned[i])) << i;
      }
      for (size_t row = 0; row < 20; ++row) {
        const std::vector<double> alone = run(graph, "binned", {1, numbers.data() + row * 4});
        for (uint32_t i = 0; i < outputs; ++i) EXPECT_EQ(alone[i], expected[row * outputs + i]);
      }
    }
  }
}

/// Columns "a" and "b": is b "x"? Then what is known of (a, b, whether a is "y").
CategoryStatistics statistics() {
  CategoryStatistics made;
  made.columns = {"a", "b"};
  made.indicators = {{1, category_hash("x")}};
  made.combinations = {{{0, 1}, {}, {{0, category_hash("y")}}}};
  const auto part = [](std::string_view text) {
    return static_cast<uint64_t>(int64_t{static_cast<int32_t>(category_hash(text))});
  };
  const auto key = [&](std::string_view a, std::string_view b, uint64_t is_y) {
    return combine_hashes(combine_hashes(combine_hashes(0, part(a)), part(b)), is_y);
  };
  uint64_t first = key("y", "x", 1);
  uint64_t second = key("12", "-3", 0);
  std::vector<float> values = {1, 2, 3, 4};
  if (first > second) {
    std::swap(first, second);
    values = {3, 4, 1, 2};
  }
  made.tables = {{0, {first, second}, values, {-1, -2}}};
  return made;
}

TEST(CategoryStatisticsKernelTest, LooksUpTextsAndWholeNumbers) {
  const auto graph =
      graph_of(std::make_unique<CategoryStatisticsOp>(statistics()), {kStringsInput}, 2, true);
  const std::vector<StringCell> cells = {
      StringCell::text("y"),  StringCell::text("x"),      // known
      StringCell::number(12), StringCell::number(-3),     // known, as texts are
      StringCell::text("y"),  StringCell::text("other"),  // not known
  };
  const std::vector<double> numbers(6, kNan);
  EXPECT_EQ(run(graph, "", {3, numbers.data(), cells.data()}),
            (std::vector<double>{1, 1, 2, 0, 3, 4, 0, -1, -2}));
}

TEST(CategoryStatisticsKernelTest, RefusesWhatIsNoCategory) {
  const auto graph =
      graph_of(std::make_unique<CategoryStatisticsOp>(statistics()), {kStringsInput}, 2, true);
  const auto model = compile(graph);
  ASSERT_TRUE(model.ok());
  const auto scratch = (*model)->make_scratch();
  for (const StringCell cell : {StringCell::none(), StringCell::nan(), StringCell::absent(),
                                StringCell::number(1.5), StringCell::number(kNan)}) {
    const std::vector<StringCell> cells = {StringCell::text("y"), cell};
    const std::vector<double> numbers(2, kNan);
    std::vector<OutputBuffer> outputs;
    const Status status = (*model)->run({1, numbers.data(), cells.data()}, 1, *scratch, outputs);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("row 0, 'b'"), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace slipway::engine
