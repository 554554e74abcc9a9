#include "transport/internal/wire_protocol.h"

#include "base/check.h"

namespace slipway::transport {

WireProtocol detect_protocol(std::string_view first_bytes) {
  CHECK(!first_bytes.empty());
  constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n";
  constexpr char kTlsHandshakeRecord = 0x16;
  if (first_bytes.front() == kTlsHandshakeRecord) return WireProtocol::kTls;
  if (first_bytes.starts_with(kHttp2Preface)) return WireProtocol::kHttp2;
  if (kHttp2Preface.starts_with(first_bytes)) return WireProtocol::kUndecided;
  return WireProtocol::kHttp1;
}

}  // namespace slipway::transport
