// What all classifiers share: from scores or probabilities to the methods of a Step.
#pragma once

#include <vector>

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// predict: class indices with their labels.
Method label_method(ValueId index, const LabelTable& labels);
/// A float64 method; columns may be empty. `is_vector`: shape [rows].
Method number_method(std::string name, ValueId value, uint32_t width, bool is_vector,
                     std::vector<std::string> columns = {});

/// predict (argmax of probabilities), predict_proba and predict_log_proba.
Result<Step> probability_classifier(Lowering& lowering, ValueId probabilities,
                                    const LabelTable& labels);

/// How a linear classifier's scores become probabilities, if at all.
enum class Probability : uint8_t { kNone, kSoftmax, kOneVsRest };

/// predict (argmax, or score > 0 for two classes), decision_function, and with `probability` also
/// predict_proba and predict_log_proba. `scores` has one column for two classes.
Result<Step> score_classifier(Lowering& lowering, ValueId scores, const LabelTable& labels,
                              Probability probability);

/// A regressor's predict: [rows] for one target trained as a vector, else [rows, width].
Step regressor(ValueId value, uint32_t width, bool is_vector);

}  // namespace slipway::sklearn
