// ModelRoles: which of a model's outputs are classes, probabilities, scores or numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "graph/signature.h"

namespace slipway::cli {

enum class Task : uint8_t { kClassification, kRegression };

/// "classification", "regression".
std::string_view task_name(Task task);

struct ModelRoles {
  Task task = Task::kRegression;
  std::optional<uint32_t> labels;         // of a classifier; none: chosen by the probabilities
  std::optional<uint32_t> probabilities;  // a column for each class, or one for the second of two
  std::optional<uint32_t> scores;         // one number a row: how much it is the second of two
  std::optional<uint32_t> values;         // of a regression
};

/// `task`: "auto", "classification", "regression". A model that gives labels is a classifier; one
/// that gives numbers alone (a bare booster) may be said to be one, the numbers its probabilities.
/// INVALID_ARGUMENT says what the model has not.
Result<ModelRoles> find_roles(const Signature& signature, const std::string& task);

/// The classes of a labels output, if the model names them.
const LabelTable* class_labels(const Signature& signature, const ModelRoles& roles);

}  // namespace slipway::cli
