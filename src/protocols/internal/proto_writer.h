// ProtoWriter: fields of a protobuf message, written as they come to the end of a text.
//
// For answers of a few fields around many values: they need no message in between, which would take
// many times their bytes. A nested message is opened and closed; its length is put in front of it
// then. Single-sequence.
//
//   ProtoWriter out(answer);
//   const size_t spec = out.open(2);
//   out.bytes(1, model.name);
//   out.close(spec);
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace slipway::protocols {

class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& out) : out_(out) {}

  void varint(uint32_t field, uint64_t value) {
    raw_varint(uint64_t{field} << 3U);
    raw_varint(value);
  }
  void real(uint32_t field, float value) {
    raw_varint(uint64_t{field} << 3U | 5U);
    raw(value);
  }
  void bytes(uint32_t field, std::string_view value) {
    head(field, value.size());
    out_ += value;
  }
  /// The tag and length of a field of so many bytes, which are to follow by raw().
  void head(uint32_t field, size_t bytes) {
    raw_varint(uint64_t{field} << 3U | 2U);
    raw_varint(bytes);
  }
  template <typename T>
  void raw(T value) {
    char data[sizeof(T)];
    std::memcpy(data, &value, sizeof(T));
    out_.append(data, sizeof(T));
  }
  void raw_varint(uint64_t value) { append_varint(out_, value); }

  /// Begins a nested message; what is written until close() is in it.
  size_t open(uint32_t field) {
    raw_varint(uint64_t{field} << 3U | 2U);
    return out_.size();
  }
  void close(size_t begin) {
    std::string length;
    append_varint(length, out_.size() - begin);
    out_.insert(begin, length);
  }

 private:
  static void append_varint(std::string& out, uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
    out.push_back(static_cast<char>(value));
  }

  std::string& out_;
};

}  // namespace slipway::protocols
