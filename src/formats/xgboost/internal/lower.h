// From a Booster to nodes of a graph.
#pragma once

#include <string>
#include <vector>

#include "formats/model_format.h"
#include "formats/xgboost/internal/booster.h"

namespace slipway::xgboost {

/// The columns that the booster takes: numbers, or texts where it knows the texts' codes.
std::vector<InputColumn> columns_of(const Booster& booster);

/// Outputs "predict" (Booster.predict) and "margin" (its output_margin=True).
Result<std::vector<OutputSpec>> lower_booster(const Booster& booster, GraphBuilder& graph,
                                              const formats::ForeignInputs& inputs,
                                              const formats::ForeignOptions& options,
                                              const std::string& path);

/// How the objective's margins become answers, and where its sums start.
enum class Link : uint8_t { kIdentity, kSigmoid, kExp, kStep, kSoftmax, kArgMax, kSort, kSteps };
/// UNIMPLEMENTED names an objective that is not XGBoost's own.
Result<Link> link_of(const Booster& booster);
/// base_score as the sums start from it: one number per output.
Result<std::vector<float>> start_of(const Booster& booster);

}  // namespace slipway::xgboost
