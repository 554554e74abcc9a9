// WireFields: the fields of one protobuf message, one after the other, where they lie.
//
// An ONNX file is one protobuf message. Generated classes would copy every tensor and take many
// times the bytes of hostile messages, and the full runtime would start with every `slipway`; the
// wire format itself is three rules.
//
//   for (WireFields fields(message); fields.next();) {
//     if (fields.is(1, WireFields::kBytes)) name = fields.bytes();
//   }
//
// Fields of another wire type than expected are unknown ones, as protobuf has it. Ownership: only
// points. Single-sequence.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::onnx {

class WireFields {
 public:
  enum Kind : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  explicit WireFields(std::string_view message) : rest_(message) {}

  /// Goes to the next field; false at the end, or where the message is malformed.
  bool next();
  /// INVALID_ARGUMENT if it was malformed; `what` names the message.
  Status status(std::string_view what) const;

  uint32_t number() const { return number_; }
  bool is(uint32_t number, Kind kind) const { return number_ == number && kind_ == kind; }
  /// Of a kVarint.
  int64_t integer() const { return static_cast<int64_t>(value_); }
  /// Of a kFixed32.
  float real() const;
  /// Of kBytes.
  std::string_view bytes() const { return bytes_; }

  /// Appends the values of a repeated field, packed or not; false if it is malformed or of another
  /// wire type.
  bool append_integers(std::vector<int64_t>& values) const;
  bool append_reals(std::vector<float>& values) const;
  bool append_doubles(std::vector<double>& values) const;

 private:
  static bool take_varint(std::string_view& rest, uint64_t& value);

  std::string_view rest_;
  bool malformed_ = false;
  uint32_t number_ = 0;
  Kind kind_ = kVarint;
  uint64_t value_ = 0;
  std::string_view bytes_;  // of the fixed kinds too
};

}  // namespace slipway::onnx
