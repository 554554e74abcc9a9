// How a table is read: what the commands that take one ask for in the same words.
//
//   Result<data::ReadOptions> options = table_options(o.table);
//   Frame frame = TRY(data::read_frame(o.file, TRY(table_options(o.table))));
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "data/read_frame.h"

namespace slipway::cli {

struct TableFlags {
  std::string schema;                 // a YAML file; empty: none
  std::vector<std::string> types;     // COLUMN=TYPE, stronger than the schema
  std::vector<std::string> missing;   // markers beside the empty text; empty: the usual ones
  std::string input_format = "auto";  // "auto", "csv", "tsv", "jsonl", "arrow", "parquet"
  std::string separator;              // of CSV; empty: found in its first line
  bool no_header = false;             // of CSV: the first line is a row
};

/// Reads the schema. INVALID_ARGUMENT names its file and line, or the flag.
Result<data::ReadOptions> table_options(const TableFlags& flags);

}  // namespace slipway::cli
