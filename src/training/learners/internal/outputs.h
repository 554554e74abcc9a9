// From scores and probabilities to the outputs of a fitted model, as the readers of scikit-learn's
// files name and compute them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "training/learners/learner.h"

namespace slipway::training {

/// The features behind the check that the estimator's own validation makes.
Result<ValueId> checked_features(GraphBuilder& graph, ValueId features, const ModelNaming& naming,
                                 std::string_view estimator, bool allow_nan = false,
                                 bool float32_range = false);

/// predict from class indices.
OutputSpec label_output(ValueId index, const ModelNaming& naming);
/// One column as a vector, or one column per class.
OutputSpec number_output(std::string name, ValueId value, uint32_t width,
                         const ModelNaming& naming);

/// predict (argmax), predict_proba, predict_log_proba; of one column per class.
Result<std::vector<OutputSpec>> probability_outputs(GraphBuilder& graph, ValueId probabilities,
                                                    const ModelNaming& naming);

/// How a linear classifier's scores become probabilities, if at all.
enum class Probability : uint8_t { kNone, kSoftmax, kOneVsRest };

/// predict, predict_proba and predict_log_proba (unless kNone), decision_function. `scores` has one
/// column for two classes.
Result<std::vector<OutputSpec>> score_outputs(GraphBuilder& graph, ValueId scores,
                                              Probability probability, const ModelNaming& naming);

/// predict of a regressor.
std::vector<OutputSpec> value_outputs(ValueId value);

}  // namespace slipway::training
