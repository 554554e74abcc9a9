// Training rows: a table's rows as a learner is fitted on them.
//
//   Frame, rows, plan --prepare_training_rows--> Preparation, matrix, the row of each of its rows
//
// Preparation is fitted on these rows alone. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/preparation/preparation.h"

namespace slipway::training {

struct TrainingRows {
  Preparation preparation;
  std::vector<uint32_t> rows;      // the frame's row of each row of the matrix
  std::vector<double> matrix;      // rows x preparation.width(), row-major
  std::vector<std::string> notes;  // what a user should know of it
};

/// Errors as keep_rows(), Preparation::fit() and resample() (row_steps.h).
Result<TrainingRows> prepare_training_rows(const PreparationInput& input,
                                           const PreparationPlan& plan);

}  // namespace slipway::training
