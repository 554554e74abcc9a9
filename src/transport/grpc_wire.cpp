#include "transport/internal/grpc_wire.h"

#include <fmt/format.h>

#include <array>

#include "transport/internal/ascii.h"

namespace slipway::transport {
namespace {

constexpr std::string_view kGrpcType = "application/grpc";
constexpr size_t kTimeoutDigitsMax = 8;
constexpr size_t kMessageBytesMax = 1024;  // clients take header lists of 8 KB and more
constexpr size_t kCompressedBytesMin = 1024;
constexpr size_t kKeptCapacityMax = 64 * 1024;

void write_prefix(char* at, bool compressed, size_t size) {
  at[0] = compressed ? 1 : 0;
  for (size_t i = 0; i < 4; i++) at[i + 1] = static_cast<char>(size >> (24 - 8 * i));
}

uint32_t read_length(const char* at) {
  uint32_t length = 0;
  for (size_t i = 0; i < 4; i++) length = length << 8 | static_cast<unsigned char>(at[i]);
  return length;
}

}  // namespace

bool is_grpc_content_type(std::string_view content_type) {
  if (!content_type.starts_with(kGrpcType)) return false;
  const std::string_view rest = content_type.substr(kGrpcType.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';';
}

std::optional<std::chrono::nanoseconds> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > kTimeoutDigitsMax + 1) return std::nullopt;
  int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  switch (text.back()) {
    // The largest, 99,999,999 hours, would overflow: a million hours are as good.
    case 'H': return std::chrono::hours(std::min<int64_t>(value, 1'000'000));
    case 'M': return std::chrono::minutes(value);
    case 'S': return std::chrono::seconds(value);
    case 'm': return std::chrono::milliseconds(value);
    case 'u': return std::chrono::microseconds(value);
    case 'n': return std::chrono::nanoseconds(value);
    default: return std::nullopt;
  }
}

void append_grpc_message(std::string& out, std::string_view message) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : message.substr(0, kMessageBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7E && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
}

void append_grpc_frame(std::string& out, std::string& message, ContentCoder* coder) {
  const bool compressed =
      coder != nullptr && message.size() >= kCompressedBytesMin && coder->gzip(message);
  std::array<char, kGrpcPrefixBytes> prefix;
  write_prefix(prefix.data(), compressed, message.size());
  out.append(prefix.data(), prefix.size()).append(message);
}

bool names_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t end = accept_encoding.find(',');
    if (equals_ignoring_case(trim_blanks(accept_encoding.substr(0, end)), "gzip")) return true;
    if (end == std::string_view::npos) break;
    accept_encoding.remove_prefix(end + 1);
  }
  return false;
}

void GrpcMessageReader::reset(std::string_view coding, uint64_t message_bytes_max) {
  coding_.assign(coding);
  message_bytes_max_ = message_bytes_max;
  bytes_.clear();
  read_ = 0;
  error_ = Status();
}

Status GrpcMessageReader::check_coding() const {
  if (ContentCoder::is_identity(coding_) || coding_ == "gzip" || coding_ == "deflate") return {};
  return Status(StatusCode::kUnimplemented,
                fmt::format("the messages' grpc-encoding is not supported, use gzip, deflate or "
                            "identity: {}",
                            coding_));
}

GrpcMessageReader::Next GrpcMessageReader::fail(StatusCode code, std::string message) {
  error_ = Status(code, std::move(message));
  return Next::kError;
}

GrpcMessageReader::Next GrpcMessageReader::next(ContentCoder& coder, std::string_view& message) {
  if (!error_.ok()) return Next::kError;
  if (read_ == bytes_.size()) {
    bytes_.clear();
    read_ = 0;
  }
  const size_t have = bytes_.size() - read_;
  if (have < kGrpcPrefixBytes) return Next::kNeedMore;
  const char* const frame = bytes_.data() + read_;
  const uint32_t size = read_length(frame + 1);
  if (frame[0] != 0 && frame[0] != 1) {
    return fail(StatusCode::kInternal, fmt::format("a message's compression flag is malformed: {}",
                                                   static_cast<unsigned char>(frame[0])));
  }
  if (size > message_bytes_max_) {
    return fail(StatusCode::kResourceExhausted,
                fmt::format("the message is too large: {} bytes, {} are allowed", size,
                            message_bytes_max_));
  }
  if (have - kGrpcPrefixBytes < size) {
    if (read_ > bytes_.size() / 2) {  // makes room for the rest
      bytes_.erase(0, read_);
      read_ = 0;
    }
    return Next::kNeedMore;
  }
  message = {frame + kGrpcPrefixBytes, size};
  read_ += kGrpcPrefixBytes + size;
  if (frame[0] == 0) return Next::kMessage;
  if (ContentCoder::is_identity(coding_)) {
    return fail(StatusCode::kInternal,
                "a message is compressed, but the call has no grpc-encoding");
  }
  switch (coder.decode(coding_, message, message_bytes_max_, decoded_)) {
    case DecodeResult::kOk: message = decoded_; return Next::kMessage;
    case DecodeResult::kTooLarge:
      return fail(StatusCode::kResourceExhausted,
                  fmt::format("the message is too large when decompressed: {} bytes are allowed",
                              message_bytes_max_));
    case DecodeResult::kUnknownCoding:
    case DecodeResult::kMalformed: break;
  }
  return fail(StatusCode::kInternal, "a message does not decompress: it is damaged");
}

void GrpcMessageReader::release_memory() {
  if (bytes_.capacity() > kKeptCapacityMax) std::string().swap(bytes_);
  if (decoded_.capacity() > kKeptCapacityMax) std::string().swap(decoded_);
}

}  // namespace slipway::transport
