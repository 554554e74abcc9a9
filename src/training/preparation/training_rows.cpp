#include "training/preparation/training_rows.h"

#include <utility>

namespace slipway::training {

Result<TrainingRows> prepare_training_rows(const PreparationInput& input,
                                           const PreparationPlan& plan) {
  TrainingRows made;
  FittedPreparation fitted = TRY(Preparation::fit(input, plan));
  made.preparation = std::move(fitted.preparation);
  made.matrix = std::move(fitted.training_matrix);
  made.rows.assign(input.rows.begin(), input.rows.end());
  return made;
}

}  // namespace slipway::training
