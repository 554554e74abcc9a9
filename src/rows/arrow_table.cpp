// ArrowTable to the C data interface: arrays that point into the table's own values where they can.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "rows/arrow_library.h"
#include "rows/arrow_rows.h"

namespace slipway::rows {
namespace {

/// One column in Arrow's form. What `buffers` point to lives here or in the table.
struct ColumnArray {
  const char* format = "n";
  std::vector<uint8_t> validity;  // empty: all rows have a value
  std::vector<uint8_t> bits;      // of truth values
  std::vector<int32_t> offsets;   // of texts
  std::string text;
  int64_t null_count = 0;
  std::array<const void*, 3> buffers{};
  int64_t buffer_count = 2;
};

void set_bit(std::vector<uint8_t>& bits, size_t place) {
  bits[place / 8] = static_cast<uint8_t>(bits[place / 8] | 1U << (place % 8));
}

Status fill_texts(const std::vector<StringCell>& cells, std::string_view name, ColumnArray& array) {
  array.format = "u";
  array.buffer_count = 3;
  array.validity.assign((cells.size() + 7) / 8, 0);
  array.offsets.push_back(0);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].missing()) set_bit(array.validity, i);
    array.null_count += cells[i].missing() ? 1 : 0;
    if (cells[i].is_number()) {
      array.text += fmt::format("{}", cells[i].real);
    } else {
      array.text += cells[i].view();
    }
    if (array.text.size() > std::numeric_limits<int32_t>::max()) {
      return resource_exhausted(fmt::format("column '{}' holds over 2 GiB of text", name));
    }
    array.offsets.push_back(static_cast<int32_t>(array.text.size()));
  }
  array.buffers = {array.validity.data(), array.offsets.data(), array.text.data()};
  return {};
}

Status fill(const ArrowTable::Column& column, ColumnArray& array) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
    array.format = "g";
    array.buffers = {nullptr, numbers->data()};
  } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&column.values)) {
    array.format = "l";
    array.buffers = {nullptr, integers->data()};
  } else if (const auto* truths = std::get_if<std::vector<bool>>(&column.values)) {
    array.format = "b";
    array.bits.assign((truths->size() + 7) / 8, 0);
    for (size_t i = 0; i < truths->size(); ++i) {
      if ((*truths)[i]) set_bit(array.bits, i);
    }
    array.buffers = {nullptr, array.bits.data()};
  } else {
    return fill_texts(std::get<std::vector<StringCell>>(column.values), column.name, array);
  }
  return {};
}

/// A table as a stream of one batch. The structs that are handed out only point: this outlives
/// them.
class TableStream {
 public:
  Status open(const ArrowTable& table) {
    rows_ = static_cast<int64_t>(table.rows);
    arrays_.resize(table.columns.size());
    schemas_.resize(table.columns.size());
    values_.resize(table.columns.size());
    for (size_t i = 0; i < table.columns.size(); ++i) {
      ColumnArray& array = arrays_[i];
      TRY_STATUS(fill(table.columns[i], array));
      schemas_[i] = {array.format,
                     table.columns[i].name.c_str(),
                     nullptr,
                     ARROW_FLAG_NULLABLE,
                     0,
                     nullptr,
                     nullptr,
                     release_schema,
                     nullptr};
      values_[i] = {
          rows_,   array.null_count, 0,      array.buffer_count, 0, array.buffers.data(), nullptr,
          nullptr, release_array,    nullptr};
      schema_pointers_.push_back(&schemas_[i]);
      value_pointers_.push_back(&values_[i]);
    }
    return {};
  }

  ArrowArrayStream stream() {
    return {get_schema, get_next, [](ArrowArrayStream*) -> const char* { return ""; },
            [](ArrowArrayStream* stream) { stream->release = nullptr; }, this};
  }

 private:
  static void release_schema(ArrowSchema* schema) { schema->release = nullptr; }
  static void release_array(ArrowArray* array) { array->release = nullptr; }

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto& table = *static_cast<TableStream*>(stream->private_data);
    *out = {"+s",
            "",
            nullptr,
            0,
            static_cast<int64_t>(table.schemas_.size()),
            table.schema_pointers_.data(),
            nullptr,
            release_schema,
            nullptr};
    return 0;
  }

  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    auto& table = *static_cast<TableStream*>(stream->private_data);
    *out = {};
    if (table.given_) return 0;
    table.given_ = true;
    *out = {table.rows_,
            0,
            0,
            1,
            static_cast<int64_t>(table.values_.size()),
            table.no_validity_.data(),
            table.value_pointers_.data(),
            nullptr,
            release_array,
            nullptr};
    return 0;
  }

  int64_t rows_ = 0;
  bool given_ = false;
  std::vector<ColumnArray> arrays_;
  std::vector<ArrowSchema> schemas_;
  std::vector<ArrowArray> values_;
  std::vector<ArrowSchema*> schema_pointers_;
  std::vector<ArrowArray*> value_pointers_;
  std::array<const void*, 1> no_validity_{};
};

}  // namespace

Status write_arrow(const ArrowTable& table, std::string& out) {
  const SlipwayArrowPlugin* plugin = TRY(arrow_library());
  TableStream columns;
  TRY_STATUS(columns.open(table));
  ArrowArrayStream stream = columns.stream();
  ArrowMessage message;
  const auto sink = [](void* context, const void* bytes, size_t size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(bytes), size);
  };
  if (plugin->write_ipc(&stream, sink, &out, message.error()) != 0) {
    return internal_error(fmt::format("Arrow cannot write the answer: {}", message.text()));
  }
  return {};
}

}  // namespace slipway::rows
