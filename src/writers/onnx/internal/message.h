// Message: one protobuf message, field after field, as bytes. The counterpart of the ONNX reader's
// WireFields: three rules of the wire format instead of generated classes.
//
//   Message tensor;
//   tensor.integer(2, kDouble);
//   node.message(5, tensor);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace slipway::writers::onnx {

class Message {
 public:
  void integer(uint32_t field, int64_t value);
  void real(uint32_t field, float value);
  void text(uint32_t field, std::string_view bytes);
  void message(uint32_t field, const Message& message) { text(field, message.bytes_); }
  void packed(uint32_t field, std::span<const int64_t> values);

  const std::string& bytes() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  void varint(uint64_t value);
  void tag(uint32_t field, uint32_t kind) { varint(uint64_t{field} << 3 | kind); }

  std::string bytes_;
};

}  // namespace slipway::writers::onnx
