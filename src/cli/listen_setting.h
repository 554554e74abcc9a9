// The values of --listen and --admin: where to listen, and what for.
//
//   127.0.0.1:8443,tls,protocols=http2+grpc      unix:/run/slipway.sock,mode=0600
//   0.0.0.0:8501,compat=tf-serving
//   [::1]:8081,admin                             systemd:NAME,proxy
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "transport/listen.h"

namespace slipway::cli {

struct ListenAddress {
  enum class Kind {
    kTcp,
    kUnix,
    kInherited,  // sockets that the service manager has opened
  };
  Kind kind = Kind::kTcp;
  std::string host;
  uint16_t port = 0;
  std::string path;  // of the Unix socket
  std::string name;  // of the inherited sockets; empty: all that nobody names
};

/// "127.0.0.1:8081", "[::1]:0", "unix:/run/slipway.sock", "systemd", "systemd:NAME".
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Only programs on this machine reach it: a loopback address, or a Unix socket.
bool is_local(const ListenAddress& address);
/// The same of a socket that is open.
bool is_local_socket(int fd);

struct ListenSetting {
  std::string text;  // as it was given, for messages
  ListenAddress address;
  transport::Protocols protocols;
  std::vector<std::string> compat;  // empty: as --compat says
  bool is_admin = false;
  bool has_proxy_header = false;
  uint32_t mode = 0660;  // of a Unix socket

  bool has_tls = false;
  // In place of what the flags of these names say; empty: as they say.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tls_client_certificate;
};

/// INVALID_ARGUMENT says what is wrong and what is known.
Result<ListenSetting> parse_listen_setting(std::string_view text);

}  // namespace slipway::cli
