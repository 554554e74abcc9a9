// What GradientBoosting* and HistGradientBoosting* share: from raw scores to a classifier's
// methods.
#pragma once

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

struct BoostedOptions {
  bool doubled = false;          // two classes: probabilities come from twice the score
  bool labels_by_scores = true;  // otherwise predict() takes the largest probability
  bool inclusive = false;        // two classes: a score of exactly 0 is the second class
  bool with_log_probability = true;
};

/// predict, predict_proba, decision_function and perhaps predict_log_proba. `scores` has one column
/// for two classes.
Result<Step> boosted_classifier(Lowering& lowering, ValueId scores, const LabelTable& labels,
                                const BoostedOptions& options);

}  // namespace slipway::sklearn
