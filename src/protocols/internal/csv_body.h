// A body of CSV as rows of a model's input.
//
//   "age,city\n3,Rome\n" --read_csv_body--> InputBuffer
//
// Columns are matched as `slipway predict` matches those of a file (rows/row_source.h).
// Plain functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "protocols/internal/key_fields.h"
#include "rows/row_source.h"
#include "tensor/batch.h"

namespace slipway::protocols {

enum class CsvHeader : uint8_t {
  kFind,  // the first line is a header for a model of named columns, or if it cannot be a row
  kNone,  // the first line is a row: values in the order of the columns
};

/// The columns that are no feature.
struct CsvKeys {
  std::vector<std::string> names;
  std::vector<rows::KeyCell> cells;  // rows x names
};

/// Keeps the cells of the model's key fields; what else is no feature is passed over.
/// INVALID_ARGUMENT names line and column.
Status read_csv_body(std::string_view body, const Signature& signature, CsvHeader header,
                     InputBuffer& input, KeyFields& keys);
/// Gives all of them. `names`: those of a model without column names; else empty.
Result<CsvKeys> read_csv_rows(std::string_view body, const Signature& signature,
                              const rows::CsvOptions& options,
                              const std::vector<std::string>& names, InputBuffer& input);

}  // namespace slipway::protocols
