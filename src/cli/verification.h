// Verification: does a model answer as expected, and does each row get the same bits alone, in a
// batch and in another order?
//
//   data (CSV, JSON lines) + expected answers --verify_model--> Verification --> `slipway verify`
//                                                                           \--> a version goes
//                                                                           live
//
// Expected answers are columns of CSV by the names that `slipway predict` writes: "predict",
// "predict_proba_setosa". Numbers agree within tolerance * max(1, |expected|), everything else if
// it is equal; an empty field is a missing value.
//
// Thread rule: single-sequence.
//
//   const Verification found = TRY(verify_model(model, {.data = csv}, 1e-6));
//   if (!found.agrees()) ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/executable.h"

namespace slipway::cli {

inline constexpr double kVerifyTolerance = 1e-6;

struct Difference {
  uint64_t row = 0;  // from 0
  std::string column;
  std::string expected;
  std::string got;
  double size = 0;  // |got - expected| / max(1, |expected|); infinite for what is no number
};

/// Of one output: one or more columns.
struct OutputVerification {
  std::string name;
  uint64_t rows = 0;
  uint64_t rows_equal = 0;  // within the tolerance in every column
  double absolute_max = 0;
  double relative_max = 0;
  std::vector<Difference> worst;  // the largest first, a few
};

struct Verification {
  uint64_t rows = 0;
  std::vector<OutputVerification> outputs;  // those that were compared
  uint64_t rows_other_alone = 0;            // rows whose bits differ alone
  uint64_t rows_other_shuffled = 0;         // or in another order
  bool agrees() const;
};

struct VerifyData {
  std::string data;           // rows; the expected answers may be columns of it
  std::string expected = {};  // CSV, a line a row in the same order; empty: they are in `data`
  bool is_json = false;       // `data` are JSON lines
  std::vector<std::string> keys = {};  // columns of `data` that are no feature
};

/// INVALID_ARGUMENT: the data cannot be read, hold no row, or say nothing that the model answers.
Result<Verification> verify_model(const Executable& model, const VerifyData& data,
                                  double tolerance);

/// The answers of `model` compared with those of `reference`, in all outputs that both have.
Result<Verification> verify_against(const Executable& model, const Executable& reference,
                                    const VerifyData& data, double tolerance);

/// For a version that is about to be served: OK, or FAILED_PRECONDITION saying what differs.
Status check_expected(const Executable& model, const std::string& csv);

}  // namespace slipway::cli
