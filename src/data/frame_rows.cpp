// RowSource over a Frame.
#include "data/frame_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/cell_text.h"
#include "rows/column_match.h"

namespace slipway::data {
namespace {

using rows::ColumnMatch;
using rows::ColumnTarget;
using rows::KeyCell;

/// Whether a column of a model can take the Frame's.
bool takes(const InputColumn& wanted, const Column& column) {
  if (wanted.is_record()) return false;
  if (column.missing_count == column.rows()) return true;  // of no kind at all
  if (!wanted.is_text()) return column.is_numeric();
  if (column.kind == ColumnKind::kTime && rows::holds_times(wanted)) return true;
  return column.is_text() ||
         (wanted.takes_integers && column.kind == ColumnKind::kNumber && column.is_whole);
}

class FrameRows final : public rows::RowSource {
 public:
  FrameRows(const Frame& frame, const Signature& signature,
            std::optional<std::span<const uint32_t>> places)
      : frame_(frame), signature_(signature), places_(places) {}

  const std::vector<std::string>& key_names() const override { return match_.key_names; }

  Status open(const std::vector<std::string>& keys, const std::vector<std::string>& ignored) {
    for (const std::string& name : ignored) {
      if (frame_.find(name) == nullptr) {
        return invalid_argument(fmt::format("there is no column '{}' to leave out", name));
      }
    }
    std::vector<std::string> names;
    for (const Column& column : frame_.columns) {
      if (std::find(ignored.begin(), ignored.end(), column.name) != ignored.end()) continue;
      columns_.push_back(&column);
      names.push_back(column.name);
    }
    match_ = TRY(rows::match_columns(names, signature_, keys));
    for (size_t i = 0; i < columns_.size(); ++i) TRY_STATUS(check_kind(i));
    return {};
  }

  Result<size_t> next(size_t rows_max, InputBuffer& input, std::vector<KeyCell>& keys) override {
    const size_t count = std::min(rows_max, (places_ ? places_->size() : frame_.rows) - row_);
    input.reset(count, signature_.columns.size(), signature_.matrices);
    keys.clear();
    if (signature_.rows_are_records) TRY_STATUS(fill_records(count, input));
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (match_.targets[i].kind != ColumnTarget::Kind::kFeature) continue;
      const uint32_t target = match_.targets[i].index;
      if (signature_.columns[target].is_used) fill_column(*columns_[i], target, count, input);
    }
    for (size_t i = 0; i < count; ++i) {
      for (const size_t place : match_.key_columns)
        keys.push_back(key(*columns_[place], row_at(i)));
    }
    row_ += count;
    return count;
  }

 private:
  /// The frame's row that is the i-th of the batch.
  size_t row_at(size_t i) const { return places_ ? (*places_)[row_ + i] : row_ + i; }

  Status check_kind(size_t place) const {
    if (match_.targets[place].kind != ColumnTarget::Kind::kFeature) return {};
    const InputColumn& wanted = signature_.columns[match_.targets[place].index];
    const Column& column = *columns_[place];
    if (!wanted.is_used || takes(wanted, column)) return {};
    const std::string_view name = wanted.is_record() ? "objects"
                                  : wanted.is_text() ? "texts"
                                                     : "numbers";
    return invalid_argument(fmt::format("column '{}': the model takes {}, got the type {}",
                                        column.name, name, column_kind_name(column.kind)));
  }

  void fill_column(const Column& column, uint32_t target, size_t count, InputBuffer& input) const {
    const bool wants_text = signature_.columns[target].is_text();
    for (size_t i = 0; i < count; ++i) {
      const size_t row = row_at(i);
      if (column.is_missing(row)) continue;  // cells begin as missing
      if (!wants_text) {
        input.number_row(i)[target] = column.numbers[row];
      } else {
        input.string_row(i)[target] = text_cell(column, row, input);
      }
    }
  }

  /// The Frame outlives the rows: its texts need no copy.
  static StringCell text_cell(const Column& column, size_t row, InputBuffer& input) {
    return column.is_text() ? StringCell::text(column.dictionary.text(column.codes[row]))
                            : input.store(column.cell_text(row));
  }

  Status fill_records(size_t count, InputBuffer& input) const {
    for (size_t i = 0; i < count; ++i) {
      input.begin_record(i, 0);
      for (size_t place = 0; place < columns_.size(); ++place) {
        if (match_.targets[place].kind != ColumnTarget::Kind::kField) continue;
        TRY_STATUS(add_field(*columns_[place], row_at(i), input));
      }
      Status ended = input.end_record();
      if (!ended.ok()) return std::move(ended).with_context(fmt::format("row {}", row_at(i) + 1));
    }
    return {};
  }

  /// Of a row without a value the record has no such key.
  static Status add_field(const Column& column, size_t row, InputBuffer& input) {
    if (column.is_missing(row)) return {};
    return input.add_field(
        input.store_key(column.name),
        column.is_text() ? text_cell(column, row, input) : StringCell::number(column.numbers[row]));
  }

  static KeyCell key(const Column& column, size_t row) {
    if (column.is_missing(row)) return {"null", true};
    const bool is_json =
        (column.kind == ColumnKind::kNumber && std::isfinite(column.numbers[row])) ||
        column.kind == ColumnKind::kBoolean;
    return {column.cell_text(row), is_json};
  }

  const Frame& frame_;
  const Signature& signature_;
  const std::optional<std::span<const uint32_t>> places_;
  std::vector<const Column*> columns_;  // those that are not ignored
  ColumnMatch match_;
  size_t row_ = 0;
};

}  // namespace

Result<std::unique_ptr<rows::RowSource>> open_frame_rows(
    const Frame& frame, const Signature& signature, const std::vector<std::string>& keys,
    const std::vector<std::string>& ignored, std::optional<std::span<const uint32_t>> places) {
  auto rows = std::make_unique<FrameRows>(frame, signature, places);
  TRY_STATUS(rows->open(keys, ignored));
  return std::unique_ptr<rows::RowSource>(std::move(rows));
}

}  // namespace slipway::data
