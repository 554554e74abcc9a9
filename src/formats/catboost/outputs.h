// From raw scores to what CatBoost's estimators answer: predict, predict_proba, predict_log_proba
// of a classifier, predict of the others, and the raw scores themselves.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "formats/catboost/metadata.h"
#include "graph/graph.h"

namespace slipway::catboost {

/// Adds nodes; the outputs begin with "predict" and end with "raw".
Result<std::vector<OutputSpec>> add_outputs(const Metadata& metadata, GraphBuilder& graph,
                                            ValueId scores, const std::string& path);

}  // namespace slipway::catboost
