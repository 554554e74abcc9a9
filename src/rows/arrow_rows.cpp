// RowSource over Arrow tables.
#include "rows/arrow_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rows/arrow_column.h"
#include "rows/arrow_library.h"
#include "rows/arrow_plain.h"
#include "rows/arrow_schema_size.h"
#include "rows/column_match.h"
#include "text/time_form.h"

namespace slipway::rows {
namespace {

using Kind = ArrowColumn::Kind;

/// What the plug-in may allocate beside the bytes: compressed buffers claim what they like.
constexpr int64_t kMemoryMin = 64LL << 20;
constexpr int64_t kMemoryPerByte = 16;
/// Of a Parquet file all is decoded, a batch at a time.
constexpr int64_t kParquetMemoryMin = 256LL << 20;
constexpr int64_t kParquetMemoryPerByte = 32;
/// Cells in one reading: a column of nulls, or a compressed one, takes no bytes for its rows.
constexpr size_t kCellsMin = 1ULL << 20;
constexpr size_t kCellsMax = 1ULL << 28;
constexpr size_t kCellsPerByte = 64;

std::string_view name_of(const ArrowSchema& schema) {
  return schema.name == nullptr ? std::string_view() : schema.name;
}

std::string_view kind_wanted(const InputColumn& column) {
  return column.is_record() ? "a struct" : column.is_text() ? "texts" : "numbers";
}

bool is_number(Kind kind) {
  return kind == Kind::kBool || kind == Kind::kInteger || kind == Kind::kFloat ||
         kind == Kind::kDecimal;
}

bool takes(const InputColumn& column, Kind kind) {
  if (column.is_record()) return kind == Kind::kStruct;
  if (kind == Kind::kNull) return true;
  if (!column.is_text()) return is_number(kind);
  if (kind == Kind::kTime) return holds_times(column);
  return kind == Kind::kText || (column.takes_integers && kind == Kind::kInteger);
}

class ArrowRows final : public RowSource {
 public:
  ArrowRows(std::string_view bytes, bool is_parquet, const Signature& signature)
      : bytes_(bytes),
        is_parquet_(is_parquet),
        cells_max_(std::clamp(bytes.size() * kCellsPerByte, kCellsMin, kCellsMax)),
        signature_(signature) {}

  const std::vector<std::string>& key_names() const override { return match_.key_names; }

  Status open(const std::vector<std::string>& keys, ArrowPlugin plugin) {
    if (is_parquet_ || !open_plain_arrow(bytes_, stream_)) {
      if (plugin == ArrowPlugin::kAsked && !arrow_library_was_tried()) {
        return unavailable("Arrow's plug-in is not open yet");
      }
      TRY_STATUS(open_by_plugin());
    }
    if (stream_.get_schema(&stream_, &schema_) != 0) return stream_error();
    return match(keys);
  }

  Result<size_t> next(size_t rows_max, InputBuffer& input, std::vector<KeyCell>& keys) override {
    input.reset(0, signature_.columns.size(), signature_.matrices);
    keys.clear();
    while (input.rows() < rows_max) {
      if (row_ == batch_.length && !TRY(next_batch())) break;
      const auto left = static_cast<size_t>(batch_.length - row_);
      const size_t count = std::min(left, rows_max - input.rows());
      if (input.rows() + count > cells_max_ / std::max<size_t>(input.columns(), 1)) {
        return resource_exhausted(
            fmt::format("a table of {} bytes holds at most {} cells", bytes_.size(), cells_max_));
      }
      TRY_STATUS(add_rows(count, input, keys));
      row_ += static_cast<int64_t>(count);
      total_ += count;
    }
    return input.rows();
  }

 private:
  Status open_by_plugin() {
    if (!is_parquet_ && !arrow_schema_is_bounded(bytes_)) {
      return broken("its schema points outside of itself, or takes far more memory than its bytes");
    }
    const SlipwayArrowPlugin* plugin = TRY(arrow_library());
    const auto size = static_cast<int64_t>(bytes_.size());
    ArrowMessage message;
    const auto open_stream = is_parquet_ ? plugin->open_parquet : plugin->open_ipc;
    const int64_t memory_max = is_parquet_
                                   ? std::max(kParquetMemoryMin, kParquetMemoryPerByte * size)
                                   : std::max(kMemoryMin, kMemoryPerByte * size);
    if (open_stream(bytes_.data(), bytes_.size(), memory_max, &stream_, message.error()) != 0) {
      return broken(message.text());
    }
    return {};
  }

