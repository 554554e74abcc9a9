#include "rows/arrow_plain.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "rows/arrow_metadata.h"
#include "rows/flat_buffer.h"

namespace slipway::rows {
namespace {

namespace meta = arrow_metadata;

/// More columns than this are Arrow C++'s: a field takes four bytes of a stream that repeats one.
constexpr size_t kFieldsMax = 4096;

/// How a column of a type lies in its buffers.
struct Layout {
  const char* format = nullptr;  // of the C data interface; none: not plain
  uint32_t bits = 0;             // of a value, or of an offset of texts
  bool is_text = false;
};

Layout integer_layout(int32_t bits, bool is_signed) {
  switch (bits) {
    case 8: return {is_signed ? "c" : "C", 8};
    case 16: return {is_signed ? "s" : "S", 16};
    case 32: return {is_signed ? "i" : "I", 32};
    case 64: return {is_signed ? "l" : "L", 64};
    default: return {};
  }
}

Layout float_layout(int16_t precision) {
  switch (precision) {
    case meta::floating_point::kHalf: return {"e", 16};
    case meta::floating_point::kSingle: return {"f", 32};
    case meta::floating_point::kDouble: return {"g", 64};
    default: return {};
  }
}

Layout layout_of(FlatReader& flat, size_t field) {
  const size_t type = flat.table(field, meta::field::kType);
  if (type == 0 || flat.table(field, meta::field::kDictionary) != 0) return {};
  if (flat.vector(field, meta::field::kChildren, 4).count != 0) return {};
  switch (flat.number<uint8_t>(field, meta::field::kTypeType, 0)) {
    case meta::field::kInt:
      return integer_layout(flat.number<int32_t>(type, meta::integer::kBitWidth, 0),
                            flat.number<uint8_t>(type, meta::integer::kIsSigned, 0) != 0);
    case meta::field::kFloatingPoint:
      return float_layout(flat.number<int16_t>(type, meta::floating_point::kPrecision, 0));
    case meta::field::kBool: return {"b", 1};
    case meta::field::kUtf8: return {"u", 32, true};
    case meta::field::kLargeUtf8: return {"U", 64, true};
    default: return {};
  }
}

/// The next message of a stream.
struct Message {
  std::string_view metadata;  // empty: the stream has ended
  uint8_t type = 0;
  size_t header = 0;
  std::string_view body;
};

/// Takes a message off the front of the bytes; none if it is not whole or of another version.
std::optional<Message> take_message(std::string_view& bytes) {
  if (bytes.empty()) return Message{};
  FlatReader prefix(bytes);
  const auto continuation = prefix.at<uint32_t>(0);
  const size_t size = prefix.at<uint32_t>(4);
  if (!prefix.ok() || continuation != meta::kContinuation) return std::nullopt;
  bytes.remove_prefix(8);
  if (size == 0) return Message{};
  if (size > bytes.size()) return std::nullopt;
  Message message{.metadata = bytes.substr(0, size)};
  bytes.remove_prefix(size);
  FlatReader flat(message.metadata);
  const size_t root = flat.root();
  const auto version = flat.number<int16_t>(root, meta::message::kVersion, 0);
  message.type = flat.number<uint8_t>(root, meta::message::kHeaderType, 0);
  message.header = flat.table(root, meta::message::kHeader);
  const auto body_size =
      static_cast<uint64_t>(flat.number<int64_t>(root, meta::message::kBodyLength, 0));
  if (!flat.ok() || version != meta::kVersion5 || message.header == 0 || body_size > bytes.size()) {
    return std::nullopt;
  }
  message.body = bytes.substr(0, body_size);
  bytes.remove_prefix(body_size);
  return message;
}

/// Whether the offsets rise within the text and cut it into valid UTF-8.
template <typename Offset>
bool holds_texts(std::string_view offsets, std::string_view text, size_t rows) {
  const auto offset = [&](size_t place) {
    Offset value;
    std::memcpy(&value, offsets.data() + place * sizeof(Offset), sizeof(Offset));
    return value;
  };
  if (rows == 0) return true;
  if (offsets.size() / sizeof(Offset) < rows + 1 || offset(0) < 0) return false;
  for (size_t row = 0; row < rows; ++row) {
    const Offset begin = offset(row);
    const Offset end = offset(row + 1);
    if (end < begin || static_cast<uint64_t>(end) > text.size()) return false;
    if (!simdjson::validate_utf8(text.data() + begin, static_cast<size_t>(end - begin))) {
      return false;
    }
  }
  return true;
}

/// A whole stream, and what its arrays point to beside its bytes.
class PlainStream {
 public:
  bool read(std::string_view bytes) {
    std::optional<Message> message = take_message(bytes);
    if (!message || message->type != meta::message::kSchema || !read_schema(*message)) return false;
    for (;;) {
      message = take_message(bytes);
      if (!message) return false;
      if (message->metadata.empty()) break;
      if (message->type != meta::message::kRecordBatch || !read_batch(*message)) return false;
    }
    point();
    return true;
  }

