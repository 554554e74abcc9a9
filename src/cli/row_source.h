// RowSource: rows of a CSV, TSV or JSON lines stream, matched to a model's columns.
//
// Columns are matched by name; a model trained without names takes them by position. What is no
// feature is a key column and passed through as text. A model of records takes all columns as keys
// of the record, but for those that --keys names.
//
//   auto source = TRY(open_csv_rows(stream, ',', signature, {}));
//   while (TRY(source->next(4096, input, keys)) > 0) ...
//
// Thread rule: single-sequence.
#pragma once

#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "tensor/batch.h"

namespace slipway::cli {

class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Names of the key columns, in their order in the input.
  virtual const std::vector<std::string>& key_names() const = 0;
  /// Fills `input` with at most `rows_max` rows and `keys` with rows x key_names() texts; gives
  /// their number, 0 at the end. INVALID_ARGUMENT names line and column.
  virtual Result<size_t> next(size_t rows_max, InputBuffer& input,
                              std::vector<std::string>& keys) = 0;
};

/// `keys`: the key columns to pass through; empty: all columns that are no feature.
Result<std::unique_ptr<RowSource>> open_csv_rows(std::istream& input, char separator,
                                                 const Signature& signature,
                                                 const std::vector<std::string>& keys);
/// One object of named features, or array of values, a line. Its keys are those named in `keys`.
Result<std::unique_ptr<RowSource>> open_json_rows(std::istream& input, const Signature& signature,
                                                  const std::vector<std::string>& keys);

}  // namespace slipway::cli