  Status stream_error() {
    const char* text = stream_.get_last_error(&stream_);
    return broken(text == nullptr ? "no reason is given" : text);
  }

  Status broken(const char* why) const {
    return invalid_argument(
        fmt::format("not a valid {}: {}", is_parquet_ ? "Parquet file" : "Arrow stream", why));
  }

  Status match(const std::vector<std::string>& keys) {
    std::vector<std::string> names;
    for (int64_t i = 0; i < schema_.n_children; ++i)
      names.emplace_back(name_of(*schema_.children[i]));
    match_ = TRY(match_columns(names, signature_, keys));
    for (size_t i = 0; i < names.size(); ++i) {
      const ArrowSchema& schema = *schema_.children[i];
      const Kind kind = ArrowColumn::kind_of(schema);
      if (match_.targets[i].kind == ColumnTarget::Kind::kField &&
          !(is_number(kind) || kind == Kind::kText || kind == Kind::kNull)) {
        return invalid_argument(fmt::format("column '{}': expected numbers or texts, got {}",
                                            names[i], ArrowColumn::type_name(schema)));
      }
      if (match_.targets[i].kind != ColumnTarget::Kind::kFeature) continue;
      const InputColumn& column = signature_.columns[match_.targets[i].index];
      if (!column.is_used) continue;
      if (!takes(column, kind)) return wrong_type(column, schema);
      TRY_STATUS(check_fields(column, schema));
    }
    return {};
  }

  static Status wrong_type(const InputColumn& column, const ArrowSchema& schema) {
    return invalid_argument(fmt::format("column '{}': expected {}, got {}", column.name,
                                        kind_wanted(column), ArrowColumn::type_name(schema)));
  }

  static Status check_fields(const InputColumn& column, const ArrowSchema& schema) {
    for (int64_t i = 0; column.is_record() && i < schema.n_children; ++i) {
      const ArrowSchema& field = *schema.children[i];
      const Kind kind = ArrowColumn::kind_of(field);
      if (is_number(kind) || kind == Kind::kText || kind == Kind::kNull) continue;
      return invalid_argument(
          fmt::format("column '{}', field '{}': expected numbers or texts, got {}", column.name,
                      name_of(field), ArrowColumn::type_name(field)));
    }
    return {};
  }

  Result<bool> next_batch() {
    do {
      batch_.clear();
      row_ = 0;
      if (stream_.get_next(&stream_, &batch_) != 0) {
        batch_.length = 0;
        return stream_error();
      }
      if (batch_.release == nullptr) {
        batch_.length = 0;
        return false;
      }
    } while (batch_.length == 0);
    return true;
  }

  Status add_rows(size_t count, InputBuffer& input, std::vector<KeyCell>& keys) {
    const size_t first = input.rows();
    for (size_t i = 0; i < count; ++i) input.add_row();
    if (signature_.rows_are_records) TRY_STATUS(fill_row_records(first, count, input));
    for (size_t i = 0; i < match_.targets.size(); ++i) {
      if (match_.targets[i].kind != ColumnTarget::Kind::kFeature) continue;
      const uint32_t target = match_.targets[i].index;
      if (signature_.columns[target].is_used)
        TRY_STATUS(fill_column(i, target, first, count, input));
    }
    add_keys(count, keys);
    return {};
  }

  Status fill_column(size_t place, uint32_t target, size_t first, size_t count,
                     InputBuffer& input) {
    const InputColumn& wanted = signature_.columns[target];
    if (wanted.is_record()) return fill_struct(place, target, first, count, input);
    const ArrowColumn column(*schema_.children[place], *batch_.children[place]);
    for (size_t i = 0; i < count; ++i) {
      const int64_t row = batch_.offset + row_ + static_cast<int64_t>(i);
      if (column.kind() == Kind::kNull || column.is_null(row)) continue;  // cells begin as missing
      if (!wanted.is_text()) {
        input.number_row(first + i)[target] = column.number(row);
      } else if (column.kind() == Kind::kText) {
        input.string_row(first + i)[target] = input.store(column.text(row));
      } else if (column.kind() == Kind::kTime) {
        input.string_row(first + i)[target] = input.store(text::time_text(column.number(row)));
      } else {
        input.string_row(first + i)[target] = input.store(column.digits(row));
      }
    }
    return {};
  }

