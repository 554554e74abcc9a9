// ProtoFields: the fields of one protobuf message, one after the other, where they lie.
//
// Messages that come from outside are read in place with protobuf's own decoder of the wire format:
// a parsed message takes many times the memory of its bytes (an empty submessage is two bytes), and
// most of what a request holds goes straight into the rows of a model.
//
//   for (ProtoFields fields(message); fields.next();) {
//     if (fields.is(1, ProtoFields::kBytes)) name = fields.bytes();
//   }
//
// Fields with another wire type than expected are unknown ones, as protobuf has it. Ownership: only
// points. Single-sequence.
#pragma once

#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace slipway::protocols {

class ProtoFields {
 public:
  enum Kind : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroup = 3, kFixed32 = 5 };

  explicit ProtoFields(std::string_view message);

  /// Goes to the next field; false at the end, or where the message is malformed.
  bool next();
  /// INVALID_ARGUMENT if it was malformed; `what` names the message.
  Status status(std::string_view what) const;

  uint32_t number() const { return number_; }
  Kind kind() const { return kind_; }
  bool is(uint32_t number, Kind kind) const { return number_ == number && kind_ == kind; }
  uint64_t varint() const { return value_; }
  /// Of kFixed32 and kFixed64: little-endian, as they lie there. Of kBytes: the content.
  std::string_view bytes() const { return bytes_; }

 private:
  bool read_value(uint32_t tag);
  bool take(uint64_t size);

  std::string_view message_;
  google::protobuf::io::CodedInputStream in_;
  bool malformed_ = false;
  uint32_t number_ = 0;
  Kind kind_ = kVarint;
  uint64_t value_ = 0;
  std::string_view bytes_;
};

/// protobuf's parser would print a line for each text of a client's that is not UTF-8: no more.
void silence_protobuf();

/// INVALID_ARGUMENT if the text of a field is not UTF-8.
Status check_utf8(std::string_view text, std::string_view what);

}  // namespace slipway::protocols
