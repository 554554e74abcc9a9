// The kinds of models that the fuzz targets of the protocol read requests against.
#pragma once

#include <vector>

#include "graph/signature.h"

namespace slipway::protocols::kserve_v2 {

inline Signature fuzz_signature(bool named) {
  Signature made;
  made.columns = {{"age"}, {"city", named ? ColumnType::kText : ColumnType::kNumber}};
  made.columns_named = named;
  made.matrices.strings = named;
  made.outputs = {{"predict", 0, DType::kFloat64, 1, true, {}, {}},
                  {"predict_proba", 0, DType::kFloat64, 3, false, {}, {}}};
  return made;
}

/// The row is a record, or one of its columns is.
inline Signature fuzz_records(bool whole_row) {
  Signature made = fuzz_signature(!whole_row);
  if (whole_row) made.columns.resize(1);
  made.columns[0].type = ColumnType::kRecord;
  made.rows_are_records = whole_row;
  made.matrices.records = true;
  return made;
}

inline std::vector<Signature> fuzz_models() {
  return {fuzz_signature(false), fuzz_signature(true), fuzz_records(false), fuzz_records(true)};
}

}  // namespace slipway::protocols::kserve_v2