  /// The fields of a struct column: the struct's own offset counts for its children too.
  Status fill_struct(size_t place, uint32_t target, size_t first, size_t count,
                     InputBuffer& input) {
    const ArrowSchema& schema = *schema_.children[place];
    const ArrowArray& array = *batch_.children[place];
    const ArrowColumn column(schema, array);
    for (size_t i = 0; i < count; ++i) {
      const int64_t row = batch_.offset + row_ + static_cast<int64_t>(i);
      input.begin_record(first + i, target);
      for (int64_t field = 0; !column.is_null(row) && field < schema.n_children; ++field) {
        TRY_STATUS(
            add_field(*schema.children[field], *array.children[field], array.offset + row, input));
      }
      Status ended = input.end_record();
      if (!ended.ok()) return in_row(std::move(ended), i);
    }
    return {};
  }

  Status fill_row_records(size_t first, size_t count, InputBuffer& input) {
    for (size_t i = 0; i < count; ++i) {
      const int64_t row = batch_.offset + row_ + static_cast<int64_t>(i);
      input.begin_record(first + i, 0);
      for (size_t place = 0; place < match_.targets.size(); ++place) {
        if (match_.targets[place].kind != ColumnTarget::Kind::kField) continue;
        TRY_STATUS(add_field(*schema_.children[place], *batch_.children[place], row, input));
      }
      Status ended = input.end_record();
      if (!ended.ok()) return in_row(std::move(ended), i);
    }
    return {};
  }

  /// Of a row without a value the record has no such key.
  static Status add_field(const ArrowSchema& schema, const ArrowArray& array, int64_t row,
                          InputBuffer& input) {
    const ArrowColumn column(schema, array);
    if (column.kind() == Kind::kNull || column.is_null(row)) return {};
    return input.add_field(input.store_key(name_of(schema)),
                           is_number(column.kind()) ? StringCell::number(column.number(row))
                                                    : input.store(column.text(row)));
  }

  Status in_row(Status status, size_t row) const {
    return std::move(status).with_context(fmt::format("row {}", total_ + row));
  }

  void add_keys(size_t count, std::vector<KeyCell>& keys) const {
    for (size_t i = 0; i < count; ++i) {
      const int64_t row = batch_.offset + row_ + static_cast<int64_t>(i);
      for (const size_t place : match_.key_columns) {
        keys.push_back(key_cell(*schema_.children[place], *batch_.children[place], row));
      }
    }
  }

  static KeyCell key_cell(const ArrowSchema& schema, const ArrowArray& array, int64_t row) {
    const ArrowColumn column(schema, array);
    switch (column.kind()) {
      case Kind::kOther:
      case Kind::kStruct:
      case Kind::kTime:
      case Kind::kNull: return {"null", true};
      default: break;
    }
    if (column.is_null(row)) return {"null", true};
    if (column.kind() == Kind::kText) return {std::string(column.text(row)), false};
    if (column.kind() == Kind::kInteger) return {column.digits(row), true};
    if (column.kind() == Kind::kBool) return {column.number(row) != 0 ? "true" : "false", true};
    const double number = column.number(row);
    return {std::isfinite(number) ? fmt::format("{}", number) : "null", true};
  }

  const std::string_view bytes_;
  const bool is_parquet_;
  const size_t cells_max_;
  const Signature& signature_;
  Released<ArrowArrayStream> stream_;  // first: what it gave is released before it
  Released<ArrowSchema> schema_;
  Released<ArrowArray> batch_;
  int64_t row_ = 0;     // the next one of the batch
  uint64_t total_ = 0;  // rows of all calls
  ColumnMatch match_;
};

}  // namespace

Result<std::unique_ptr<RowSource>> open_arrow_rows(std::string_view bytes,
                                                   const Signature& signature,
                                                   const std::vector<std::string>& keys,
                                                   ArrowPlugin plugin) {
  auto rows = std::make_unique<ArrowRows>(bytes, false, signature);
  TRY_STATUS(rows->open(keys, plugin));
  return std::unique_ptr<RowSource>(std::move(rows));
}

Result<std::unique_ptr<RowSource>> open_parquet_rows(std::string_view bytes,
                                                     const Signature& signature,
                                                     const std::vector<std::string>& keys) {
  auto rows = std::make_unique<ArrowRows>(bytes, true, signature);
  TRY_STATUS(rows->open(keys, ArrowPlugin::kOpened));
  return std::unique_ptr<RowSource>(std::move(rows));
}

bool holds_parquet(std::string_view bytes) { return bytes.starts_with("PAR1"); }

bool holds_arrow(std::string_view bytes) {
  return bytes.starts_with("ARROW1") || bytes.starts_with("\xff\xff\xff\xff");
}

}  // namespace slipway::rows
