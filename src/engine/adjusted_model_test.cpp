#include "engine/adjusted_model.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway::engine {
namespace {

/// Of two classes, 4 and 7: the probability of 7 is the row's number; "predict" cuts at 0.5.
class HalfModel final : public Executable {
 public:
  HalfModel() {
    signature_.columns = {{.name = "p"}};
    LabelTable classes;
    classes.ints = {4, 7};
    signature_.outputs = {
        {.name = "predict", .dtype = DType::kInt64, .is_vector = true, .labels = {classes}},
        {.name = "predict_proba", .width = 2, .columns = {"4", "7"}},
        {.name = "margin", .is_vector = true}};
  }
  const Signature& signature() const override { return signature_; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<Scratch>(); }
  size_t size_bytes() const override { return 1; }
  size_t scratch_bytes() const override { return 1; }
  Status run(const Batch& batch, OutputMask wanted, Scratch&,
             std::vector<OutputBuffer>& outputs) const override {
    outputs.resize(3);
    const size_t rows = batch.rows;
    if ((wanted & 1U) != 0) {
      outputs[0] = {.rows = rows, .width = 1};
      for (size_t i = 0; i < rows; ++i) outputs[0].indices.push_back(batch.numbers[i] > 0.5);
    }
    if ((wanted & 2U) != 0) {
      outputs[1] = {.rows = rows, .width = 2};
      for (size_t i = 0; i < rows; ++i) {
        outputs[1].numbers.insert(outputs[1].numbers.end(),
                                  {1 - batch.numbers[i], batch.numbers[i]});
      }
    }
    return {};
  }

 private:
  Signature signature_;
};

std::shared_ptr<const Executable> half() { return std::make_shared<HalfModel>(); }

std::string message(const AnswerSettings& settings) {
  return adjust_model(half(), settings).status().message();
}

TEST(AdjustedModelTest, NothingSetIsTheSameModel) {
  const auto model = half();
  const auto adjusted = adjust_model(model, {});
  ASSERT_TRUE(adjusted.ok());
  EXPECT_EQ(*adjusted, model);
}

TEST(AdjustedModelTest, TheSecondClassBeginsAtTheThreshold) {
  const auto model =
      adjust_model(half(), {.threshold = 0.25, .class_names = {}, .default_output = ""});
  ASSERT_TRUE(model.ok()) << model.status().message();
  InputBuffer input;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> rows = {0.2499, 0.25, 0.9, 0.0, nan};
  input.reset(rows.size(), 1, {});
  for (size_t i = 0; i < rows.size(); ++i) input.number_row(i)[0] = rows[i];
  const auto scratch = (*model)->make_scratch();
  std::vector<OutputBuffer> outputs;
  ASSERT_TRUE((*model)->run(input.batch(), 1, *scratch, outputs).ok());
  EXPECT_EQ(outputs[0].indices, (std::vector<int32_t>{0, 1, 1, 0, 0}));
  EXPECT_EQ(outputs[0].rows, rows.size());
  // Other outputs, and both at once, are those of the model.
  ASSERT_TRUE((*model)->run(input.batch(), 2, *scratch, outputs).ok());
  EXPECT_EQ(outputs[1].numbers[3], 0.25);
  ASSERT_TRUE((*model)->run(input.batch(), 3, *scratch, outputs).ok());
  EXPECT_EQ(outputs[0].indices, (std::vector<int32_t>{0, 1, 1, 0, 0}));
}

TEST(AdjustedModelTest, ClassesAreCalledAsTheOperatorSays) {
  const auto model = adjust_model(half(), {std::nullopt, {"stays", "leaves"}, "predict_proba"});
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Signature& signature = (*model)->signature();
  EXPECT_EQ(signature.outputs[0].labels[0].strings, (std::vector<std::string>{"stays", "leaves"}));
  EXPECT_EQ(signature.outputs[0].labels[0].dtype, DType::kString);
  EXPECT_EQ(signature.outputs[0].dtype, DType::kString);
  EXPECT_EQ(signature.outputs[1].columns, (std::vector<std::string>{"stays", "leaves"}));
  EXPECT_EQ(signature.outputs[2].columns, std::vector<std::string>());
  EXPECT_EQ(signature.default_output, 1U);
}

TEST(AdjustedModelTest, WhatTheModelHasNotIsNamed) {
  EXPECT_EQ(message({std::nullopt, {"a", "b", "c"}, ""}),
            "class names: the model has 2 classes (4, 7), got 3 names");
  EXPECT_EQ(message({std::nullopt, {"a", "a"}, ""}), "class names: two classes have the same name");
  EXPECT_EQ(message({std::nullopt, {}, "scores"}),
            "outputs: the model has no output \"scores\"; it gives predict, predict_proba, margin");
  EXPECT_EQ(message({1.5, {}, ""}), "threshold: expected a probability, from 0 to 1, got 1.5");
}

}  // namespace
}  // namespace slipway::engine
