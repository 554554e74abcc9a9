// Sample rows with a model's answers, as `slipway verify` and `slipway serve` compare them: CSV
// whose columns are the model's own, then those of its outputs.
//
//   rows --sample_answers--> expected.csv of a bundle
//
// Thread rule: reentrant.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/executable.h"

namespace slipway::cli {

struct SampleAnswers {
  std::string csv;  // empty if there are no rows
  size_t rows = 0;
};

/// At most `rows_max` of the rows, those that the model takes and whose text reads back as the same
/// row. UNIMPLEMENTED for a model of records, which are no columns of CSV.
Result<SampleAnswers> sample_answers(const Executable& model, InputBuffer& rows, size_t rows_max);

}  // namespace slipway::cli
