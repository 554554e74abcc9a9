#include "transport/internal/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

namespace slipway::transport {
namespace {

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<AddressList> resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int code =
      getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (code != 0) {
    return unavailable(
        fmt::format("cannot resolve the address to listen on, {}: {}", host, gai_strerror(code)));
  }
  return AddressList(found, &freeaddrinfo);
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

// A bound socket; invalid with errno set if it cannot be.
UniqueFd bind_socket(const sockaddr* address, socklen_t size, bool share_port) {
  UniqueFd fd(socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd.valid()) return fd;
  bool good = set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) &&
              set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
  if (share_port) good = good && set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address->sa_family == AF_INET6) {
    good = good && set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (good && bind(fd.get(), address, size) == 0) return fd;
  const int reason = errno;
  fd.reset();
  errno = reason;
  return fd;
}

Status bind_error(std::string_view host, uint16_t port, int reason) {
  if (reason == EADDRINUSE) {
    return unavailable(fmt::format(
        "port {} is in use: another program listens on {}:{}; choose another port, or 0 for a free "
        "one",
        port, host, port));
  }
  if (reason == EACCES) {
    return unavailable(
        fmt::format("no permission to listen on {}:{}: ports below 1024 need CAP_NET_BIND_SERVICE",
                    host, port));
  }
  return unavailable(fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(reason)));
}

Result<uint16_t> bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return unavailable(fmt::format("cannot read the bound port: {}", std::strerror(errno)));
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

void set_port(sockaddr* address, uint16_t port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(port);
  }
}

// Every socket is bound before one listens, so that a failure leaves nothing half open. `reason` is
// the errno of a failure.
Result<Listeners> open_on(const addrinfo& info, std::string_view host, uint16_t port,
                          uint32_t count, int& reason) {
  sockaddr_storage address{};
  std::memcpy(&address, info.ai_addr, info.ai_addrlen);
  auto* const target = reinterpret_cast<sockaddr*>(&address);
  const bool share_port = count > 1;
  const auto failed = [&host, &reason](uint16_t at_port) {
    reason = errno;
    return bind_error(host, at_port, reason);
  };
  if (share_port && port != 0 && !bind_socket(target, info.ai_addrlen, false).valid()) {
    return failed(port);
  }
  Listeners listeners;
  listeners.port = port;
  for (uint32_t i = 0; i < count; i++) {
    UniqueFd fd = bind_socket(target, info.ai_addrlen, share_port);
    if (!fd.valid()) return failed(listeners.port);
    listeners.port = TRY(bound_port(fd.get()));
    set_port(target, listeners.port);
    listeners.sockets.push_back(std::move(fd));
  }
  for (const UniqueFd& fd : listeners.sockets) {
    if (listen(fd.get(), kBacklog) != 0) return failed(listeners.port);
  }
  return listeners;
}

std::string numeric_address(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* source = nullptr;
  if (address.ss_family == AF_INET) {
    source = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else if (address.ss_family == AF_INET6) {
    source = &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
  }
  if (source == nullptr ||
      inet_ntop(address.ss_family, source, text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

}  // namespace

Accepted accept_connection(int listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  Accepted accepted;
  accepted.fd = UniqueFd(accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted.fd.valid()) {
    accepted.address = numeric_address(address);
  } else {
    accepted.error = errno;
  }
  return accepted;
}

bool ignore_new_connections(int listener) {
  // A socket filter sees a segment from its TCP header on. Dropped: those with SYN.
  constexpr uint32_t kFlagsOffset = 13;
  constexpr uint32_t kSyn = 0x02;
  constexpr uint32_t kDrop = 0;
  constexpr uint32_t kKeepAll = 0xFFFFFFFF;
  std::array<sock_filter, 4> code = {{{BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlagsOffset},
                                      {BPF_JMP | BPF_JSET | BPF_K, 1, 0, kSyn},
                                      {BPF_RET | BPF_K, 0, 0, kKeepAll},
                                      {BPF_RET | BPF_K, 0, 0, kDrop}}};
  const sock_fprog program{static_cast<uint16_t>(code.size()), code.data()};
  return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

Result<Listeners> open_listeners(const std::string& host, uint16_t port, uint32_t count) {
  if (count == 0) return invalid_argument("the number of event loops must be at least 1, got 0");
  const AddressList addresses = TRY(resolve(host, port));
  Status first_error;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* info = addresses.get(); info != nullptr; info = info->ai_next) {
      if (info->ai_family != family) continue;
      int reason = 0;
      Result<Listeners> listeners = open_on(*info, host, port, count, reason);
      if (listeners.ok()) return listeners;
      if (first_error.ok()) first_error = std::move(listeners).status();
      // Only an address that this machine lacks makes way for the next one of the name: a port in
      // use must be reported, not evaded.
      if (reason != EADDRNOTAVAIL && reason != EAFNOSUPPORT) return first_error;
    }
  }
  if (!first_error.ok()) return first_error;
  return unavailable(fmt::format("no address to listen on for the host: {}", host));
}

}  // namespace slipway::transport
