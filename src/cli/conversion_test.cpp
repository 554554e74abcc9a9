// Conversions and their check: what is equal agrees, what differs is seen, what cannot be written
// is named. tests/e2e/test_convert.py holds all fixtures against ONNX Runtime.
#include "cli/conversion.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "cli/model_file.h"
#include "graph/ops/linear.h"

namespace slipway::cli {
namespace {

std::shared_ptr<const Graph> linear_graph(double weight) {
  GraphBuilder builder(2);
  const auto y = builder.add(
      std::make_unique<LinearOp>(1, 2, std::vector<double>{weight, -1}, std::vector<double>{0.5}),
      {kNumbersInput}, "model");
  Signature signature;
  signature.columns.resize(2);
  signature.columns[0].name = "width";
  signature.columns[1].name = "height";
  signature.columns_named = true;
  OutputSpec output;
  output.name = "predict";
  output.value = y.value();
  output.is_vector = true;
  signature.outputs.push_back(output);
  auto graph = std::move(builder).finish(std::move(signature));
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.value();
}

class ConversionTest : public testing::TestWithParam<const char*> {};

TEST_P(ConversionTest, ALinearModelAnswersTheSame) {
  const auto done = convert_graph(linear_graph(2), {.format = GetParam(), .name = "m"});
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_TRUE(done->agrees()) << done->unchecked;
  EXPECT_GT(done->rows, 100U);
  ASSERT_EQ(done->outputs.size(), 1U);
  EXPECT_EQ(done->outputs[0].name, "predict");
}

TEST_P(ConversionTest, RowsOfTheUserAreCompared) {
  const auto done = convert_graph(
      linear_graph(2), {.format = GetParam(), .name = "m", .data = "width,height\n1,2\n3,4\n"});
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_TRUE(done->agrees()) << done->unchecked;
  EXPECT_EQ(done->rows, 2U);
}

TEST_P(ConversionTest, WhatCannotBeWrittenIsNamedWithItsPlace) {
  const std::string path =
      std::string(SLIPWAY_TEST_DATA_DIR) + "/sklearn/1.9.1/text_tfidf_binary_english.pkl";
  const auto file = read_model_file(path, "", Limits{}.file_bytes_max);
  ASSERT_TRUE(file.ok()) << file.status().to_string();
  const auto done = convert_graph(file->report.graph, {.format = GetParam(), .name = "m"});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.status().code(), StatusCode::kUnimplemented);
  EXPECT_NE(done.status().message().find("the operator vectorize_text ("), std::string::npos)
      << done.status().message();
}

INSTANTIATE_TEST_SUITE_P(Formats, ConversionTest, testing::Values("onnx", "pmml"));

TEST(Conversion, AnUnknownFormatIsAnError) {
  const auto done = convert_graph(linear_graph(2), {.format = "h5", .name = "m"});
  EXPECT_EQ(done.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::cli
