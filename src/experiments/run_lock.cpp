#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "experiments/internal/run_lock.h"

namespace slipway::experiments {
namespace {

struct flock byte_of(int64_t number, int16_t type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<RunLock> RunLock::open(const std::string& folder) {
  const std::string path = folder + "/runs.lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  // Whoever may only read asks, and holds nothing.
  if (fd < 0) fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return unavailable(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  return RunLock(fd);
}

RunLock::RunLock(RunLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), held_(std::exchange(other.held_, 0)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(held_, other.held_);
  return *this;
}

RunLock::~RunLock() {
  if (fd_ >= 0) ::close(fd_);
}

Status RunLock::wait_for_turn() {
  struct flock lock = byte_of(0, F_WRLCK);
  while (::fcntl(fd_, F_OFD_SETLKW, &lock) != 0) {
    if (errno == EINTR) continue;
    return unavailable(fmt::format("cannot lock runs.lock: {}", std::strerror(errno)));
  }
  return {};
}

Status RunLock::hold(int64_t number) {
  struct flock lock = byte_of(number, F_WRLCK);
  if (::fcntl(fd_, F_OFD_SETLK, &lock) != 0) {
    return unavailable(fmt::format("cannot lock runs.lock: {}", std::strerror(errno)));
  }
  held_ = number;
  return {};
}

void RunLock::release() {
  if (held_ == 0) return;
  struct flock lock = byte_of(std::exchange(held_, 0), F_UNLCK);
  ::fcntl(fd_, F_OFD_SETLK, &lock);
}

bool RunLock::is_held(int64_t number) const {
  struct flock lock = byte_of(number, F_WRLCK);
  return ::fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace slipway::experiments
