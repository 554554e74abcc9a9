// CsvReader: records of a CSV or TSV stream (RFC 4180: quotes, doubled quotes, line breaks in
// quotes, LF or CRLF, a byte order mark is skipped). Streams; holds one record at a time.
//
//   CsvReader reader(input, ',');
//   while (TRY(reader.next())) use(reader.fields(), reader.line());
//
// Thread rule: single-sequence.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::rows {

/// The likeliest separator of a first line: the commonest outside of quotes, a comma if none.
char find_separator(std::string_view line);

class CsvReader {
 public:
  /// Comma, semicolon, tab or bar: the commonest of the first line.
  static constexpr char kFindSeparator = '\0';

  CsvReader(std::istream& input, char separator) : input_(input), separator_(separator) {}

  /// Reads the next record; false at the end. Blank lines are passed over. INVALID_ARGUMENT names
  /// the line: an open quote at the end, text behind a closing quote, bytes that are not UTF-8.
  /// RESOURCE_EXHAUSTED: a record over 64 MiB.
  Result<bool> next();
  /// Fields of the last record; valid until next().
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// Whether a field was quoted.
  bool quoted(size_t field) const { return quoted_[field]; }
  /// Line (from 1) on which the last record began.
  uint64_t line() const { return record_line_; }

 private:
  Result<bool> read_line(std::string& line);
  Status split();

  std::istream& input_;
  char separator_;
  std::string text_;     // the record with its quotes
  std::string content_;  // its fields, one behind the other
  std::vector<std::string_view> fields_;
  std::vector<bool> quoted_;
  uint64_t line_ = 0;
  uint64_t record_line_ = 0;
};

}  // namespace slipway::rows
