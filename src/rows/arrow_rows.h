// Rows of Arrow tables for a model's columns, and a model's answers as an Arrow table.
//
//   IPC bytes --open_arrow_rows--> RowSource --> InputBuffer
//   ArrowTable --write_arrow--> IPC bytes
//
// Plain streams (columns of numbers and texts, not compressed) are read without Arrow C++, and
// tables are written without it. For all else it is a plug-in (arrow_plugin.h), opened when it is
// first needed: libslipway_arrow.so in the folder that SLIPWAY_PLUGIN_DIR names, beside the
// program, or in ../lib/slipway from there. Without it such input is UNIMPLEMENTED, with a message
// that says where it was looked for.
//
// Columns are matched as those of CSV (row_source.h). A number column takes integers, floats,
// decimals, booleans and nulls; a text column texts, also dictionary-encoded ones (what pandas
// calls categories), and whole numbers where the model takes them; a record column structs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"
#include "rows/row_source.h"

namespace slipway::rows {

/// What happens where the plug-in is needed for the first time: opening it takes some milliseconds.
enum class ArrowPlugin : uint8_t {
  kOpened,  // that is done now
  kAsked,   // UNAVAILABLE: the caller has open_arrow_library() do it, and comes back
};
/// An IPC stream or file (Feather). The bytes must live as long as the source. `keys` as for CSV.
/// INVALID_ARGUMENT: the bytes are no such table, a column is missing, twice or of a wrong type.
Result<std::unique_ptr<RowSource>> open_arrow_rows(std::string_view bytes,
                                                   const Signature& signature,
                                                   const std::vector<std::string>& keys,
                                                   ArrowPlugin plugin = ArrowPlugin::kOpened);
/// The same of a Parquet file.
Result<std::unique_ptr<RowSource>> open_parquet_rows(std::string_view bytes,
                                                     const Signature& signature,
                                                     const std::vector<std::string>& keys);
/// Whether bytes begin as a Parquet file does.
bool holds_parquet(std::string_view bytes);
/// Opens the plug-in on a thread of its own, which then calls `done`, whether it could or not.
/// Thread-safe.
void open_arrow_library(const std::function<void()>& done);
/// Whether bytes begin as an Arrow file or stream does.
bool holds_arrow(std::string_view bytes);

/// A table of one batch. All columns have the same number of rows.
struct ArrowTable {
  /// Texts without a value are null.
  using Values = std::variant<std::vector<double>, std::vector<int64_t>, std::vector<bool>,
                              std::vector<StringCell>>;
  struct Column {
    std::string name;
    Values values;
  };
  std::vector<Column> columns;
  size_t rows = 0;
};

/// Appends the table as an IPC stream. RESOURCE_EXHAUSTED: a column holds over 2 GiB of text.
Status write_arrow(const ArrowTable& table, std::string& out);

}  // namespace slipway::rows
