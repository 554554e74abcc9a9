// Frame: a table of typed columns in memory, what profiles, preparation, training and evaluation
// read.
//
//   file --read_frame (data/read_frame.h)--> Frame --> profile, RowSource, matrices of learners
//
// Texts are dictionary-encoded: a column of a million cities holds each city's name once. Truth
// values and times are float64 as numbers are, so that whoever wants a matrix copies them.
//
//   const Column* age = frame.find("age");
//   if (age != nullptr && age->is_numeric()) use(age->numbers);  // NaN: no value
//
// Thread rule: a value; immutable once read, then safe to share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::data {

enum class ColumnKind : uint8_t {
  kNumber,
  kBoolean,   // numbers 0 and 1
  kCategory,  // texts that come again
  kText,      // texts that mostly differ
  kTime,      // a date or a point of time: seconds since 1970-01-01T00:00:00Z
};

/// "number", "boolean", "category", "text", "time".
std::string_view column_kind_name(ColumnKind kind);
std::optional<ColumnKind> find_column_kind(std::string_view name);

/// Distinct texts, numbered from 0 in the order in which they came.
class TextDictionary {
 public:
  /// The number of this text, a new one if it is new.
  int32_t add(std::string_view text);
  /// -1 if it is not there.
  int32_t find(std::string_view text) const;
  /// Valid until the next add().
  std::string_view text(int32_t code) const {
    const size_t begin = code == 0 ? 0 : ends_[static_cast<size_t>(code) - 1];
    return std::string_view(bytes_).substr(begin, ends_[static_cast<size_t>(code)] - begin);
  }
  size_t size() const { return ends_.size(); }
  size_t size_bytes() const;

 private:
  /// Where the text stands in `slots_`, or belongs.
  size_t slot_of(std::string_view text, uint64_t hash) const;
  void grow();

  std::string bytes_;             // of all texts, one behind the other
  std::vector<size_t> ends_;      // by code
  std::vector<uint32_t> hashes_;  // by code: half of the hash
  std::vector<int32_t> slots_;    // open addressing: codes, -1 where free
};

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::kNumber;
  bool is_whole = false;        // kNumber: no value has a fraction
  std::string time_format;      // kTime: the form that was recognised, "iso8601" or as for strptime
  std::string unit;             // from the schema; empty: none is known
  std::vector<double> numbers;  // kNumber, kBoolean, kTime: a cell a row, NaN where it is missing
  std::vector<int32_t> codes;   // kCategory, kText: places in `dictionary`, -1 where it is missing
  TextDictionary dictionary;    // every text is some row's
  size_t missing_count = 0;

  /// Cells lie in `codes`.
  bool is_text() const { return kind == ColumnKind::kCategory || kind == ColumnKind::kText; }
  /// Cells lie in `numbers`.
  bool is_numeric() const { return !is_text(); }
  size_t rows() const { return is_text() ? codes.size() : numbers.size(); }
  bool is_missing(size_t row) const {
    return is_text() ? codes[row] < 0 : numbers[row] != numbers[row];
  }
  /// The cell as a text: "1.5", "12", "true", "2024-05-01T00:00:00Z", "London"; "" if missing.
  std::string cell_text(size_t row) const;
};

struct Frame {
  std::vector<Column> columns;  // names differ
  size_t rows = 0;              // of each column

  /// Null if there is none of the name.
  const Column* find(std::string_view name) const;
};

}  // namespace slipway::data
