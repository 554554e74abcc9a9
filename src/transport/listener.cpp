#include "transport/internal/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

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
Result<Listener> open_on(const addrinfo& info, std::string_view host, uint16_t port, uint32_t count,
                         int& reason) {
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
  Listener listener;
  listener.port = port;
  for (uint32_t i = 0; i < count; i++) {
    UniqueFd fd = bind_socket(target, info.ai_addrlen, share_port);
    if (!fd.valid()) return failed(listener.port);
    listener.port = TRY(bound_port(fd.get()));
    set_port(target, listener.port);
    listener.sockets.push_back(std::move(fd));
  }
  for (const UniqueFd& fd : listener.sockets) {
    if (listen(fd.get(), kBacklog) != 0) return failed(listener.port);
  }
  return listener;
}

Result<Listener> open_tcp(const std::string& host, uint16_t port, uint32_t count) {
  const AddressList addresses = TRY(resolve(host, port));
  Status first_error;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* info = addresses.get(); info != nullptr; info = info->ai_next) {
      if (info->ai_family != family) continue;
      int reason = 0;
      Result<Listener> listener = open_on(*info, host, port, count, reason);
      if (listener.ok()) return listener;
      if (first_error.ok()) first_error = std::move(listener).status();
      // Only an address that this machine lacks makes way for the next one of the name: a port in
      // use must be reported, not evaded.
      if (reason != EADDRNOTAVAIL && reason != EAFNOSUPPORT) return first_error;
    }
  }
  if (!first_error.ok()) return first_error;
  return unavailable(fmt::format("no address to listen on for the host: {}", host));
}

std::string tcp_address(std::string_view host, uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::string numeric_address(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* source = nullptr;
  if (address.ss_family == AF_INET) {
    source = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else if (address.ss_family == AF_INET6) {
    source = &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
  } else if (address.ss_family == AF_UNIX) {
    return "unix";
  }
  if (source == nullptr ||
      inet_ntop(address.ss_family, source, text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

int option_of(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// A socket that another process has opened. Its flags are shared with that process, so only what
// does it no harm is changed.
Result<Listener> adopt_socket(UniqueFd fd) {
  if (option_of(fd.get(), SO_TYPE) != SOCK_STREAM || option_of(fd.get(), SO_ACCEPTCONN) != 1) {
    return invalid_argument(fmt::format(
        "file descriptor {} is not a stream socket that listens: it cannot be served", fd.get()));
  }
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0 ||
      fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return unavailable(
        fmt::format("cannot use file descriptor {} to listen: {}", fd.get(), std::strerror(errno)));
  }
  Listener listener;
  listener.is_inherited = true;
  if (address.ss_family == AF_UNIX) {
    const auto& path = reinterpret_cast<const sockaddr_un*>(&address)->sun_path;
    listener.address = fmt::format("unix:{}", path);
  } else {
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    listener.port = TRY(bound_port(fd.get()));
    listener.address = tcp_address(numeric_address(address), listener.port);
  }
  listener.sockets.push_back(std::move(fd));
  return listener;
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

Result<Listener> open_listener(const ListenerOptions& options, uint32_t loops) {
  if (loops == 0) return invalid_argument("the number of event loops must be at least 1, got 0");
  if (options.fd >= 0) return adopt_socket(UniqueFd(options.fd));
  if (!options.unix_path.empty()) {
    Listener listener;
    listener.sockets.push_back(
        TRY(SocketFile::listen(options.unix_path, options.unix_mode, listener.file)));
    listener.address = "unix:" + options.unix_path;
    return listener;
  }
  Listener listener = TRY(open_tcp(options.host, options.port, loops));
  listener.address = tcp_address(options.host, listener.port);
  return listener;
}

}  // namespace slipway::transport
