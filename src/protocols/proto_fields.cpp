#include "protocols/internal/proto_fields.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>
#include <simdjson.h>

#include <limits>

namespace slipway::protocols {
namespace {

using google::protobuf::internal::WireFormatLite;

// The decoder counts in int; messages are smaller (see ServerOptions::body_bytes_max).
constexpr size_t kMessageBytesMax = std::numeric_limits<int>::max();

}  // namespace

ProtoFields::ProtoFields(std::string_view message)
    : message_(message.substr(0, kMessageBytesMax)),
      in_(reinterpret_cast<const uint8_t*>(message_.data()), static_cast<int>(message_.size())),
      malformed_(message.size() > kMessageBytesMax) {}

bool ProtoFields::next() {
  if (malformed_ || static_cast<size_t>(in_.CurrentPosition()) == message_.size()) return false;
  const uint32_t tag = in_.ReadTagNoLastTag();
  number_ = static_cast<uint32_t>(WireFormatLite::GetTagFieldNumber(tag));
  malformed_ = number_ == 0 || !read_value(tag);
  return !malformed_;
}

bool ProtoFields::read_value(uint32_t tag) {
  kind_ = static_cast<Kind>(tag & 7U);
  switch (kind_) {
    case kVarint: return in_.ReadVarint64(&value_);
    case kFixed64: return take(8);
    case kFixed32: return take(4);
    case kBytes: return in_.ReadVarint64(&value_) && take(value_);
    case kGroup: return WireFormatLite::SkipField(&in_, tag);  // proto3 has none
    default: return false;
  }
}

bool ProtoFields::take(uint64_t size) {
  const auto at = static_cast<size_t>(in_.CurrentPosition());
  if (size > message_.size() - at) return false;
  bytes_ = message_.substr(at, static_cast<size_t>(size));
  return in_.Skip(static_cast<int>(size));
}

Status ProtoFields::status(std::string_view what) const {
  if (!malformed_) return {};
  return invalid_argument(fmt::format("{} is malformed protobuf", what));
}

void silence_protobuf() { google::protobuf::SetLogHandler(nullptr); }

Status check_utf8(std::string_view text, std::string_view what) {
  if (simdjson::validate_utf8(text.data(), text.size())) return {};
  return invalid_argument(fmt::format("{} is not valid UTF-8", what));
}

}  // namespace slipway::protocols
