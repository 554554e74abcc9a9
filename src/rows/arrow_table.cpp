// ArrowTable as an IPC stream: the message of its schema, that of its one batch, the end.
#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "rows/arrow_library.h"
#include "rows/arrow_metadata.h"
#include "rows/arrow_rows.h"
#include "rows/flat_buffer.h"

namespace slipway::rows {
namespace {

namespace meta = arrow_metadata;

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;
using Truths = std::vector<bool>;
using Texts = std::vector<StringCell>;

template <typename T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The metadata of one message; what follows it in `out` is its body.
class Message {
 public:
  Message(std::string& out, uint8_t type)
      : out_(out), begin_(begin(out)), flat_(out), root_(add_root()) {
    flat_.point(0, root_);
    flat_.set(FlatWriter::field(root_, meta::message::kVersion), meta::kVersion5);
    flat_.set(FlatWriter::field(root_, meta::message::kHeaderType), type);
  }

  FlatWriter& flat() { return flat_; }

  size_t header(std::initializer_list<uint16_t> fields) {
    return table(FlatWriter::field(root_, meta::message::kHeader), fields);
  }
  /// A new table, to which a place points.
  size_t table(size_t place, std::initializer_list<uint16_t> fields) {
    const size_t table = flat_.table(fields);
    flat_.point(place, table);
    return table;
  }
  /// A new vector, to which a place points.
  size_t vector(size_t place, size_t count, size_t element_size) {
    const size_t vector = flat_.vector(count, element_size);
    flat_.point(place, vector);
    return vector;
  }

  /// Ends the metadata; the body begins.
  void begin_body() {
    flat_.pad();
    body_ = out_.size();
    const auto size = static_cast<uint32_t>(body_ - begin_);
    std::memcpy(out_.data() + begin_ - sizeof size, &size, sizeof size);
  }
  size_t body_size() const { return out_.size() - body_; }
  void end_body() {
    flat_.set(FlatWriter::field(root_, meta::message::kBodyLength),
              static_cast<int64_t>(body_size()));
  }

 private:
  static size_t begin(std::string& out) {
    append_raw(out, meta::kContinuation);
    append_raw(out, uint32_t{0});  // the metadata's size, once it is known
    return out.size();
  }
  size_t add_root() {
    namespace message = meta::message;
    return flat_.table(
        {message::kVersion, message::kHeaderType, message::kHeader, message::kBodyLength});
  }

  std::string& out_;
  const size_t begin_;
  FlatWriter flat_;
  const size_t root_;
  size_t body_ = 0;
};

uint8_t type_of(const ArrowTable::Values& values) {
  namespace field = meta::field;
  constexpr uint8_t kTypes[] = {field::kFloatingPoint, field::kInt, field::kBool, field::kUtf8};
  static_assert(std::is_same_v<std::variant_alternative_t<0, ArrowTable::Values>, Doubles> &&
                std::is_same_v<std::variant_alternative_t<1, ArrowTable::Values>, Integers> &&
                std::is_same_v<std::variant_alternative_t<2, ArrowTable::Values>, Truths> &&
                std::is_same_v<std::variant_alternative_t<3, ArrowTable::Values>, Texts>);
  return kTypes[values.index()];
}

void write_type(Message& message, size_t place, uint8_t type) {
  switch (type) {
    case meta::field::kInt: {
      const size_t table =
          message.table(place, {meta::integer::kBitWidth, meta::integer::kIsSigned});
      message.flat().set(FlatWriter::field(table, meta::integer::kBitWidth), int32_t{64});
      message.flat().set(FlatWriter::field(table, meta::integer::kIsSigned), uint8_t{1});
      break;
    }
    case meta::field::kFloatingPoint: {
      const size_t table = message.table(place, {meta::floating_point::kPrecision});
      message.flat().set(FlatWriter::field(table, meta::floating_point::kPrecision),
                         meta::floating_point::kDouble);
      break;
    }
    default: message.table(place, {0});
  }
}

void write_field(Message& message, size_t place, const ArrowTable::Column& column) {
  namespace field = meta::field;
  FlatWriter& flat = message.flat();
  const size_t table = message.table(
      place, {field::kName, field::kNullable, field::kTypeType, field::kType, field::kChildren});
  const uint8_t type = type_of(column.values);
  flat.point(FlatWriter::field(table, field::kName), flat.text(column.name));
  flat.set(FlatWriter::field(table, field::kNullable), uint8_t{1});
  flat.set(FlatWriter::field(table, field::kTypeType), type);
  write_type(message, FlatWriter::field(table, field::kType), type);
  message.vector(FlatWriter::field(table, field::kChildren), 0, 4);
}

void write_schema(const ArrowTable& table, std::string& out) {
  Message message(out, meta::message::kSchema);
  const size_t schema = message.header({meta::schema::kFields});
  const size_t fields =
      message.vector(FlatWriter::field(schema, meta::schema::kFields), table.columns.size(), 4);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    write_field(message, FlatWriter::element(fields, i, 4), table.columns[i]);
  }
  message.begin_body();
}

/// The batch's message. Its nodes and buffers are set as the columns' values are appended.
class BatchWriter {
 public:
  BatchWriter(const ArrowTable& table, std::string& out)
      : out_(out), rows_(table.rows), message_(out, meta::message::kRecordBatch) {
    namespace batch = meta::record_batch;
    size_t buffers = 0;
    for (const ArrowTable::Column& column : table.columns) {
      buffers += std::holds_alternative<Texts>(column.values) ? 3 : 2;
    }
    const size_t header = message_.header({batch::kLength, batch::kNodes, batch::kBuffers});
    message_.flat().set(FlatWriter::field(header, batch::kLength), static_cast<int64_t>(rows_));
    node_ = FlatWriter::element(message_.vector(FlatWriter::field(header, batch::kNodes),
                                                table.columns.size(), batch::kNodeSize),
                                0, 0);
    buffer_ = FlatWriter::element(
        message_.vector(FlatWriter::field(header, batch::kBuffers), buffers, batch::kBufferSize), 0,
        0);
    message_.begin_body();
  }

