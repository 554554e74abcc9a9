// ArrowColumn: the cells of one column of a batch, as numbers or texts, whatever Arrow type holds
// them (arrow.apache.org/docs/format/CDataInterface.html, "Data type description").
//
//   ArrowSchema --ArrowColumn::kind--> what it holds;  ArrowArray --number(row), text(row)--> cells
//
// Reads by memcpy: buffers of a message's body may lie at any address. Trusts lengths, offsets and
// indices, which the plug-in has validated. Points into the arrays. Single-sequence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rows/arrow_plugin.h"

namespace slipway::rows {

class ArrowColumn {
 public:
  enum class Kind : uint8_t {
    kOther,
    kNull,
    kBool,
    kInteger,
    kFloat,
    kDecimal,
    kText,
    kStruct,
    kTime
  };

  /// Of a schema; for dictionary-encoded values, that of the values.
  static Kind kind_of(const ArrowSchema& schema);
  /// "int64", "utf8", "timestamp", ...: for messages.
  static std::string type_name(const ArrowSchema& schema);

  ArrowColumn(const ArrowSchema& schema, const ArrowArray& array);

  Kind kind() const { return kind_; }
  bool is_null(int64_t row) const;
  /// kBool, kInteger, kFloat, kDecimal; kTime (dates and timestamps): seconds since 1970-01-01 UTC.
  double number(int64_t row) const;
  /// kInteger: its digits.
  std::string digits(int64_t row) const;
  /// kText.
  std::string_view text(int64_t row) const;

 private:
  template <typename T>
  T value(int64_t row, int buffer = 1) const;
  bool bit(int buffer, int64_t row) const;
  bool is_null_here(int64_t row) const;
  int64_t dictionary_row(int64_t row) const;
  std::string_view view_text(int64_t row) const;
  double decimal(int64_t row) const;
  double time(int64_t row) const;

  Kind kind_;
  std::string_view format_;  // of the values, or of the indices
  const ArrowArray& array_;
  const ArrowSchema* dictionary_schema_;
};

}  // namespace slipway::rows
