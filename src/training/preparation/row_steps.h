// Row steps: what changes the rows to learn from, and nothing else. They are no part of the served
// model, and rows that a model is judged on stay as they are.
//
//   rows --keep_rows--> rows --Preparation::fit--> matrix --resample--> matrix, rows
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "training/preparation/input.h"
#include "training/preparation/plan.h"

namespace slipway::training {

struct KeptRows {
  std::vector<uint32_t> rows;      // of the frame, in their order
  std::vector<std::string> notes;  // "12 of 300 rows are left out: ..."
};

/// Leaves out, in this order: incomplete rows, equal rows but the first, rows with outliers among
/// their numbers; as cleaning rules leave them. INVALID_ARGUMENT: no row is left, or a class has
/// none any more; a text that the rules refuse.
Result<KeptRows> keep_rows(const PreparationInput& input, const PreparationPlan& plan);

struct ResampledRows {
  std::vector<uint32_t> rows;  // the frame's row of each row; of a made one the row it starts from
  std::vector<double> matrix;  // rows x width, row-major
};

/// Equal numbers of rows in all classes, as imbalanced-learn's RandomOverSampler,
/// RandomUnderSampler and SMOTE make them: rows of smaller classes again, drawn by the seed; rows
/// of larger classes left out; or new rows on lines between rows of a class and one of their
/// nearest neighbours in it. Rows that stay keep their order, new ones follow, class by class.
/// `sampled` comes with the rows as they are; input.rows is not looked at. INVALID_ARGUMENT: a
/// regression; SMOTE of a class of too few rows, or of missing numbers.
Status resample(const PreparationInput& input, const PreparationPlan& plan, ResampledRows& sampled,
                std::vector<std::string>& notes);

}  // namespace slipway::training
