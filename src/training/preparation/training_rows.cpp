#include "training/preparation/training_rows.h"

#include <utility>

#include "training/preparation/row_steps.h"

namespace slipway::training {

Result<TrainingRows> prepare_training_rows(const PreparationInput& input,
                                           const PreparationPlan& plan) {
  if (plan.resample != PreparationPlan::Resample::kNone && input.target.class_count == 0) {
    return invalid_argument("only classes are resampled, and this is a regression");
  }
  TrainingRows made;
  KeptRows kept = TRY(keep_rows(input, plan));
  made.notes = std::move(kept.notes);
  PreparationInput left = input;
  left.rows = kept.rows;
  FittedPreparation fitted = TRY(Preparation::fit(left, plan));
  ResampledRows sampled{std::move(kept.rows), std::move(fitted.training_matrix)};
  TRY_STATUS(resample(left, plan, sampled, made.notes));
  made.preparation = std::move(fitted.preparation);
  made.rows = std::move(sampled.rows);
  made.matrix = std::move(sampled.matrix);
  return made;
}

}  // namespace slipway::training
