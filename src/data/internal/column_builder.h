// ColumnBuilder: cells to a Column, finding out on the way what they are.
//
//   "1", "2.5", "NA", ... --add--> number --"x"--> text (the first cells are read again) --> Column
//
// A column is what its first value is: a number, a truth value, a time in one form, or a text. The
// first value that is not of that kind makes the column texts. Their first cells are lost by then
// (1.50 was kept as 1.5), so the column needs a second pass over the file; few ever do.
//
// Thread rule: single-sequence.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/frame.h"
#include "data/schema.h"

namespace slipway::data {

/// What holds for all columns of a file.
class CellRules {
 public:
  CellRules() = default;
  CellRules(std::vector<std::string> missing, bool allows_decimal_comma);

  bool is_missing(std::string_view text) const;
  bool allows_decimal_comma() const { return allows_decimal_comma_; }

 private:
  std::vector<std::string> missing_;
  std::array<bool, 256> begins_{};  // by the first byte of a marker
  bool empty_is_missing_ = false;
  size_t size_max_ = 0;
  bool allows_decimal_comma_ = false;
};

class ColumnBuilder {
 public:
  /// `schema` may be null; both must live as long as the builder.
  ColumnBuilder(std::string name, const ColumnSchema* schema, const CellRules& rules);

  const std::string& name() const { return name_; }
  bool is_ignored() const { return schema_ != nullptr && schema_->is_ignored; }
  /// The kind is that of the file's own type, unless the schema knows better.
  void expect(ColumnKind kind);

  // Each adds a cell of row `row`, later than those before; rows between are missing. False: the
  // schema wants something else (expected() says what).
  /// A text that may be anything: a field of CSV.
  bool add(size_t row, std::string_view text);
  /// A text that is one: a JSON string. It may be a time, no number.
  bool add_text(size_t row, std::string_view text);
  /// A text of a file that has types: no marker stands for a missing one.
  bool add_typed_text(size_t row, std::string_view text);
  bool add_number(size_t row, double value);
  /// Seconds since 1970-01-01T00:00:00Z.
  bool add_time(size_t row, double seconds);
  bool add_boolean(size_t row, bool value);
  /// "a number", "a time of the form %d/%m/%Y".
  std::string expected() const;

  bool needs_second_pass() const { return is_late_; }
  /// From here on only a column that needs it takes cells.
  void begin_second_pass();
  size_t size_bytes() const;
  Column finish(size_t rows);

 private:
  enum class State : uint8_t { kUndecided, kNumber, kBoolean, kTime, kText };

  void decide(std::string_view text);
  bool decide_time(std::string_view text);
  bool add_parsed_number(size_t row, std::string_view text);
  bool add_parsed_boolean(size_t row, std::string_view text);
  bool add_parsed_time(size_t row, std::string_view text);
  /// What does not fit makes the column texts, or is an error if the schema said what it is.
  bool misfit();
  bool push_number(size_t row, double value);
  bool push_text(size_t row, std::string_view text);
  void settle(ColumnKind kind);

  std::string name_;
  const ColumnSchema* schema_;
  const CellRules& rules_;
  State state_ = State::kUndecided;
  bool is_forced_ = false;    // by the schema or the file's own type
  bool is_late_ = false;      // became texts after other cells: those are read again
  bool is_skipping_ = false;  // takes no cells in this pass
  char decimal_ = 0;          // 0: no number had one so far
  std::string time_format_;
  std::vector<double> numbers_;
  std::vector<int32_t> codes_;
  TextDictionary dictionary_;
  size_t value_count_ = 0;
};

}  // namespace slipway::data
