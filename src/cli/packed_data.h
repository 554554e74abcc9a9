// What the rows of `slipway pack --data` and `slipway train` say of a model's columns.
//
//   RowSource --read_data_facts--> ranges and categories of the manifest, profile.json
//
// Thread rule: plain functions.
#pragma once

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "rows/row_source.h"
#include "tensor/batch.h"

namespace slipway::cli {

/// What data say of one column.
struct ColumnRange {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  size_t missing = 0;
  std::set<std::string, std::less<>> categories;
  bool is_category = true;  // not too many
};

struct DataFacts {
  InputBuffer first;                // the first rows
  std::vector<ColumnRange> ranges;  // of each column; empty: there are no data
  size_t rows = 0;
  std::string profile;  // profile.json; empty: none
};

/// INVALID_ARGUMENT: there is no row; errors of reading them.
Status read_data_facts(rows::RowSource& source, const Signature& signature, DataFacts& facts);

/// "inputs": [...] of the manifest.
void append_inputs(std::string& json, const Signature& signature,
                   const std::vector<ColumnRange>& ranges);

}  // namespace slipway::cli
