#include <gtest/gtest.h>

#include <limits>

#include "cli/evaluation/class_table.h"
#include "cli/evaluation/judged.h"
#include "cli/evaluation/model_roles.h"
#include "cli/evaluation/slices.h"

namespace slipway::cli {
namespace {

LabelTable labels_of(DType dtype, std::vector<int64_t> ints) {
  LabelTable labels;
  labels.dtype = dtype;
  labels.ints = std::move(ints);
  return labels;
}

data::Column text_column(const std::vector<std::string>& texts) {
  data::Column column;
  column.name = "y";
  column.kind = data::ColumnKind::kCategory;
  for (const std::string& text : texts) {
    column.codes.push_back(text.empty() ? -1 : column.dictionary.add(text));
    column.missing_count += text.empty() ? 1 : 0;
  }
  return column;
}

data::Column number_column(std::vector<double> numbers) {
  data::Column column;
  column.name = "y";
  column.numbers = std::move(numbers);
  return column;
}

TEST(EvaluationTest, WholeNumbersAreOneLabelHoweverWritten) {
  const ClassTable table(labels_of(DType::kInt64, {-1, 0, 10}));
  for (const char* text : {"10", "10.0", "1e1", " 10"}) EXPECT_EQ(table.find(text), 2) << text;
  EXPECT_EQ(table.find(-1.0), 0);
  EXPECT_EQ(table.find(-0.0), 1);
  EXPECT_EQ(table.find(0.5), std::nullopt);
  EXPECT_EQ(table.find("ten"), std::nullopt);
  EXPECT_EQ(table.list(), "-1, 0, 10");
}

TEST(EvaluationTest, TruthValuesAreTrueFalseOneAndZero) {
  const ClassTable table(labels_of(DType::kBool, {0, 1}));
  for (const char* text : {"true", "True", "1", "1.0"}) EXPECT_EQ(table.find(text), 1) << text;
  for (const char* text : {"false", "FALSE", "0"}) EXPECT_EQ(table.find(text), 0) << text;
  EXPECT_EQ(table.texts(), (std::vector<std::string>{"false", "true"}));
}

TEST(EvaluationTest, TextsCompareLetterByLetter) {
  LabelTable labels;
  labels.dtype = DType::kString;
  labels.strings = {"01", "1", "yes"};
  const ClassTable table(labels);
  EXPECT_EQ(table.find("01"), 0);
  EXPECT_EQ(table.find("1"), 1);
  EXPECT_EQ(table.find("1.0"), std::nullopt);
  EXPECT_EQ(table.find("Yes"), std::nullopt);
}

TEST(EvaluationTest, UnknownLabelsAreListedWithTheirRows) {
  const ClassTable table(labels_of(DType::kInt64, {0, 1}));
  EXPECT_EQ(classes_of(number_column({1, 0, 1}), table).value(), (std::vector<int32_t>{1, 0, 1}));
  EXPECT_EQ(classes_of(number_column({1, 2, 7.5, 2}), table).status().message(),
            "column 'y': 3 of 4 rows have a label that the model does not know: '2' (2), '7.5' (1);"
            " its classes: 0, 1");
  EXPECT_EQ(classes_of(text_column({"1", "a", "b", "c", "d", "e", "f"}), table).status().message(),
            "column 'y': 6 of 7 rows have a label that the model does not know: 'a' (1), 'b' (1), "
            "'c' (1), 'd' (1), 'e' (1), ...; its classes: 0, 1");
  EXPECT_EQ(numbers_of(text_column({"a"})).status().message(),
            "column 'y' holds texts, and the model gives numbers: expected numbers to compare them "
            "with");
}

TEST(EvaluationTest, AThresholdDecidesForThePositiveClass) {
  const ClassTable table(labels_of(DType::kInt64, {0, 1}));
  Predictions two;
  two.width = 2;
  two.probabilities = {.7, .3, .4, .6, .5, .5};
  two.indices = {0, 1, 0};
  EXPECT_EQ(predicted_classes(two, table, 1, std::nullopt), two.indices);
  EXPECT_EQ(predicted_classes(two, table, 1, 0.3), (std::vector<int32_t>{1, 1, 1}));
  EXPECT_EQ(predicted_classes(two, table, 0, 0.5), (std::vector<int32_t>{0, 1, 0}));
  Predictions booster;  // one probability, of the second class
  booster.width = 1;
  booster.probabilities = {.3, .6, .5};
  EXPECT_EQ(predicted_classes(booster, table, 1, std::nullopt), (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(predicted_classes(booster, table, 0, std::nullopt), (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(predicted_classes(booster, table, 0, 0.7), (std::vector<int32_t>{0, 1, 1}));
}

TEST(EvaluationTest, RolesAreFoundByTypeAndName) {
  Signature signature;
  signature.outputs = {{.name = "output_label", .dtype = DType::kInt64, .is_vector = true},
                       {.name = "output_probability", .width = 3}};
  ModelRoles roles = find_roles(signature, "auto").value();
  EXPECT_EQ(roles.task, Task::kClassification);
  EXPECT_EQ(roles.labels, 0U);
  EXPECT_EQ(roles.probabilities, 1U);
  EXPECT_FALSE(known_classes(signature, roles).has_value());
  signature.outputs = {{.name = "predict", .is_vector = true}};
  EXPECT_EQ(find_roles(signature, "auto")->values, 0U);
  roles = find_roles(signature, "classification").value();
  EXPECT_EQ(roles.probabilities, 0U);
  EXPECT_EQ(known_classes(signature, roles)->list(), "0, 1");
  signature.outputs = {{.name = "transform", .width = 5}};
  EXPECT_EQ(find_roles(signature, "auto").status().message(),
            "evaluate needs one label or one number for each row; the model gives transform");
}

TEST(EvaluationTest, SlicesHoldEachRowOnce) {
  data::Column texts = text_column({"b", "a", "", "b", "a", "b"});
  std::vector<Slice> slices = slices_of(texts);
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(slices[0].value, "b");
  EXPECT_EQ(slices[0].rows, (std::vector<uint32_t>{0, 3, 5}));
  EXPECT_EQ(slices[2].value, "(missing)");
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back(std::to_string(i % 90));
  slices = slices_of(text_column(many));
  EXPECT_EQ(slices.size(), kSlicesMax + 1);
  EXPECT_EQ(slices.back().value, "(40 others)");
  std::vector<double> numbers{std::numeric_limits<double>::quiet_NaN()};
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  slices = slices_of(number_column(numbers));
  ASSERT_EQ(slices.size(), 5U);
  EXPECT_EQ(slices[0].value, "0 to 24.75");
  size_t rows = 0;
  for (const Slice& slice : slices) rows += slice.rows.size();
  EXPECT_EQ(rows, 101U);
  EXPECT_EQ(slices[3].rows.size(), 25U);
}

}  // namespace
}  // namespace slipway::cli
