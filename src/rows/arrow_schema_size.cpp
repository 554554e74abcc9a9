#include "rows/arrow_schema_size.h"

#include <vector>

#include "rows/arrow_metadata.h"
#include "rows/flat_buffer.h"

namespace slipway::rows {
namespace {

namespace meta = arrow_metadata;

constexpr std::string_view kFileMagic = "ARROW1";
constexpr uint16_t kSchemaMetadata = 2;
constexpr uint16_t kFieldMetadata = 6;
constexpr uint16_t kFooterSchema = 1;
constexpr size_t kBudgetMin = 1 << 16;
constexpr size_t kBudgetPerByte = 16;
constexpr size_t kFieldSize = 16;  // of a field in the buffer, at the least

/// Visits every field as often as it is pointed to, and counts its texts as often.
class SchemaWalk {
 public:
  SchemaWalk(std::string_view buffer, size_t bytes)
      : flat_(buffer), left_(kBudgetMin + kBudgetPerByte * bytes) {}

  FlatReader& flat() { return flat_; }

  bool is_bounded(size_t schema) {
    count_metadata(schema, kSchemaMetadata);
    push(flat_.vector(schema, meta::schema::kFields, 4));
    while (!open_.empty() && flat_.ok() && !is_over_) {
      Fields& fields = open_.back();
      if (fields.next == fields.all.count) {
        open_.pop_back();
        continue;
      }
      const size_t field = flat_.element(fields.all, fields.next++);
      count(kFieldSize);
      count(flat_.vector(field, meta::field::kName, 1).count);
      count_metadata(field, kFieldMetadata);
      push(flat_.vector(field, meta::field::kChildren, 4));
    }
    return flat_.ok() && !is_over_;
  }

 private:
  struct Fields {
    FlatReader::Vector all;
    size_t next = 0;
  };

  void push(const FlatReader::Vector& fields) {
    if (fields.count > 0) open_.push_back({fields});
  }

  void count(size_t size) {
    is_over_ = is_over_ || size > left_;
    left_ -= is_over_ ? 0 : size;
  }

  void count_metadata(size_t table, uint16_t field) {
    const FlatReader::Vector pairs = flat_.vector(table, field, 4);
    for (size_t i = 0; i < pairs.count && flat_.ok() && !is_over_; ++i) {
      const size_t pair = flat_.element(pairs, i);
      count(kFieldSize);
      for (const uint16_t text : {uint16_t{0}, uint16_t{1}}) {
        count(flat_.vector(pair, text, 1).count);
      }
    }
  }

  FlatReader flat_;
  std::vector<Fields> open_;
  size_t left_;
  bool is_over_ = false;
};

bool file_is_bounded(std::string_view bytes) {
  const size_t tail = kFileMagic.size() + sizeof(uint32_t);
  if (bytes.size() < tail) return true;
  const size_t end = bytes.size() - tail;
  const size_t size = FlatReader(bytes).at<uint32_t>(end);
  if (size > end) return true;
  SchemaWalk walk(bytes.substr(end - size, size), bytes.size());
  return walk.is_bounded(walk.flat().table(walk.flat().root(), kFooterSchema));
}

bool stream_is_bounded(std::string_view bytes) {
  FlatReader prefix(bytes);
  // Before version 0.15 a message began with its metadata's size.
  const size_t place = prefix.at<uint32_t>(0) == meta::kContinuation ? 4 : 0;
  const size_t size = prefix.at<uint32_t>(place);
  if (!prefix.ok() || size > bytes.size() - place - 4) return true;
  SchemaWalk walk(bytes.substr(place + 4, size), bytes.size());
  const size_t message = walk.flat().root();
  if (walk.flat().number<uint8_t>(message, meta::message::kHeaderType, 0) != meta::message::kSchema)
    return true;
  return walk.is_bounded(walk.flat().table(message, meta::message::kHeader));
}

}  // namespace

bool arrow_schema_is_bounded(std::string_view bytes) {
  return bytes.starts_with(kFileMagic) ? file_is_bounded(bytes) : stream_is_bounded(bytes);
}

}  // namespace slipway::rows
