// Learners: from a matrix and a target to a fitted model, which is nodes of a Graph.
//
//   TrainingData + hyperparameters --fit(learner)--> Fit --append(GraphBuilder)--> outputs
//
// A learner is named after scikit-learn's estimator ("random_forest") and has one entry for each
// task that it can do, with hyperparameters named, defaulted and meant as scikit-learn's. Where one
// stands on a library, that is a plug-in (base/plugin.h); docs/learners.md tells which, and what
// differs from scikit-learn.
//
// What a fitted model appends are the ops that the readers of scikit-learn's and XGBoost's files
// make too, so that the engine and all writers take it.
//
// Ownership: TrainingData only points. Thread rule: fit() is reentrant; a fitted model is
// immutable.
//
//   const Learner* learner = TRY(find_learner("ridge", Task::kRegression));
//   Fit fit = TRY(training::fit(*learner, data, {{"alpha", "0.5"}}, {.seed = 1}));
//   std::vector<OutputSpec> outputs = TRY(fit.model->append(builder, kNumbersInput, naming));
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "training/learners/hyperparameters.h"

namespace slipway::training {

enum class Task : uint8_t { kClassification, kRegression };

/// "classification", "regression".
std::string_view task_name(Task task);

/// Rows to learn from. `x` is rows x columns, row-major; missing values are NaN, infinities are
/// refused. A classifier needs `classes`, a regressor `values`.
struct TrainingData {
  const double* x = nullptr;
  size_t rows = 0;
  uint32_t columns = 0;
  std::span<const int32_t> classes;  // one per row, each below class_count
  uint32_t class_count = 0;          // of the label table; each must occur
  std::span<const double> values;    // one per row
  std::span<const double> weights;   // one per row, finite and not negative; or empty: all 1

  const double* row(size_t i) const { return x + i * columns; }
  double weight(size_t i) const { return weights.empty() ? 1 : weights[i]; }
};

struct FitOptions {
  uint64_t seed = 0;
  unsigned threads = 1;
  /// Looked at now and then; once true, fit() ends with CANCELLED. May be null.
  const std::atomic<bool>* stop = nullptr;

  bool is_stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }
};

/// What the outputs of a fitted model are called.
struct ModelNaming {
  LabelTable labels;                 // of a classifier: class_count of them
  std::vector<std::string> columns;  // of the features, for messages; may be empty
  std::string path = "model";        // of the nodes
};

class FittedModel {
 public:
  virtual ~FittedModel() = default;
  /// Adds the model behind `features`, a dense float64 value as wide as the training data. Gives
  /// the outputs that scikit-learn's estimator has methods for, "predict" first, then
  /// "predict_proba", "predict_log_proba" and "decision_function" as far as it has them. May be
  /// called many times.
  virtual Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                                 const ModelNaming& naming) const = 0;
};

struct Fit {
  std::unique_ptr<const FittedModel> model;
  /// What a user should know: "did not converge in 100 iterations (max_iter)".
  std::vector<std::string> warnings;
  Hyperparameters hyperparameters;  // as used, defaults filled in
};

struct Learner {
  std::string_view name;
  Task task = Task::kClassification;
  std::string_view estimator;  // scikit-learn's class, whose words the model's messages use
  std::string_view library;    // "" if it needs no plug-in
  bool takes_missing = false;
  std::span<const Hyperparameter> hyperparameters;
  /// What fit() calls once all is checked and class weights are folded into `data.weights`.
  Result<Fit> (*train)(const Learner& learner, const TrainingData& data,
                       const Hyperparameters& hyperparameters, const FitOptions& options);
  bool takes_weights = true;  // of rows; else TrainingData has none
};

/// All of them, by name and then task.
std::span<const Learner> learners();
/// NOT_FOUND names the nearest learner, or what else the learner can do.
Result<const Learner*> find_learner(std::string_view name, Task task);

/// Checks hyperparameters and data, then trains. INVALID_ARGUMENT: hyperparameters (see
/// Hyperparameters::check), too few rows, one class only, NaN where the learner takes none,
/// infinities, weights that are negative or all 0. UNIMPLEMENTED: the plug-in is not there.
/// CANCELLED: the stop flag.
Result<Fit> fit(const Learner& learner, const TrainingData& data, const HyperparameterTexts& texts,
                const FitOptions& options);

}  // namespace slipway::training