  static ArrowArrayStream exported(std::unique_ptr<PlainStream> stream) {
    return {get_schema, get_next, [](ArrowArrayStream*) -> const char* { return ""; }, release,
            stream.release()};
  }

 private:
  bool read_schema(const Message& message) {
    FlatReader flat(message.metadata);
    const FlatReader::Vector fields = flat.vector(message.header, meta::schema::kFields, 4);
    if (flat.number<int16_t>(message.header, meta::schema::kEndianness, 0) != 0) return false;
    if (fields.count == 0 || fields.count > kFieldsMax) return false;
    layouts_.reserve(fields.count);
    schemas_.reserve(fields.count);
    size_t names_size = 0;
    for (size_t i = 0; i < fields.count; ++i) {
      const size_t field = flat.element(fields, i);
      const Layout layout = layout_of(flat, field);
      const std::string_view name = flat.text(field, meta::field::kName);
      // A text that many fields point to would be copied for each.
      names_size += name.size();
      if (!flat.ok() || layout.format == nullptr || names_size > message.metadata.size())
        return false;
      layouts_.push_back(layout);
      schemas_.push_back({layout.format, name.empty() ? "" : name.data(), nullptr,
                          ARROW_FLAG_NULLABLE, 0, nullptr, nullptr, release_schema, nullptr});
    }
    return true;
  }

  bool read_batch(const Message& message) {
    FlatReader flat(message.metadata);
    namespace batch = meta::record_batch;
    const auto length = flat.number<int64_t>(message.header, batch::kLength, 0);
    const auto nodes = flat.vector(message.header, batch::kNodes, batch::kNodeSize);
    const auto buffers = flat.vector(message.header, batch::kBuffers, batch::kBufferSize);
    if (flat.table(message.header, batch::kCompression) != 0 || !flat.ok()) return false;
    if (length < 0 || nodes.count != layouts_.size()) return false;
    if (lengths_.empty()) {  // most streams hold one batch
      buffers_.reserve(nodes.count);
      arrays_.reserve(nodes.count);
    }
    size_t place = buffers.first;
    size_t left = buffers.count;
    for (size_t i = 0; i < layouts_.size(); ++i) {
      const size_t count = layouts_[i].is_text ? 3 : 2;
      if (left < count) return false;
      const size_t node = nodes.first + i * batch::kNodeSize;
      std::array<std::string_view, 3> parts;
      for (size_t part = 0; part < count; ++part) {
        if (!read_buffer(flat, place + part * batch::kBufferSize, message.body, parts[part]))
          return false;
      }
      if (flat.at<int64_t>(node) != length) return false;
      if (!add_column(layouts_[i], length, flat.at<int64_t>(node + 8), parts)) return false;
      place += count * batch::kBufferSize;
      left -= count;
    }
    lengths_.push_back(length);
    return left == 0 && flat.ok();
  }

