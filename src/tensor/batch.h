// Batch and OutputBuffer: rows on their way into a model and answers on their way out.
//
//   protocols --InputBuffer--> Batch --Executable--> OutputBuffer --> protocols
//
// A tabular model sees its columns in two row-major matrices, both as wide as the model has
// columns: `numbers` (column i of a text column is ignored) and `strings` (likewise for numeric
// columns; null when the model has no text column). A purely numeric model so gets its rows without
// a copy.
//
// Ownership: Batch only points; InputBuffer owns. Thread rule: single-sequence values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace slipway {

/// One cell of a text column. Python knows two missing values, and encoders tell them apart; JSON
/// and CSV have one word for both, kAbsent, which counts as whichever of the two the model knows.
struct StringCell {
  enum class Kind : uint8_t { kText, kNone, kNan, kAbsent };

  const char* data = nullptr;
  uint32_t size = 0;
  Kind kind = Kind::kAbsent;

  static StringCell text(std::string_view view) {
    return {view.data(), static_cast<uint32_t>(view.size()), Kind::kText};
  }
  static StringCell none() { return {nullptr, 0, Kind::kNone}; }
  static StringCell nan() { return {nullptr, 0, Kind::kNan}; }
  static StringCell absent() { return {}; }
  bool missing() const { return kind != Kind::kText; }
  std::string_view view() const { return {data, size}; }
};

/// Rows of input. `numbers` holds rows x columns doubles; `strings` rows x columns cells or null.
struct Batch {
  size_t rows = 0;
  const double* numbers = nullptr;
  const StringCell* strings = nullptr;
};

/// Owns the rows that a Batch points to; reused from request to request without allocating.
class InputBuffer {
 public:
  /// Room for rows x columns cells, numbers set to NaN, strings to absent (only if has_strings).
  void reset(size_t rows, size_t columns, bool has_strings);
  /// One more row behind the others (for readers that do not know the row count beforehand).
  void add_row();

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  double* number_row(size_t row) { return numbers_.data() + row * columns_; }
  StringCell* string_row(size_t row) { return strings_.data() + row * columns_; }
  /// Copies the text into storage that lives until the next reset().
  StringCell store(std::string_view text);
  Batch batch() const;

 private:
  static constexpr size_t kBlockBytes = 16 * 1024;

  size_t rows_ = 0;
  size_t columns_ = 0;
  bool has_strings_ = false;
  std::vector<double> numbers_;
  std::vector<StringCell> strings_;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::vector<Block> blocks_;  // text bytes; the first one is kept between requests
  size_t block_index_ = 0;
  size_t block_used_ = 0;
};

/// One output of a model for all rows of a batch, row-major rows x width. Which vector is filled
/// depends on the output: numbers (dense), indices (into the label tables of the signature) or
/// strings (cells point into the batch or the model; valid while both live).
struct OutputBuffer {
  size_t rows = 0;
  size_t width = 0;
  std::vector<double> numbers;
  std::vector<int32_t> indices;
  std::vector<StringCell> strings;
};

}  // namespace slipway
