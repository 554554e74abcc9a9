#include "formats/onnx/internal/wire.h"

#include <fmt/format.h>

#include <cstring>

namespace slipway::onnx {
namespace {

/// The format is little-endian, as is every machine that Slipway runs on.
template <typename T>
bool append_packed(std::string_view bytes, std::vector<T>& values) {
  if (bytes.size() % sizeof(T) != 0) return false;
  const size_t old = values.size();
  values.resize(old + bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data() + old, bytes.data(), bytes.size());
  return true;
}

}  // namespace

bool WireFields::take_varint(std::string_view& rest, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

bool WireFields::next() {
  if (malformed_ || rest_.empty()) return false;
  malformed_ = true;  // until the field is read
  uint64_t tag = 0;
  if (!take_varint(rest_, tag) || tag > UINT32_MAX || (tag >> 3) == 0) return false;
  number_ = static_cast<uint32_t>(tag >> 3);
  uint64_t size = 0;
  switch (tag & 7) {
    case kVarint:
      kind_ = kVarint;
      malformed_ = !take_varint(rest_, value_);
      return !malformed_;
    case kFixed64: size = 8; break;
    case kFixed32: size = 4; break;
    case kBytes:
      if (!take_varint(rest_, size)) return false;
      break;
    default: return false;  // groups: ONNX has none
  }
  if (size > rest_.size()) return false;
  kind_ = static_cast<Kind>(tag & 7);
  bytes_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  malformed_ = false;
  return true;
}

Status WireFields::status(std::string_view what) const {
  if (!malformed_) return {};
  return invalid_argument(fmt::format("the file is damaged: {} is no protobuf message", what));
}

float WireFields::real() const {
  float value = 0;
  if (kind_ == kFixed32) std::memcpy(&value, bytes_.data(), sizeof value);
  return value;
}

bool WireFields::append_integers(std::vector<int64_t>& values) const {
  if (kind_ == kVarint) values.push_back(integer());
  if (kind_ != kBytes) return kind_ == kVarint;
  for (std::string_view rest = bytes_; !rest.empty();) {
    uint64_t value = 0;
    if (!take_varint(rest, value)) return false;
    values.push_back(static_cast<int64_t>(value));
  }
  return true;
}

bool WireFields::append_reals(std::vector<float>& values) const {
  return (kind_ == kFixed32 || kind_ == kBytes) && append_packed(bytes_, values);
}

bool WireFields::append_doubles(std::vector<double>& values) const {
  return (kind_ == kFixed64 || kind_ == kBytes) && append_packed(bytes_, values);
}

}  // namespace slipway::onnx
