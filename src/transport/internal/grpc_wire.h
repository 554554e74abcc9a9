// gRPC over HTTP/2, the parts without state
// (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), and the reader of messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "transport/internal/content_coding.h"

namespace slipway::transport {

/// "application/grpc", alone or with "+proto" and the like.
bool is_grpc_content_type(std::string_view content_type);

/// "250m": at most 8 digits and a unit. Nothing if it is malformed.
std::optional<std::chrono::nanoseconds> parse_grpc_timeout(std::string_view text);

/// The form of a status message in its field: percent-encoded, cut to what clients accept.
void append_grpc_message(std::string& out, std::string_view message);

/// Appends length prefix and message, compressed if that is asked for and makes it smaller.
void append_grpc_frame(std::string& out, std::string& message, ContentCoder* coder);

/// Does a grpc-accept-encoding list name gzip?
bool names_gzip(std::string_view accept_encoding);

inline constexpr size_t kGrpcPrefixBytes = 5;

/// Length-prefixed messages out of bytes that come in any pieces.
///
/// Thread rule: single-sequence.
class GrpcMessageReader {
 public:
  enum class Next { kNeedMore, kMessage, kError };

  /// `coding` is the call's grpc-encoding, for messages that say they are compressed.
  void reset(std::string_view coding, uint64_t message_bytes_max);
  /// Says UNIMPLEMENTED if the coding is none that is known here.
  Status check_coding() const;
  std::string& buffer() { return bytes_; }
  /// The view holds until the next call of anything.
  Next next(ContentCoder& coder, std::string_view& message);
  const Status& error() const { return error_; }
  /// Nothing of a next message has arrived.
  bool empty() const { return read_ == bytes_.size(); }
  void release_memory();

 private:
  Next fail(StatusCode code, std::string message);

  std::string coding_;
  uint64_t message_bytes_max_ = 0;
  std::string bytes_;
  size_t read_ = 0;
  std::string decoded_;
  Status error_;
};

}  // namespace slipway::transport
