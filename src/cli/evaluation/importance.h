// Permutation importance: a feature's values are mixed among the rows, and what the model's score
// loses by it is what the feature is worth to the model (Breiman, Random Forests, 2001; as
// scikit-learn's permutation_importance). Accuracy of a classifier, R2 of a regression.
#pragma once

#include <vector>

#include "base/status.h"
#include "cli/evaluation/evaluation.h"
#include "cli/evaluation/judged.h"

namespace slipway::cli {

/// What importance is measured by: "accuracy" or "r2".
std::string_view importance_metric(Task task);

/// Permutation r of feature f (places in `features`) is Random(seed, f * repeats + r)'s. By
/// descending mean.
Result<std::vector<ImportanceResult>> permutation_importance(
    const Predictor& predictor, data::Frame frame, const Judged& judged,
    const std::vector<std::string>& features, const EvaluateOptions& options);

}  // namespace slipway::cli
