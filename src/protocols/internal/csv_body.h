// A body of CSV as rows of a model's input.
//
//   "age,city\n3,Rome\n" --read_csv_body--> InputBuffer
//
// Columns are matched as `slipway predict` matches those of a file (rows/row_source.h); what is no
// feature is passed over. A plain function.
#pragma once

#include <string_view>

#include "base/status.h"
#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::protocols {

enum class CsvHeader : uint8_t {
  kFind,  // the first line is a header for a model of named columns, or if it cannot be a row
  kNone,  // the first line is a row: values in the order of the columns
};

/// INVALID_ARGUMENT names line and column.
Status read_csv_body(std::string_view body, const Signature& signature, CsvHeader header,
                     InputBuffer& input);

}  // namespace slipway::protocols
