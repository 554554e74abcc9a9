#include "training/learners/learner.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/edit_distance.h"
#include "training/learners/internal/families.h"

namespace slipway::training {
namespace {

std::vector<Learner> all_learners() {
  std::vector<Learner> all;
  for (const auto family : {logistic_family(), linear_family(), bayes_family(), boosting_family(),
                            neighbors_family(), svm_family(), tree_family()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  std::sort(all.begin(), all.end(), [](const Learner& a, const Learner& b) {
    return std::pair(a.name, a.task) < std::pair(b.name, b.task);
  });
  return all;
}

Status check_matrix(const Learner& learner, const TrainingData& data) {
  if (data.columns == 0) return invalid_argument(fmt::format("{}: no columns", learner.name));
  if (data.columns > kWidthMax || data.rows > size_t{1} << 40) {
    return resource_exhausted(fmt::format("{}: {} rows of {} columns are too many", learner.name,
                                          data.rows, data.columns));
  }
  // Two rows are the least that any variance, split or boundary can be drawn from.
  if (data.rows < 2) {
    return invalid_argument(
        fmt::format("{}: expected at least 2 rows, got {}", learner.name, data.rows));
  }
  for (size_t i = 0; i < data.rows; ++i) {
    const double* row = data.row(i);
    for (uint32_t j = 0; j < data.columns; ++j) {
      if (std::isfinite(row[j]) || (std::isnan(row[j]) && learner.takes_missing)) continue;
      return invalid_argument(fmt::format(
          "{} takes no {}: row {}, column {}", learner.name,
          std::isnan(row[j]) ? "missing values (impute them, or drop the rows)" : "infinity", i,
          j));
    }
  }
  return {};
}

Status check_classes(const Learner& learner, const TrainingData& data) {
  if (data.classes.size() != data.rows) {
    return invalid_argument(fmt::format("{}: {} rows, but classes of {}", learner.name, data.rows,
                                        data.classes.size()));
  }
  if (data.class_count > kWidthMax) {
    return resource_exhausted(
        fmt::format("{}: {} classes are too many", learner.name, data.class_count));
  }
  std::vector<double> seen(data.class_count, 0.0);
  for (size_t i = 0; i < data.rows; ++i) {
    if (data.classes[i] < 0 || static_cast<uint32_t>(data.classes[i]) >= data.class_count) {
      return invalid_argument(fmt::format("{}: row {} has class {} of {}", learner.name, i,
                                          data.classes[i], data.class_count));
    }
    seen[static_cast<size_t>(data.classes[i])] += data.weight(i);
  }
  const auto present = std::count_if(seen.begin(), seen.end(), [](double sum) { return sum > 0; });
  if (present < 2) {
    return invalid_argument(
        fmt::format("{}: expected rows of at least two classes, got {}", learner.name, present));
  }
  for (size_t k = 0; k < seen.size(); ++k) {
    if (seen[k] > 0) continue;
    return invalid_argument(fmt::format("{}: class {} has no rows", learner.name, k));
  }
  return {};
}

Status check_values(const Learner& learner, const TrainingData& data) {
  if (data.values.size() != data.rows) {
    return invalid_argument(
        fmt::format("{}: {} rows, but targets of {}", learner.name, data.rows, data.values.size()));
  }
  for (size_t i = 0; i < data.rows; ++i) {
    if (!std::isfinite(data.values[i])) {
      return invalid_argument(fmt::format("{}: the target of row {} is {}", learner.name, i,
                                          std::isnan(data.values[i]) ? "missing" : "infinite"));
    }
  }
  return {};
}

Status check_weights(const Learner& learner, const TrainingData& data) {
  if (data.weights.empty()) return {};
  if (data.weights.size() != data.rows) {
    return invalid_argument(fmt::format("{}: {} rows, but weights of {}", learner.name, data.rows,
                                        data.weights.size()));
  }
  double sum = 0;
  for (size_t i = 0; i < data.rows; ++i) {
    if (!std::isfinite(data.weights[i]) || data.weights[i] < 0) {
      return invalid_argument(
          fmt::format("{}: the weight of row {} is {}", learner.name, i, data.weights[i]));
    }
    sum += data.weights[i];
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    return invalid_argument(fmt::format("{}: the weights have the sum {}", learner.name, sum));
  }
  return {};
}

bool is_balanced(const Learner& learner, const Hyperparameters& parameters) {
  return std::any_of(learner.hyperparameters.begin(), learner.hyperparameters.end(),
                     [](const Hyperparameter& entry) { return entry.name == "class_weight"; }) &&
         parameters.word("class_weight") == "balanced";
}

/// Weights of rows such that all classes weigh the same (sklearn.utils.compute_class_weight).
std::vector<double> balanced_weights(const TrainingData& data) {
  std::vector<double> sums(data.class_count, 0.0);
  double total = 0;
  for (size_t i = 0; i < data.rows; ++i) {
    sums[static_cast<size_t>(data.classes[i])] += data.weight(i);
    total += data.weight(i);
  }
  std::vector<double> weights(data.rows);
  for (size_t i = 0; i < data.rows; ++i) {
    const double sum = sums[static_cast<size_t>(data.classes[i])];
    weights[i] = data.weight(i) * total / (static_cast<double>(data.class_count) * sum);
  }
  return weights;
}

}  // namespace

std::string_view task_name(Task task) {
  return task == Task::kClassification ? "classification" : "regression";
}

std::span<const Learner> learners() {
  static const std::vector<Learner> all = all_learners();
  return all;
}

Result<const Learner*> find_learner(std::string_view name, Task task) {
  std::vector<std::string> names;
  bool has_other_task = false;
  for (const Learner& learner : learners()) {
    if (learner.name == name && learner.task == task) return &learner;
    has_other_task = has_other_task || learner.name == name;
    if (learner.task == task) names.emplace_back(learner.name);
  }
  if (has_other_task) {
    return not_found(fmt::format("{} is not for {}; there are {}", name, task_name(task),
                                 fmt::join(names, ", ")));
  }
  const std::string nearest = nearest_name(std::string(name), names);
  return not_found(fmt::format("there is no learner '{}'{}", name,
                               nearest.empty()
                                   ? fmt::format("; there are {}", fmt::join(names, ", "))
                                   : "; did you mean " + nearest + "?"));
}

Result<Fit> fit(const Learner& learner, const TrainingData& data, const HyperparameterTexts& texts,
                const FitOptions& options) {
  Hyperparameters parameters =
      TRY(Hyperparameters::check(learner.name, learner.hyperparameters, texts));
  TRY_STATUS(check_matrix(learner, data));
  TRY_STATUS(check_weights(learner, data));
  TRY_STATUS(learner.task == Task::kClassification ? check_classes(learner, data)
                                                   : check_values(learner, data));
  if (options.is_stopped()) return Status(StatusCode::kCancelled, "training was stopped");
  TrainingData weighted = data;
  std::vector<double> weights;
  if (is_balanced(learner, parameters)) {
    weights = balanced_weights(data);
    weighted.weights = weights;
  }
  Fit made = TRY(learner.train(learner, weighted, parameters, options));
  made.hyperparameters = std::move(parameters);
  return made;
}

}  // namespace slipway::training
