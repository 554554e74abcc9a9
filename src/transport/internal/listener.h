// Listening sockets: name to address, bind, listen, accept. Thread-safe (no state).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "transport/internal/socket_file.h"
#include "transport/internal/unique_fd.h"
#include "transport/listen.h"

namespace slipway::transport {

struct Listener {
  std::vector<UniqueFd> sockets;  // non-blocking; one per event loop, or one for all
  uint16_t port = 0;
  std::string address;        // as a client writes it
  bool is_inherited = false;  // others hold the socket too: it is not to be changed
  SocketFile file;            // of a Unix socket
};

/// Listens as the options say. A TCP address gets `loops` sockets that share it by SO_REUSEPORT.
/// SO_REUSEPORT alone would join a port on which another process of the same user listens in the
/// same way, and take a part of its traffic; so a bind without it comes first and shows that the
/// port is free. A host name takes its first address that can be bound, IPv4 before IPv6; "::"
/// takes IPv4 as well.
Result<Listener> open_listener(const ListenerOptions& options, uint32_t loops);

struct Accepted {
  UniqueFd fd;          // non-blocking; invalid if none was accepted
  std::string address;  // of the peer, without its port; "unix" of a Unix socket's
  int error = 0;        // the errno why not; EAGAIN: none is waiting
};

Accepted accept_connection(int listener);

/// From now on the kernel ignores who wants to connect (they try again a second later, and are then
/// refused at once), but completes the handshakes that have begun: so that none of them is reset
/// when the listener is closed after a moment. False if the kernel cannot.
bool ignore_new_connections(int listener);

}  // namespace slipway::transport
