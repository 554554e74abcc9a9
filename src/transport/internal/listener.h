// Listening sockets: name to address, bind, listen, accept. Thread-safe (no state).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "transport/internal/unique_fd.h"

namespace slipway::transport {

struct Listeners {
  std::vector<UniqueFd> sockets;  // one per event loop, non-blocking
  uint16_t port = 0;
};

/// `count` sockets on the same address, sharing it by SO_REUSEPORT. SO_REUSEPORT alone would join a
/// port on which another process of the same user listens in the same way, and take a part of its
/// traffic; so a bind without it comes first and shows that the port is free. A host name takes its
/// first address that can be bound, IPv4 before IPv6; "::" takes IPv4 as well.
Result<Listeners> open_listeners(const std::string& host, uint16_t port, uint32_t count);

struct Accepted {
  UniqueFd fd;          // non-blocking; invalid if none was accepted
  std::string address;  // of the peer, without its port
  int error = 0;        // the errno why not; EAGAIN: none is waiting
};

Accepted accept_connection(int listener);

/// From now on the kernel ignores who wants to connect (they try again a second later, and are then
/// refused at once), but completes the handshakes that have begun: so that none of them is reset
/// when the listener is closed after a moment. False if the kernel cannot.
bool ignore_new_connections(int listener);

}  // namespace slipway::transport
