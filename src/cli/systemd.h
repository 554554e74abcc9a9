// What the service manager and this process tell each other: sockets that it has opened (socket
// activation), readiness, watchdog. The protocols of sd_listen_fds(3) and sd_notify(3), spoken
// without libsystemd; without such a manager nothing happens.
//
// Ownership: whoever calls inherited_sockets() owns the descriptors. Thread rule: the main thread.
//
//   ServiceManager manager;                // reads and removes the environment variables
//   manager.notify("READY=1");
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::cli {

struct InheritedSocket {
  int fd = -1;
  std::string name;  // FileDescriptorName= of the socket unit
};

/// By LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, which are removed: they are not for children.
std::vector<InheritedSocket> inherited_sockets();

class ServiceManager {
 public:
  /// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are removed.
  ServiceManager();

  /// Lines "NAME=value"; a datagram, lost if nobody takes it.
  void notify(std::string_view state) const;
  /// "RELOADING=1" with the time that goes with it; "READY=1" is to follow.
  void notify_reloading() const;
  /// Twice as often as the manager asks for a sign of life; none if it does not.
  std::optional<std::chrono::milliseconds> watchdog_period() const { return watchdog_period_; }

 private:
  std::string socket_path_;  // abstract ones begin with '@'
  std::optional<std::chrono::milliseconds> watchdog_period_;
};

}  // namespace slipway::cli
