// Which column of a table is which column of a model, by name or by place.
//
//   {"id", "age", "city"}, signature of age and city --match_columns--> key, feature 0, feature 1
//
// What every table with named columns shares (CSV, Arrow). A plain function.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"

namespace slipway::rows {

/// Where a column of the table goes.
struct ColumnTarget {
  enum class Kind : uint8_t { kNone, kFeature, kField } kind = Kind::kNone;
  uint32_t index = 0;  // kFeature: column of the model
};

struct ColumnMatch {
  std::vector<ColumnTarget> targets;   // by column of the table
  std::vector<size_t> key_columns;     // those that are passed through
  std::vector<std::string> key_names;  // their names
};

/// `keys`: the key columns; empty: all that are no feature. A model trained without names: where
/// the table has all of x0, x1, ..., they are matched by name; else what is no key is taken in its
/// order, and must be as many as the model has columns. A model of records takes all columns but
/// the keys as fields. INVALID_ARGUMENT: a column is missing, or stands there twice.
Result<ColumnMatch> match_columns(const std::vector<std::string>& names, const Signature& signature,
                                  const std::vector<std::string>& keys);

/// Whether a column of texts is one of times: its example is one. A table's times are given to it
/// as text::time_text() writes them.
bool holds_times(const InputColumn& column);

}  // namespace slipway::rows