  static bool read_buffer(FlatReader& flat, size_t place, std::string_view body,
                          std::string_view& buffer) {
    const auto offset = static_cast<uint64_t>(flat.at<int64_t>(place));
    const auto size = static_cast<uint64_t>(flat.at<int64_t>(place + 8));
    if (offset > body.size() || size > body.size() - offset || offset % 8 != 0) return false;
    buffer = body.substr(offset, size);
    return true;
  }

  bool add_column(const Layout& layout, int64_t length, int64_t null_count,
                  const std::array<std::string_view, 3>& parts) {
    const auto rows = static_cast<size_t>(length);
    const auto holds = [&](std::string_view buffer, size_t bits) {
      return rows / 8 <= buffer.size() && (rows * bits + 7) / 8 <= buffer.size();
    };
    // Where nothing is null the bitmap may be left out, and counts for nothing.
    if (null_count < 0 || (null_count > 0 && !holds(parts[0], 1))) return false;
    if (!holds(parts[1], layout.bits)) return false;
    if (layout.is_text && !(layout.bits == 32 ? holds_texts<int32_t>(parts[1], parts[2], rows)
                                              : holds_texts<int64_t>(parts[1], parts[2], rows))) {
      return false;
    }
    buffers_.push_back(
        {null_count > 0 ? parts[0].data() : nullptr, parts[1].data(), parts[2].data()});
    arrays_.push_back({length, null_count, 0, layout.is_text ? 3 : 2, 0, nullptr, nullptr, nullptr,
                       release_array, nullptr});
    return true;
  }

  /// Once nothing grows any more.
  void point() {
    schema_pointers_.reserve(schemas_.size());
    array_pointers_.reserve(arrays_.size());
    for (ArrowSchema& schema : schemas_) schema_pointers_.push_back(&schema);
    for (size_t i = 0; i < arrays_.size(); ++i) {
      arrays_[i].buffers = buffers_[i].data();
      array_pointers_.push_back(&arrays_[i]);
    }
  }

  static void release_schema(ArrowSchema* schema) { schema->release = nullptr; }
  static void release_array(ArrowArray* array) { array->release = nullptr; }
  static void release(ArrowArrayStream* stream) {
    delete static_cast<PlainStream*>(stream->private_data);
    stream->release = nullptr;
  }

  static int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    auto& plain = *static_cast<PlainStream*>(stream->private_data);
    const auto count = static_cast<int64_t>(plain.schemas_.size());
    *out = {"+s",           "",     nullptr, 0, count, plain.schema_pointers_.data(), nullptr,
            release_schema, nullptr};
    return 0;
  }

  static int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    auto& plain = *static_cast<PlainStream*>(stream->private_data);
    *out = {};
    if (plain.next_ == plain.lengths_.size()) return 0;
    const size_t width = plain.schemas_.size();
    *out = {plain.lengths_[plain.next_],
            0,
            0,
            1,
            static_cast<int64_t>(width),
            plain.no_validity_.data(),
            plain.array_pointers_.data() + plain.next_ * width,
            nullptr,
            release_array,
            nullptr};
    ++plain.next_;
    return 0;
  }

  std::vector<Layout> layouts_;
  std::vector<ArrowSchema> schemas_;
  std::vector<ArrowSchema*> schema_pointers_;
  std::vector<int64_t> lengths_;                     // of each batch
  std::vector<std::array<const void*, 3>> buffers_;  // batches x columns
  std::vector<ArrowArray> arrays_;                   // batches x columns
  std::vector<ArrowArray*> array_pointers_;
  std::array<const void*, 1> no_validity_{};
  size_t next_ = 0;  // batch
};

}  // namespace

bool open_plain_arrow(std::string_view bytes, ArrowArrayStream& out) {
  auto stream = std::make_unique<PlainStream>();
  if (!stream->read(bytes)) return false;
  out = PlainStream::exported(std::move(stream));
  return true;
}

}  // namespace slipway::rows
