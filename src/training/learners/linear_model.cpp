#include "training/learners/internal/linear_model.h"

#include <cmath>

#include "graph/ops/linear.h"

namespace slipway::training {

Result<std::vector<OutputSpec>> LinearModel::append(GraphBuilder& graph, ValueId features,
                                                    const ModelNaming& naming) const {
  const ValueId x = TRY(checked_features(graph, features, naming, estimator_));
  const auto outputs = static_cast<uint32_t>(coefficients_.intercepts.size());
  auto linear = std::make_unique<LinearOp>(outputs, coefficients_.features, coefficients_.weights,
                                           coefficients_.intercepts);
  const ValueId scores = TRY(graph.add(std::move(linear), {x}, naming.path));
  if (is_regressor_) return value_outputs(scores);
  return score_outputs(graph, scores, probability_, naming);
}

Moments moments_of(const TrainingData& data) {
  Moments moments;
  moments.means.assign(data.columns, 0);
  moments.deviations.assign(data.columns, 0);
  for (size_t i = 0; i < data.rows; ++i) {
    const double weight = data.weight(i);
    const double* row = data.row(i);
    for (uint32_t j = 0; j < data.columns; ++j) moments.means[j] += weight * row[j];
    moments.weight_sum += weight;
  }
  for (double& mean : moments.means) mean /= moments.weight_sum;
  for (size_t i = 0; i < data.rows; ++i) {
    const double weight = data.weight(i);
    const double* row = data.row(i);
    for (uint32_t j = 0; j < data.columns; ++j) {
      const double d = row[j] - moments.means[j];
      moments.deviations[j] += weight * d * d;
    }
  }
  for (double& deviation : moments.deviations) {
    deviation = std::sqrt(deviation / moments.weight_sum);
    if (!(deviation > 0)) deviation = 1;
  }
  return moments;
}

}  // namespace slipway::training
