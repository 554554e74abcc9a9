// Small real models for tests: a linear graph through the engine, and what loaders give.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/compile.h"
#include "graph/graph.h"
#include "graph/ops/basic.h"
#include "graph/ops/linear.h"
#include "graph/ops/records.h"
#include "serving/model_set.h"

namespace slipway::serving {

/// Three classes over four columns, scores = rows of `kIrisWeights` times x; argmax is the class.
inline std::shared_ptr<const Executable> iris_executable(bool named = true,
                                                         LabelTable labels = {
                                                             DType::kInt64, {0, 1, 2}, {}, {}}) {
  GraphBuilder builder(4);
  auto finite =
      builder.add(std::make_unique<RequireFiniteOp>(
                      RequireFiniteOp::Options{}, "LogisticRegression", std::vector<std::string>{}),
                  {kNumbersInput}, "model");
  auto scores = builder.add(std::make_unique<LinearOp>(3, 4,
                                                       std::vector<double>{-1, 1, -2, -1,  //
                                                                           0.5, 0, 0, -1,  //
                                                                           0, -1, 2, 2},
                                                       std::vector<double>{1, 0, -1}),
                            {*finite}, "model");
  auto probabilities = builder.add(std::make_unique<ActivationOp>(ActivationOp::Function::kSoftmax),
                                   {*scores}, "model");
  auto label = builder.add(std::make_unique<ArgMaxOp>(), {*scores}, "model");
  Signature signature;
  const char* names[] = {"sepal_length", "sepal_width", "petal_length", "petal_width"};
  for (int i = 0; i < 4; ++i) {
    signature.columns.push_back({named ? names[i] : "x" + std::to_string(i)});
  }
  signature.columns_named = named;
  OutputSpec predict{"predict", *label, labels.dtype, 1, true, {}, {}};
  predict.labels.push_back(std::move(labels));
  signature.outputs = {predict,
                       {"predict_proba", *probabilities, DType::kFloat64, 3, false, {}, {}},
                       {"decision_function", *scores, DType::kFloat64, 3, false, {}, {}}};
  auto graph = std::move(builder).finish(std::move(signature));
  return *engine::compile(*graph);
}

/// One number column "age", one text column "city"; gives both back: transform and cities, and
/// cells with both side by side.
inline std::shared_ptr<const Executable> mixed_executable() {
  GraphBuilder builder(2);
  auto ages = builder.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 0}}),
                          {kNumbersInput}, "model");
  auto cities = builder.add(std::make_unique<SelectStringsOp>(std::vector<ColumnPick>{{0, 1}}),
                            {kStringsInput}, "model");
  auto cells = builder.add(std::make_unique<SelectCellsOp>(std::vector<ColumnPick>{{0, 0}, {1, 1}}),
                           {kNumbersInput, kStringsInput}, "model");
  Signature signature;
  signature.columns = {{"age"}, {"city", ColumnType::kText}};
  signature.columns_named = true;
  signature.matrices.strings = true;
  signature.outputs = {{"transform", *ages, DType::kFloat64, 1, false, {}, {}},
                       {"cities", *cities, DType::kString, 1, true, {}, {}},
                       {"cells", *cells, DType::kString, 2, false, {}, {}, true}};
  auto graph = std::move(builder).finish(std::move(signature));
  return *engine::compile(*graph);
}

/// Rows that are records, to the columns "city=London", "city=Paris", "tags=wet", "wind"; with
/// `beside`, the records are the column "weather" beside the number "age".
inline std::shared_ptr<const Executable> records_executable(bool beside = false) {
  GraphBuilder builder(beside ? 2 : 1);
  VectorizeRecordsOp::Options options;
  options.column = beside ? 1 : 0;
  auto matrix = builder.add(
      std::make_unique<VectorizeRecordsOp>(
          std::vector<std::string>{"city=London", "city=Paris", "tags=wet", "wind"}, options),
      {kRecordsInput}, "model");
  Signature signature;
  if (beside) signature.columns.push_back({"age"});
  signature.columns.push_back(
      {beside ? "weather" : "record", ColumnType::kRecord, true, R"({"city": "London"})"});
  if (beside) {
    matrix = builder.add(
        std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 0}, {1, 0}, {1, 1}, {1, 2}, {1, 3}}),
        {kNumbersInput, *matrix}, "model");
  }
  signature.columns_named = beside;
  signature.rows_are_records = !beside;
  signature.matrices.records = true;
  signature.outputs = {{"transform", *matrix, DType::kFloat64, beside ? 5U : 4U, false, {}, {}}};
  auto graph = std::move(builder).finish(std::move(signature));
  return *engine::compile(*graph);
}

inline LoadedModel loaded_model(std::shared_ptr<const Executable> executable) {
  LoadedModel loaded;
  loaded.executable = std::move(executable);
  loaded.class_name = "sklearn.linear_model._logistic.LogisticRegression";
  loaded.library = "scikit-learn";
  loaded.library_version = "1.7.2";
  loaded.digest = "sha256:0123abcd";
  loaded.file_bytes = 1234;
  loaded.load_seconds = 0.25;
  return loaded;
}

}  // namespace slipway::serving
