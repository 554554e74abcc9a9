// Arrow and Parquet, by the plug-in, into a FrameBuilder.
#include <fmt/format.h>

#include <algorithm>

#include "data/internal/read_text.h"
#include "rows/arrow_column.h"
#include "rows/arrow_library.h"
#include "rows/arrow_schema_size.h"

namespace slipway::data {
namespace {

using rows::ArrowColumn;
using Kind = ArrowColumn::Kind;

/// What the plug-in may allocate: a batch decoded, whatever its size on disk.
constexpr int64_t kMemoryMin = 256LL << 20;
constexpr int64_t kMemoryPerByte = 32;

class ArrowReader {
 public:
  ArrowReader(std::string_view bytes, bool is_parquet, FrameBuilder& builder)
      : bytes_(bytes), is_parquet_(is_parquet), builder_(builder) {}

  Status read() {
    if (!is_parquet_ && !rows::arrow_schema_is_bounded(bytes_)) {
      return broken("its schema points outside of itself, or takes far more memory than its bytes");
    }
    const SlipwayArrowPlugin* plugin = TRY(rows::arrow_library());
    const auto size = static_cast<int64_t>(bytes_.size());
    const int64_t memory_max = std::max(kMemoryMin, kMemoryPerByte * size);
    rows::ArrowMessage message;
    const auto open = is_parquet_ ? plugin->open_parquet : plugin->open_ipc;
    if (open(bytes_.data(), bytes_.size(), memory_max, &stream_, message.error()) != 0) {
      return broken(message.text());
    }
    if (stream_.get_schema(&stream_, &schema_) != 0) return stream_error();
    TRY_STATUS(add_columns());
    while (true) {
      batch_.clear();
      if (stream_.get_next(&stream_, &batch_) != 0) return stream_error();
      if (batch_.release == nullptr) return {};
      TRY_STATUS(add_batch());
    }
  }

 private:
  Status broken(const char* why) const {
    return invalid_argument(
        fmt::format("not a valid {} file: {}", is_parquet_ ? "Parquet" : "Arrow", why));
  }
  Status stream_error() {
    const char* text = stream_.get_last_error(&stream_);
    return broken(text == nullptr ? "no reason is given" : text);
  }

  Status add_columns() {
    for (int64_t i = 0; i < schema_.n_children; ++i) {
      const ArrowSchema& schema = *schema_.children[i];
      const size_t place =
          TRY(builder_.add_column(schema.name == nullptr ? "" : std::string(schema.name)));
      ColumnBuilder& column = builder_.column(place);
      if (column.is_ignored()) continue;
      switch (ArrowColumn::kind_of(schema)) {
        case Kind::kNull: break;
        case Kind::kBool: column.expect(ColumnKind::kBoolean); break;
        case Kind::kInteger:
        case Kind::kFloat:
        case Kind::kDecimal: column.expect(ColumnKind::kNumber); break;
        case Kind::kText: column.expect(ColumnKind::kText); break;
        case Kind::kTime: column.expect(ColumnKind::kTime); break;
        case Kind::kStruct:
        case Kind::kOther:
          return invalid_argument(fmt::format(
              "column '{}': expected numbers, texts, truth values, dates or timestamps, got {}; "
              "the type ignore leaves the column out (--type '{}=ignore')",
              column.name(), ArrowColumn::type_name(schema), column.name()));
      }
    }
    return {};
  }

  Status add_batch() {
    for (int64_t i = 0; i < schema_.n_children; ++i) {
      ColumnBuilder& column = builder_.column(static_cast<size_t>(i));
      if (column.is_ignored()) continue;
      TRY_STATUS(add_cells(*schema_.children[i], *batch_.children[i], column));
    }
    return builder_.end_rows(static_cast<size_t>(batch_.length));
  }

  Status add_cells(const ArrowSchema& schema, const ArrowArray& array, ColumnBuilder& column) {
    const ArrowColumn cells(schema, array);
    if (cells.kind() == Kind::kNull) return {};
    for (int64_t i = 0; i < batch_.length; ++i) {
      const int64_t place = batch_.offset + i;
      if (cells.is_null(place)) continue;
      const size_t row = builder_.row() + static_cast<size_t>(i);
      if (add_cell(cells, place, row, column)) continue;
      return wrong_cell(fmt::format("row {}", row + 1), column,
                        cells.kind() == Kind::kText ? std::string(cells.text(place))
                                                    : fmt::format("{}", cells.number(place)));
    }
    return {};
  }

  static bool add_cell(const ArrowColumn& cells, int64_t place, size_t row, ColumnBuilder& column) {
    switch (cells.kind()) {
      case Kind::kBool: return column.add_boolean(row, cells.number(place) != 0);
      case Kind::kText: return column.add_typed_text(row, cells.text(place));
      case Kind::kTime: return column.add_time(row, cells.number(place));
      default: return column.add_number(row, cells.number(place));
    }
  }

  const std::string_view bytes_;
  const bool is_parquet_;
  FrameBuilder& builder_;
  rows::Released<ArrowArrayStream> stream_;  // first: what it gave is released before it
  rows::Released<ArrowSchema> schema_;
  rows::Released<ArrowArray> batch_;
};

}  // namespace

Status read_arrow(std::string_view bytes, bool is_parquet, FrameBuilder& builder) {
  return ArrowReader(bytes, is_parquet, builder).read();
}

}  // namespace slipway::data
