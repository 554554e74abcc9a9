// FrameBuilder: the columns of a Frame while a file is read, once or twice.
//
//   FrameBuilder builder(options, decimal_comma);
//   while (true) { read the file; if (!builder.needs_second_pass()) break;
//   builder.begin_second_pass(); } Frame frame = TRY(builder.finish());
//
// Thread rule: single-sequence.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/status.h"
#include "data/frame.h"
#include "data/internal/column_builder.h"
#include "data/read_frame.h"

namespace slipway::data {

class FrameBuilder {
 public:
  explicit FrameBuilder(const ReadOptions& options) : options_(options) {}

  /// Before the first column.
  void set_rules(CellRules rules) { rules_ = std::move(rules); }
  /// INVALID_ARGUMENT: the name stands there twice; RESOURCE_EXHAUSTED: too many columns.
  Result<size_t> add_column(std::string name);
  std::optional<size_t> find(std::string_view name) const;
  size_t columns() const { return columns_.size(); }
  ColumnBuilder& column(size_t place) { return columns_[place]; }
  bool is_ignored(size_t place) const { return columns_[place].is_ignored(); }

  /// The row that is being filled, from 0.
  size_t row() const { return row_; }
  /// So many rows are complete. RESOURCE_EXHAUSTED: the Frame would be too large.
  Status end_rows(size_t count);

  bool needs_second_pass() const;
  void begin_second_pass();
  /// INVALID_ARGUMENT: the schema names a column that is not there.
  Result<Frame> finish();

 private:
  Status check_memory() const;

  const ReadOptions& options_;
  CellRules rules_;
  std::deque<ColumnBuilder> columns_;  // never moved: `places_` points to the names
  std::unordered_map<std::string_view, size_t> places_;
  size_t row_ = 0;
  size_t checked_row_ = 0;
  std::optional<size_t> rows_;  // of the first pass
};

/// "line 3, column 'age': expected a number, got 'x'".
Status wrong_cell(std::string_view place, const ColumnBuilder& column, std::string_view got);

}  // namespace slipway::data
