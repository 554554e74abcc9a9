// Reading a file into a Frame: CSV, TSV, JSON lines (all also as .gz and .zst), Arrow and Parquet.
//
// What a file of texts holds is inferred from all of its rows (docs/data.md, "Types"): a column is
// numbers, truth values or times as long as each of its values is one, else texts. A file streams
// through; in memory there is the Frame alone. If a column turns out to be texts late, the file is
// read a second time for that column.
//
//   Frame frame = TRY(read_frame("iris.csv", {}));
//
// Columns of Arrow and Parquet have types of their own; what a Frame has no kind for (lists,
// structs, binary, times of day, durations) is refused by the column's name unless it is ignored.
//
// Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/frame.h"
#include "data/schema.h"
#include "graph/signature.h"

namespace slipway::data {

struct ReadOptions {
  std::string format = "auto";  // "auto", "csv", "tsv", "jsonl", "arrow", "parquet"
  std::string separator;        // of CSV, one character; empty: , ; tab or bar, the commonest
  bool no_header = false;       // of CSV: the first line is a row; columns are x0, x1, ...
  Schema schema;                // types and markers that the caller knows
  uint64_t memory_bytes_max = 16ULL << 30;  // of the Frame
};

/// What a table was read from.
struct FileFacts {
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hexadecimal
  bool operator==(const FileFacts&) const = default;
};
struct Table {
  Frame frame;
  FileFacts file;  // the very bytes that the frame is of
};

/// `path`: a file, or "-" for standard input (which is kept in memory). INVALID_ARGUMENT names
/// line and column; NOT_FOUND; RESOURCE_EXHAUSTED: the Frame or a field is too large;
/// UNIMPLEMENTED: Arrow or Parquet without the plug-in.
Result<Frame> read_frame(const std::string& path, const ReadOptions& options);
/// The same with the digest of what was read. UNAVAILABLE: the file changed meanwhile.
Result<Table> read_table(const std::string& path, const ReadOptions& options);
/// The same of bytes in memory; `name` serves to tell their format by its ending.
Result<Frame> read_frame_bytes(std::string_view bytes, const std::string& name,
                               const ReadOptions& options);

/// Adds to `schema` what a model wants of its columns: texts stay texts though they look like
/// numbers. What the schema already says of a column stays.
void expect_columns(const Signature& signature, Schema& schema);

}  // namespace slipway::data
