// RowSource: rows of a CSV, TSV or JSON lines stream, matched to a model's columns.
//
// Columns are matched by name; a model trained without names takes them by position. What is no
// feature is a key column and passed through. A model of records takes all columns as keys
// of the record, but for those that --keys names.
//
//   auto source = TRY(open_csv_rows(stream, {','}, signature, {}));
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

namespace slipway::rows {

/// A value that is passed through.
struct KeyCell {
  std::string text;
  bool is_json = false;  // a JSON value as it is (a number, true, null, a list), not a text
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Names of the key columns, in their order in the input.
  virtual const std::vector<std::string>& key_names() const = 0;
  /// Fills `input` with at most `rows_max` rows and `keys` with rows x key_names() texts; gives
  /// their number, 0 at the end. INVALID_ARGUMENT names line and column.
  virtual Result<size_t> next(size_t rows_max, InputBuffer& input, std::vector<KeyCell>& keys) = 0;
};

struct CsvOptions {
  char separator = ',';    // or CsvReader::kFindSeparator
  bool no_header = false;  // the first line is a row; false: it is one if it cannot be a header
};

/// `keys`: the key columns to pass through; empty: all columns that are no feature.
///
/// A model trained without names: where the header has all of x0, x1, ..., they are matched by
/// name; else what is no key is taken in its order, and must be as many as the model has columns.
Result<std::unique_ptr<RowSource>> open_csv_rows(std::istream& input, const CsvOptions& options,
                                                 const Signature& signature,
                                                 const std::vector<std::string>& keys);
/// One object of named features, or array of values, a line; or one array of them. `keys`: as
/// above; those that are no feature are found in the first row.
Result<std::unique_ptr<RowSource>> open_json_rows(std::istream& input, const Signature& signature,
                                                  const std::vector<std::string>& keys);

/// Whether a file holds JSON lines rather than CSV, by its name or else by how it begins.
bool holds_json_rows(const std::string& path, const std::string& text);

}  // namespace slipway::rows
