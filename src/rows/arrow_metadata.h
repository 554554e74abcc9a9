// The tables of Arrow's IPC metadata, by the numbers of their fields (Apache Arrow, format/
// Message.fbs and Schema.fbs), as far as Slipway reads and writes them itself.
#pragma once

#include <cstdint>

namespace slipway::rows::arrow_metadata {

/// Begins every message; its metadata's size follows, 0 at the end of the stream.
inline constexpr uint32_t kContinuation = 0xffffffff;
inline constexpr int16_t kVersion5 = 4;

namespace message {
inline constexpr uint16_t kVersion = 0, kHeaderType = 1, kHeader = 2, kBodyLength = 3;
inline constexpr uint8_t kSchema = 1, kRecordBatch = 3;
}  // namespace message

namespace schema {
inline constexpr uint16_t kEndianness = 0, kFields = 1;
}  // namespace schema

namespace field {
inline constexpr uint16_t kName = 0, kNullable = 1, kTypeType = 2, kType = 3, kDictionary = 4,
                          kChildren = 5;
inline constexpr uint8_t kInt = 2, kFloatingPoint = 3, kUtf8 = 5, kBool = 6, kLargeUtf8 = 20;
}  // namespace field

namespace integer {
inline constexpr uint16_t kBitWidth = 0, kIsSigned = 1;
}  // namespace integer

namespace floating_point {
inline constexpr uint16_t kPrecision = 0;
inline constexpr int16_t kHalf = 0, kSingle = 1, kDouble = 2;
}  // namespace floating_point

namespace record_batch {
inline constexpr uint16_t kLength = 0, kNodes = 1, kBuffers = 2, kCompression = 3;
/// Elements of the vectors are pairs of int64: length and null count, offset and length.
inline constexpr size_t kNodeSize = 16, kBufferSize = 16;
}  // namespace record_batch

}  // namespace slipway::rows::arrow_metadata
