// Which protocol a connection speaks, decided from its first bytes, so that one port serves all.
#pragma once

#include <string_view>

namespace slipway::transport {

enum class WireProtocol {
  kUndecided,  // a prefix of HTTP/2's preface: wait for more
  kHttp1,
  kHttp2,  // its connection preface (RFC 9113, 3.4)
  kTls,    // a handshake record (RFC 8446, 5.1)
};

/// `first_bytes` must not be empty. A pure function.
WireProtocol detect_protocol(std::string_view first_bytes);

}  // namespace slipway::transport
