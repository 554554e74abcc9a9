#include "graph/graph.h"

#include <gtest/gtest.h>

#include "graph/ops/basic.h"
#include "graph/ops/linear.h"

namespace slipway {
namespace {

std::unique_ptr<const Op> linear(uint32_t outputs, uint32_t features) {
  return std::make_unique<LinearOp>(outputs, features, std::vector<double>(outputs * features, 1.0),
                                    std::vector<double>(outputs, 0.0));
}

Signature signature_of(uint32_t columns, std::vector<OutputSpec> outputs) {
  Signature signature;
  signature.columns.resize(columns);
  signature.outputs = std::move(outputs);
  return signature;
}

LabelTable int_labels(std::vector<int64_t> values) {
  LabelTable labels;
  labels.ints = std::move(values);
  return labels;
}

TEST(GraphTest, BuildsAndPrintsAChain) {
  GraphBuilder builder(4);
  const ValueId scores = builder.add(linear(3, 4), {kNumbersInput}, "steps.clf").value();
  const ValueId index = builder.add(std::make_unique<ArgMaxOp>(), {scores}, "steps.clf").value();
  const auto graph =
      std::move(builder)
          .finish(signature_of(
              4, {{"predict", index, DType::kInt64, 1, true, {int_labels({0, 1, 2})}, {}}}))
          .value();
  EXPECT_EQ(print(*graph),
            "%3 = linear(%0) 3x4 : dense[3]  # steps.clf\n"
            "%4 = argmax(%3)  : index[1]  # steps.clf\n"
            "predict -> %4 INT64[1]\n");
}

TEST(GraphTest, DropsWhatNoOutputNeeds) {
  GraphBuilder builder(2);
  ASSERT_TRUE(builder.add(linear(5, 2), {kNumbersInput}, "unused").ok());
  const ValueId used = builder.add(linear(1, 2), {kNumbersInput}, "used").value();
  const auto graph =
      std::move(builder)
          .finish(signature_of(2, {{"predict", used, DType::kFloat64, 1, true, {}, {}}}))
          .value();
  ASSERT_EQ(graph->nodes().size(), 1U);
  EXPECT_EQ(graph->nodes()[0].path, "used");
  EXPECT_EQ(graph->signature().outputs[0].value, kFirstNode);
}

TEST(GraphTest, RefusesOpsThatDoNotFitTheirInputs) {
  GraphBuilder builder(4);
  EXPECT_EQ(builder.add(linear(3, 5), {kNumbersInput}, "").status().message(),
            "linear: expected 5 features, got 4");
  EXPECT_FALSE(builder.add(linear(3, 4), {kStringsInput}, "").ok());
  EXPECT_FALSE(builder.add(linear(3, 4), {kFirstNode}, "").ok()) << "its own value as input";
  EXPECT_FALSE(
      builder
          .add(std::make_unique<LinearOp>(2, 4, std::vector<double>(7), std::vector<double>(2)),
               {kNumbersInput}, "")
          .ok());
  EXPECT_FALSE(
      builder.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 4}}), {kNumbersInput}, "")
          .ok());
  EXPECT_FALSE(
      builder.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{1, 0}}), {kNumbersInput}, "")
          .ok());
  EXPECT_FALSE(builder
                   .add(std::make_unique<ActivationOp>(ActivationOp::Function::kLogisticPair),
                        {kNumbersInput}, "")
                   .ok());
}

TEST(GraphTest, RefusesOutputsThatDoNotFitTheirValues) {
  const auto finish = [](OutputSpec output) {
    GraphBuilder builder(3);
    const ValueId index = builder.add(std::make_unique<ArgMaxOp>(), {kNumbersInput}, "").value();
    EXPECT_EQ(index, kFirstNode);
    return std::move(builder).finish(signature_of(3, {std::move(output)})).status();
  };
  EXPECT_TRUE(
      finish({"predict", kFirstNode, DType::kInt64, 1, true, {int_labels({1, 2, 3})}, {}}).ok());
  EXPECT_FALSE(finish({"predict", kFirstNode, DType::kInt64, 1, true, {}, {}}).ok())
      << "no label table";
  EXPECT_FALSE(
      finish({"predict", kFirstNode, DType::kInt64, 2, false, {int_labels({1})}, {}}).ok());
  EXPECT_FALSE(finish({"predict", 9, DType::kInt64, 1, true, {int_labels({1})}, {}}).ok());
  EXPECT_FALSE(finish({"x", kNumbersInput, DType::kFloat64, 3, true, {}, {}}).ok())
      << "vector of width 3";
  EXPECT_FALSE(finish({"x", kNumbersInput, DType::kFloat64, 3, false, {}, {"a"}}).ok());
}

TEST(GraphTest, AGraphWithoutOutputsIsRefused) {
  GraphBuilder builder(1);
  EXPECT_FALSE(std::move(builder).finish(signature_of(1, {})).ok());
}

}  // namespace
}  // namespace slipway
