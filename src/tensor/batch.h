// Batch and OutputBuffer: rows on their way into a model and answers on their way out.
//
//   protocols --InputBuffer--> Batch --Executable--> OutputBuffer --> protocols
//
// A tabular model sees its columns in row-major matrices, all as wide as the model has columns:
// `numbers` (column i of a text column is ignored), `strings` (likewise for numeric columns; null
// when the model has no text column) and `records` (dicts, such as a DictVectorizer takes; null
// when no column holds them). A purely numeric model so gets its rows without a copy.
//
// Ownership: Batch only points; InputBuffer owns. Thread rule: single-sequence values.
//
//   input.reset(1, 1, {.records = true});
//   TRY_STATUS(input.begin_record(0, 0));
//   TRY_STATUS(input.add_field(input.store_key("city"), input.store("London")));
//   TRY_STATUS(input.end_record());
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway {

/// One cell of a text column. Python knows two missing values, and encoders tell them apart; JSON
/// and CSV have one word for both, kAbsent, which counts as whichever of the two the model knows.
/// Where a column may hold numbers beside texts, and in records, a cell can be a number.
struct StringCell {
  enum class Kind : uint8_t { kText, kNone, kNan, kAbsent, kNumber };

  union {
    const char* data = nullptr;
    double real;  // kNumber
  };
  uint32_t size = 0;  // of a text; else 0
  Kind kind = Kind::kAbsent;

  static StringCell text(std::string_view view) {
    return {{view.data()}, static_cast<uint32_t>(view.size()), Kind::kText};
  }
  static StringCell none() { return {{nullptr}, 0, Kind::kNone}; }
  static StringCell nan() { return {{nullptr}, 0, Kind::kNan}; }
  static StringCell absent() { return {}; }
  static StringCell number(double value) {
    StringCell cell{{nullptr}, 0, Kind::kNumber};
    cell.real = value;
    return cell;
  }
  bool is_text() const { return kind == Kind::kText; }
  bool is_number() const { return kind == Kind::kNumber; }
  bool missing() const { return !is_text() && !is_number(); }
  /// The text; empty if it is none.
  std::string_view view() const { return is_text() ? std::string_view(data, size) : ""; }
};

/// One entry of a record. A list of texts is one field for each, all with the same key, in storage
/// too: scikit-learn's DictVectorizer counts them the same way.
struct RecordField {
  std::string_view key;
  StringCell value;
};

/// One cell of a record column: `count` fields from Batch::fields + first on.
struct Record {
  static constexpr uint32_t kUnset = UINT32_MAX;

  uint32_t first = 0;
  uint32_t count = kUnset;  // kUnset: the cell was not filled

  bool is_set() const { return count != kUnset; }
};

/// The most fields of one record (it bounds what a kernel needs for a row), and of all together.
inline constexpr uint32_t kRecordFieldsMax = 1U << 16;
inline constexpr size_t kFieldsMax = 1U << 26;

/// Rows of input: each matrix holds rows x columns cells, or is null.
struct Batch {
  size_t rows = 0;
  const double* numbers = nullptr;
  const StringCell* strings = nullptr;
  const Record* records = nullptr;
  const RecordField* fields = nullptr;  // of all records
};

/// Which matrices a model wants beside the numbers.
struct InputMatrices {
  bool strings = false;
  bool records = false;
};

/// Bytes of texts, in blocks that never move; the first block is kept from use to use.
class TextStore {
 public:
  /// Room for so many bytes, valid until reset().
  char* take(size_t bytes);
  void reset();

 private:
  static constexpr size_t kBlockBytes = 16 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t block_index_ = 0;
  size_t block_used_ = 0;
};

/// Owns the rows that a Batch points to; reused from request to request without allocating.
class InputBuffer {
 public:
  /// Room for rows x columns cells: numbers set to NaN, strings to absent, records unset.
  void reset(size_t rows, size_t columns, InputMatrices matrices);
  /// One more row behind the others (for readers that do not know the row count beforehand).
  void add_row();

  /// Copies another buffer's rows behind these; both are of one model. Texts and keys are not
  /// copied: `other` must live, unchanged, as long as they are used. False, and nothing copied, if
  /// the records would hold too many values together.
  bool append_rows(const InputBuffer& other);

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  double* number_row(size_t row) { return numbers_.data() + row * columns_; }
  StringCell* string_row(size_t row) { return strings_.data() + row * columns_; }
  /// Copies the text into storage that lives until the next reset().
  StringCell store(std::string_view text);

  /// Starts the record in this cell anew; add_field() fills it, end_record() closes it.
  void begin_record(size_t row, size_t column);
  /// Copies a key. Each entry of a record needs a copy of its own: that is how end_record() tells
  /// the fields of one list from a key that is given twice.
  std::string_view store_key(std::string_view key);
  /// INVALID_ARGUMENT over kRecordFieldsMax or kFieldsMax.
  Status add_field(std::string_view stored_key, StringCell value);
  /// INVALID_ARGUMENT if a key is given twice.
  Status end_record();

  Batch batch() const;

 private:
  size_t rows_ = 0;
  size_t columns_ = 0;
  InputMatrices matrices_;
  std::vector<double> numbers_;
  std::vector<StringCell> strings_;
  std::vector<Record> records_;
  std::vector<RecordField> fields_;
  size_t open_record_ = 0;              // the cell that begin_record() chose
  std::vector<std::string_view> keys_;  // of the open record, to be sorted
  TextStore texts_;
};

/// One output of a model for all rows of a batch, row-major rows x width. Which vector is filled
/// depends on the output: numbers (dense), indices (into the label tables of the signature) or
/// strings (cells point into the batch, the model or `texts`; valid while all three live).
struct OutputBuffer {
  size_t rows = 0;
  size_t width = 0;
  std::vector<double> numbers;
  std::vector<int32_t> indices;
  std::vector<StringCell> strings;
  std::shared_ptr<TextStore> texts;  // what the model made; null if it made none
};

}  // namespace slipway
