#include "transport/internal/socket_file.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace slipway::transport {
namespace {

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

Status cannot_listen(const std::string& path, int reason) {
  return unavailable(fmt::format("cannot listen on unix:{}: {}", path, std::strerror(reason)));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// Removes the file if it is a socket on which nobody listens any more.
Status remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return cannot_listen(path, errno);
  if (!S_ISSOCK(found.st_mode)) {
    return invalid_argument(
        fmt::format("cannot listen on unix:{}: there is something that is no socket", path));
  }
  const UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return cannot_listen(path, errno);
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
      errno == EAGAIN) {
    return unavailable(
        fmt::format("unix:{} is in use: another program listens there; choose another path", path));
  }
  if (errno != ECONNREFUSED) return cannot_listen(path, errno);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return cannot_listen(path, errno);
  return {};
}

}  // namespace

Result<UniqueFd> SocketFile::listen(const std::string& path, uint32_t mode, SocketFile& file) {
  constexpr size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > kPathMax || path.find('\0') != std::string::npos) {
    return invalid_argument(
        fmt::format("the path of a Unix socket has 1 to {} bytes, this one has {}: {}", kPathMax,
                    path.size(), path));
  }
  const sockaddr_un address = address_of(path);
  const auto* const target = reinterpret_cast<const sockaddr*>(&address);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The file is made with the socket's own mode, less the umask: never with more than is asked for.
  if (!fd.valid() || fchmod(fd.get(), mode) != 0) return cannot_listen(path, errno);
  if (bind(fd.get(), target, sizeof(address)) != 0) {
    if (errno != EADDRINUSE) return cannot_listen(path, errno);
    TRY_STATUS(remove_stale(path, address));
    if (bind(fd.get(), target, sizeof(address)) != 0) return cannot_listen(path, errno);
  }
  SocketFile made;
  made.path_ = path;
  struct stat bound {};
  if (lstat(path.c_str(), &bound) != 0) return cannot_listen(path, errno);
  made.device_ = bound.st_dev;
  made.inode_ = bound.st_ino;
  if (chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return cannot_listen(path, errno);
  }
  file = std::move(made);
  return fd;
}

void SocketFile::remove() {
  if (path_.empty()) return;
  struct stat found {};
  const bool is_ours =
      lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (is_ours) unlink(path_.c_str());
  path_.clear();
}

}  // namespace slipway::transport
