// The PROXY protocol: a balancer's word, before the first byte of a connection, on where the
// connection comes from. Version 2 (binary) and 1 (text).
// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
//
// Pure functions.
//
//   ProxyHeader header;
//   if (parse_proxy_header(bytes, header) == ProxyParse::kDone) bytes.remove_prefix(header.size);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::transport {

struct ProxyHeader {
  size_t size = 0;      // of the header
  std::string address;  // the client's, without port; empty: the balancer speaks for itself
};

enum class ProxyParse { kNeedMore, kDone, kMalformed };

/// No more than this is waited for.
inline constexpr size_t kProxyHeaderBytesMax = 4096;

ProxyParse parse_proxy_header(std::string_view bytes, ProxyHeader& header);

}  // namespace slipway::transport
