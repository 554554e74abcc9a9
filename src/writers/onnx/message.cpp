#include <bit>

#include "writers/onnx/internal/message.h"

namespace slipway::writers::onnx {

namespace {
constexpr uint32_t kVarint = 0;
constexpr uint32_t kBytes = 2;
constexpr uint32_t kFixed32 = 5;
}  // namespace

void Message::varint(uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void Message::integer(uint32_t field, int64_t value) {
  tag(field, kVarint);
  varint(static_cast<uint64_t>(value));
}

void Message::real(uint32_t field, float value) {
  tag(field, kFixed32);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (uint32_t shift = 0; shift < 32; shift += 8) {
    bytes_.push_back(static_cast<char>(bits >> shift));
  }
}

void Message::text(uint32_t field, std::string_view bytes) {
  tag(field, kBytes);
  varint(bytes.size());
  bytes_.append(bytes);
}

void Message::packed(uint32_t field, std::span<const int64_t> values) {
  Message inner;
  for (const int64_t value : values) inner.varint(static_cast<uint64_t>(value));
  text(field, inner.bytes_);
}

}  // namespace slipway::writers::onnx
