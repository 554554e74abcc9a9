// Schema: what somebody says about a file's columns, rather than what is inferred. YAML:
//
//   missing: ["", NA, "?"]        # instead of the usual markers
//   columns:
//     zip: {type: text}
//     born: {type: time, format: "%d/%m/%Y"}
//     weight: {type: number, unit: kg}
//     comment: {type: ignore}     # or: comment: ignore
//
// Thread rule: a value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "data/frame.h"

namespace slipway::data {

/// What stands for a missing value in texts unless a schema says otherwise.
const std::vector<std::string>& usual_missing_markers();

struct ColumnSchema {
  std::optional<ColumnKind> kind;  // nullopt: inferred
  std::string time_format;         // kTime: as for strptime; empty: one of the known forms
  std::string unit;
  bool is_ignored = false;   // the column is not read
  bool is_optional = false;  // it may be missing from the file
};

struct Schema {
  std::map<std::string, ColumnSchema, std::less<>> columns;
  std::vector<std::string> missing = usual_missing_markers();

  /// Nullptr if nothing is said of the column.
  const ColumnSchema* find(std::string_view column) const;
};

/// INVALID_ARGUMENT names line or column: no YAML, an unknown key or type, a format without a year.
Result<Schema> parse_schema(std::string_view yaml);
/// "age=number", "born=time:%d/%m/%Y", "comment=ignore", as --type takes it.
Status add_column_type(std::string_view text, Schema& schema);
/// The schema that a frame was read with, as YAML that parse_schema() reads.
std::string write_schema(const Frame& frame, const Schema& schema);

}  // namespace slipway::data
