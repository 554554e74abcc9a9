// The data sets of tests/data/learners with what scikit-learn learnt from them, and fitted models
// run by the engine.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "engine/compile.h"
#include "training/learners/learner.h"

namespace slipway::training {

struct FixtureCase {
  std::string learner;
  HyperparameterTexts hyperparameters;
  std::vector<double> weights;
  std::vector<double> coef;
  std::vector<double> intercept;
  std::vector<double> predict_proba;
  std::vector<double> predict;
  std::vector<double> scores;
  uint64_t seeds = 1;  // over which they are means

  std::string text() const {
    std::string all = learner;
    for (const auto& [name, value] : hyperparameters) all += " " + name + "=" + value;
    return all + (weights.empty() ? "" : " weighted");
  }
};

/// Some rows, with room of their own.
struct Rows {
  std::vector<double> x;
  uint32_t columns = 0;
  std::vector<int32_t> classes;
  std::vector<double> values;
  std::vector<double> weights;
  uint32_t class_count = 0;

  size_t size() const { return x.size() / columns; }
  TrainingData data() const {
    return {x.data(), size(), columns, classes, class_count, values, weights};
  }
};

struct Fixture {
  Rows rows;
  std::vector<int> folds;
  std::vector<FixtureCase> cases;

  Task task() const { return rows.class_count > 0 ? Task::kClassification : Task::kRegression; }
  /// The rows of one fold, or all others.
  Rows fold(int number, bool inside) const {
    Rows some = {.columns = rows.columns, .class_count = rows.class_count};
    for (size_t i = 0; i < folds.size(); ++i) {
      if ((folds[i] == number) != inside) continue;
      const double* row = rows.x.data() + i * rows.columns;
      some.x.insert(some.x.end(), row, row + rows.columns);
      if (rows.class_count > 0) some.classes.push_back(rows.classes[i]);
      if (rows.class_count == 0) some.values.push_back(rows.values[i]);
    }
    return some;
  }
};

inline std::vector<double> numbers_of(simdjson::dom::element element, std::string_view key) {
  std::vector<double> numbers;
  simdjson::dom::array array;
  if (element[key].get(array) != simdjson::SUCCESS) return numbers;
  for (const auto number : array) numbers.push_back(number.get<double>().value());
  return numbers;
}

inline Fixture read_fixture(const std::string& name) {
  simdjson::dom::parser parser;
  const simdjson::dom::element document =
      parser.load(std::string(SLIPWAY_TEST_DATA_DIR) + "/learners/" + name + ".json").value();
  Fixture fixture;
  fixture.rows.columns = static_cast<uint32_t>(document["columns"].get_uint64().value());
  fixture.rows.class_count = static_cast<uint32_t>(document["classes"].get_uint64().value());
  fixture.rows.x = numbers_of(document, "x");
  for (const double y : numbers_of(document, "y")) {
    if (fixture.rows.class_count > 0) fixture.rows.classes.push_back(static_cast<int32_t>(y));
    if (fixture.rows.class_count == 0) fixture.rows.values.push_back(y);
  }
  for (const double fold : numbers_of(document, "folds")) {
    fixture.folds.push_back(static_cast<int>(fold));
  }
  for (const auto entry : document["cases"].get_array()) {
    FixtureCase one;
    one.learner = std::string(entry["learner"].get_string().value());
    for (const auto field : entry["hyperparameters"].get_object()) {
      one.hyperparameters[std::string(field.key)] = std::string(field.value.get_string().value());
    }
    one.weights = numbers_of(entry, "weights");
    one.coef = numbers_of(entry, "coef");
    one.intercept = numbers_of(entry, "intercept");
    one.predict_proba = numbers_of(entry, "predict_proba");
    one.predict = numbers_of(entry, "predict");
    one.scores = numbers_of(entry, "scores");
    if (!one.scores.empty()) one.seeds = entry["seeds"].get_uint64().value();
    fixture.cases.push_back(std::move(one));
  }
  return fixture;
}

/// The learner of that name; the tests' own plug-ins are found.
inline const Learner& learner_of(const std::string& name, Task task) {
  setenv("SLIPWAY_PLUGIN_DIR", SLIPWAY_TEST_PLUGIN_DIR, 0);
  const auto found = find_learner(name, task);
  if (!found.ok()) throw std::runtime_error(found.status().message());
  return **found;
}

inline LabelTable numbered_labels(uint32_t count) {
  LabelTable labels;
  for (uint32_t i = 0; i < count; ++i) labels.ints.push_back(i);
  return labels;
}

inline std::shared_ptr<const Graph> graph_of(const Fit& fit, const Rows& rows) {
  GraphBuilder builder(rows.columns);
  auto outputs =
      fit.model->append(builder, kNumbersInput, {.labels = numbered_labels(rows.class_count)});
  if (!outputs.ok()) throw std::runtime_error(outputs.status().message());
  Signature signature;
  for (uint32_t j = 0; j < rows.columns; ++j) {
    signature.columns.push_back({.name = "x" + std::to_string(j)});
  }
  signature.outputs = std::move(*outputs);
  auto graph = std::move(builder).finish(std::move(signature));
  if (!graph.ok()) throw std::runtime_error(graph.status().message());
  return *graph;
}

/// An output for all rows: numbers, or the classes' indices as numbers.
inline std::vector<double> answers(const std::shared_ptr<const Graph>& graph,
                                   const std::string& output, const Rows& rows) {
  auto model = engine::compile(graph);
  if (!model.ok()) throw std::runtime_error(model.status().message());
  const auto place = graph->signature().find_output(output);
  if (!place.has_value()) throw std::runtime_error("no output " + output);
  auto scratch = (*model)->make_scratch();
  std::vector<OutputBuffer> outputs;
  const Status status = (*model)->run({.rows = rows.size(), .numbers = rows.x.data()},
                                      OutputMask{1} << *place, *scratch, outputs);
  if (!status.ok()) throw std::runtime_error(status.message());
  const OutputBuffer& found = outputs[*place];
  if (!found.numbers.empty()) return found.numbers;
  return {found.indices.begin(), found.indices.end()};
}

/// Accuracy, or R2.
inline double score(const std::vector<double>& predicted, const Rows& rows) {
  const auto count = static_cast<double>(predicted.size());
  if (rows.class_count > 0) {
    double right = 0;
    for (size_t i = 0; i < predicted.size(); ++i) {
      right += predicted[i] == static_cast<double>(rows.classes[i]) ? 1 : 0;
    }
    return right / count;
  }
  double mean = 0;
  for (const double y : rows.values) mean += y / count;
  double residual = 0;
  double total = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    residual += (predicted[i] - rows.values[i]) * (predicted[i] - rows.values[i]);
    total += (rows.values[i] - mean) * (rows.values[i] - mean);
  }
  return 1 - residual / total;
}

}  // namespace slipway::training
