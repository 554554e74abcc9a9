// Where a server listens and what it speaks there.
//
// Ownership: plain values; a descriptor in `fd` belongs to the server from Server::create on.
// Thread rule: plain values.
//
//   ServerOptions options;
//   options.listeners = {ListenerOptions{.port = 8080}, ListenerOptions{.unix_path =
//   "/run/s.sock"}};
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace slipway::transport {

class TlsContext;

/// What is spoken on a listener. gRPC is told from other HTTP/2 by its content type.
struct Protocols {
  bool http1 = true;
  bool http2 = true;
  bool grpc = true;
};

struct ListenerOptions {
  // One of three: a socket that listens already, a Unix socket, or host and port.
  int fd = -1;
  std::string unix_path;
  std::string host = "127.0.0.1";
  uint16_t port = 8080;  // 0 lets the kernel choose one

  uint32_t unix_mode = 0660;  // who may connect to the Unix socket
  Protocols protocols;
  /// Connections begin with the header of a balancer, which tells the client's address; those
  /// without are closed. Only for listeners that none but the balancer reaches.
  bool has_proxy_header = false;
  std::shared_ptr<TlsContext> tls;  // tls.h; null: plain text
};

}  // namespace slipway::transport
