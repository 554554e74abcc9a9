// Judged: the truth beside what a model predicted, in the form that metrics take.
//
//   target column, Predictions --judge--> Judged --metrics()--> training::Metrics
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/evaluation/class_table.h"
#include "cli/evaluation/predictions.h"
#include "training/metrics/classification.h"
#include "training/metrics/regression.h"

namespace slipway::cli {

struct Judged {
  Task task = Task::kRegression;
  // Of a classifier; classes as in `table`.
  std::optional<ClassTable> table;
  std::vector<int32_t> truth;
  std::vector<int32_t> predicted;
  std::vector<double> probabilities;  // rows x classes; empty: none
  std::vector<double> scores;         // of two classes; empty: none
  int32_t positive = 1;
  // Of a regression.
  std::vector<double> true_values;
  std::vector<double> values;

  std::vector<double> weights;  // of the rows; empty: 1 each

  size_t rows() const { return task == Task::kRegression ? values.size() : truth.size(); }
  /// Some of the rows.
  Judged take(const std::vector<uint32_t>& rows) const;
  /// The metrics point to this, which must live and stay.
  Result<std::unique_ptr<training::Metrics>> metrics() const;
  Result<training::ClassificationMetrics> classification() const;
};

/// What is known of a classifier before its answers are: the labels that it names, or those that
/// go without saying (0 and 1 of one probability).
std::optional<ClassTable> known_classes(const Signature& signature, const ModelRoles& roles);

/// The classes of the target's cells. INVALID_ARGUMENT: which labels the model does not know, and
/// how many rows have them.
Result<std::vector<int32_t>> classes_of(const data::Column& target, const ClassTable& table);

/// The target's numbers; INVALID_ARGUMENT if they are texts.
Result<std::vector<double>> numbers_of(const data::Column& target);

/// How much each row counts. INVALID_ARGUMENT: texts, a weight that is missing, negative or beyond
/// 1e300, all weights 0.
Result<std::vector<double>> weights_of(const data::Column& column);

/// `target` holds a value in each row; `known` as above. `notes`: what the reader should know.
Result<Judged> judge(const data::Column& target, Predictions predictions,
                     const Signature& signature, const ModelRoles& roles,
                     const EvaluateOptions& options, std::vector<std::string>& notes);

/// What the model predicts, as classes of the table; -1 where it is none of them.
std::vector<int32_t> predicted_classes(const Predictions& predictions, const ClassTable& table,
                                       int32_t positive, std::optional<double> threshold);

}  // namespace slipway::cli
