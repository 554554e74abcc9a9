// CsvReader: records of a CSV or TSV stream (RFC 4180: quotes, doubled quotes, line breaks in
// quotes, LF or CRLF, a byte order mark is skipped). Streams; holds one block of the input, or one
// record if that is longer.
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
  /// the line: an open quote at the end, text behind a closing quote, bytes that are not UTF-8, a
  /// NUL byte. RESOURCE_EXHAUSTED: a record over 64 MiB.
  Result<bool> next();
  /// Fields of the last record; valid until next().
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// Whether a field was quoted.
  bool quoted(size_t field) const { return quoted_[field] != 0; }
  /// Line (from 1) on which the last record began.
  uint64_t line() const { return record_line_; }
  /// The one that was found, once there is a record.
  char separator() const { return separator_; }

 private:
  enum class Scan : uint8_t { kRecord, kNeedsMore, kTextBehindQuote };

  Status start();
  Status fill();
  Scan scan();
  bool scan_quoted(size_t& place, bool& needs_more);
  void end_field(size_t begin, size_t end, bool is_quoted);
  Status check_text(std::string_view record) const;
  void remove_doubled_quotes();

  std::istream& input_;
  char separator_;
  bool is_started_ = false;
  bool at_end_ = false;       // the input has no more than the buffer
  std::string buffer_;        // a block of the input
  size_t begin_ = 0;          // what is read of it
  size_t end_ = 0;            // what it holds
  size_t next_ = 0;           // behind the record that scan() found
  uint64_t breaks_ = 0;       // lines of that record beside its first
  bool has_doubled_ = false;  // one of its fields has doubled quotes
  std::vector<std::string_view> fields_;
  std::vector<uint8_t> quoted_;
  uint64_t line_ = 1;  // of begin_
  uint64_t record_line_ = 0;
};

}  // namespace slipway::rows
