// What all linear learners give: weights and intercepts.
#pragma once

#include <string_view>
#include <vector>

#include "training/learners/internal/outputs.h"
#include "training/learners/learner.h"

namespace slipway::training {

class LinearModel final : public FittedModel {
 public:
  struct Coefficients {
    uint32_t features = 0;
    std::vector<double> weights;     // outputs x features
    std::vector<double> intercepts;  // one per output
  };
  /// A regressor.
  LinearModel(std::string_view estimator, Coefficients coefficients)
      : estimator_(estimator), coefficients_(std::move(coefficients)), is_regressor_(true) {}
  /// A classifier: one output for two classes, else one per class.
  LinearModel(std::string_view estimator, Coefficients coefficients, Probability probability)
      : estimator_(estimator),
        coefficients_(std::move(coefficients)),
        is_regressor_(false),
        probability_(probability) {}

  const Coefficients& coefficients() const { return coefficients_; }
  Result<std::vector<OutputSpec>> append(GraphBuilder& graph, ValueId features,
                                         const ModelNaming& naming) const override;

 private:
  std::string_view estimator_;  // of a static table
  Coefficients coefficients_;
  bool is_regressor_;
  Probability probability_ = Probability::kNone;
};

/// Column means and deviations, weighted by the rows' weights.
struct Moments {
  std::vector<double> means;
  std::vector<double> deviations;  // 1 where a column is constant
  double weight_sum = 0;
};
Moments moments_of(const TrainingData& data);

}  // namespace slipway::training