  Status write(const ArrowTable::Column& column) {
    if (const auto* texts = std::get_if<Texts>(&column.values)) {
      return write_texts(*texts, column.name);
    }
    add_node(0);
    end_buffer(message_.body_size());  // nothing is null: no bitmap
    const size_t begin = message_.body_size();
    if (const auto* doubles = std::get_if<Doubles>(&column.values)) {
      append_values(*doubles);
    } else if (const auto* integers = std::get_if<Integers>(&column.values)) {
      append_values(*integers);
    } else {
      const auto& truths = std::get<Truths>(column.values);
      append_bits([&](size_t row) { return truths[row]; });
    }
    end_buffer(begin);
    return {};
  }

  void end() { message_.end_body(); }

 private:
  Status write_texts(const Texts& cells, std::string_view name) {
    int64_t nulls = 0;
    for (const StringCell& cell : cells) nulls += cell.missing() ? 1 : 0;
    add_node(nulls);
    size_t begin = message_.body_size();
    if (nulls > 0) append_bits([&](size_t row) { return !cells[row].missing(); });
    end_buffer(begin);
    begin = message_.body_size();
    const size_t offsets = out_.size();
    out_.append((rows_ + 1) * sizeof(int32_t), '\0');
    end_buffer(begin);
    begin = message_.body_size();
    for (size_t row = 0; row < rows_; ++row) {
      if (cells[row].is_number()) {
        fmt::format_to(std::back_inserter(out_), "{}", cells[row].real);
      } else {
        out_.append(cells[row].view());
      }
      const size_t size = message_.body_size() - begin;
      if (size > std::numeric_limits<int32_t>::max()) {
        return resource_exhausted(fmt::format("column '{}' holds over 2 GiB of text", name));
      }
      const auto offset = static_cast<int32_t>(size);
      std::memcpy(out_.data() + offsets + (row + 1) * sizeof offset, &offset, sizeof offset);
    }
    end_buffer(begin);
    return {};
  }

  template <typename T>
  void append_values(const std::vector<T>& values) {
    out_.append(reinterpret_cast<const char*>(values.data()), rows_ * sizeof(T));
  }

  template <typename Bit>
  void append_bits(Bit bit) {
    const size_t begin = out_.size();
    out_.append((rows_ + 7) / 8, '\0');
    for (size_t row = 0; row < rows_; ++row) {
      char& byte = out_[begin + row / 8];
      if (bit(row)) byte = static_cast<char>(static_cast<uint8_t>(byte) | 1U << (row % 8));
    }
  }

  void add_node(int64_t nulls) {
    message_.flat().set(node_, static_cast<int64_t>(rows_));
    message_.flat().set(node_ + 8, nulls);
    node_ += meta::record_batch::kNodeSize;
  }

  /// A buffer that began at this place of the body, and pads it for the next one.
  void end_buffer(size_t begin) {
    const size_t size = message_.body_size() - begin;
    message_.flat().set(buffer_, static_cast<int64_t>(begin));
    message_.flat().set(buffer_ + 8, static_cast<int64_t>(size));
    buffer_ += meta::record_batch::kBufferSize;
    out_.append((8 - size % 8) % 8, '\0');
  }

  std::string& out_;
  const size_t rows_;
  Message message_;
  size_t node_ = 0;
  size_t buffer_ = 0;
};

}  // namespace

Status write_arrow(const ArrowTable& table, std::string& out) {
  write_schema(table, out);
  BatchWriter batch(table, out);
  for (const ArrowTable::Column& column : table.columns) TRY_STATUS(batch.write(column));
  batch.end();
  append_raw(out, meta::kContinuation);
  append_raw(out, uint32_t{0});
  return {};
}

}  // namespace slipway::rows
