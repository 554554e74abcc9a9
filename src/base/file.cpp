#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/huge_pages.h"

namespace slipway {
namespace {

Status errno_status(int error, const char* what, const std::string& path) {
  std::string text = fmt::format("cannot {} {}: {}", what, path, std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return not_found(std::move(text));
  if (error == EACCES || error == EPERM) return permission_denied(std::move(text));
  return unavailable(std::move(text));
}

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

/// Opens a regular file and gives its size.
Result<uint64_t> open_regular(const std::string& path, Descriptor& file) {
  // O_NONBLOCK: opening a FIFO must not hang; it has no effect on regular files.
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd < 0) return errno_status(errno, "open", path);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return errno_status(errno, "examine", path);
  if (S_ISDIR(info.st_mode)) {
    return invalid_argument(fmt::format("expected a file, got a directory: {}", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid_argument(fmt::format("expected a regular file: {}", path));
  }
  return static_cast<uint64_t>(info.st_size);
}

std::string room_for(uint64_t size) {
  std::string bytes;
  bytes.reserve(size);
  advise_huge_pages(bytes.data(), size);
  bytes.resize(size);
  return bytes;
}

/// A mapped file, with the descriptor whose lease protects it.
struct Mapping {
  Descriptor file;
  void* start = MAP_FAILED;
  size_t size = 0;

  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (start != MAP_FAILED) ::munmap(start, size);
  }
};

/// A file that shrinks while it is mapped would kill the process (SIGBUS), so it is mapped only
/// under a lease: whoever opens it for writing then waits until the descriptor is closed, for
/// /proc/sys/fs/lease-break-time at most (45 s). All is brought into memory first, so that only
/// computing falls into that time. False if it cannot be had.
bool map_under_lease(Mapping& mapping) {
  const int fd = mapping.file.fd;
  // The kernel tells of somebody who waits by a signal; this one is ignored unless it is handled.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0 || ::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return false;
  struct stat info {};
  if (::fstat(fd, &info) != 0 || static_cast<uint64_t>(info.st_size) != mapping.size) return false;
  mapping.start = ::mmap(nullptr, mapping.size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  return mapping.start != MAP_FAILED && ::fcntl(fd, F_GETLEASE) == F_RDLCK;
}

Result<uint64_t> open_within(const std::string& path, const Limits& limits, Descriptor& file) {
  const uint64_t size = TRY(open_regular(path, file));
  if (size > limits.file_bytes_max) {
    return resource_exhausted(
        fmt::format("{} has {} bytes, over the limit of {}", path, size, limits.file_bytes_max));
  }
  return size;
}

Result<std::string> read_bytes(int fd, uint64_t size, const std::string& path) {
  std::string bytes = room_for(size);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_status(errno, "read", path);
    if (count == 0) break;  // the file shrank while it was read
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

FileBytes::FileBytes(std::string bytes) {
  const auto owned = std::make_shared<const std::string>(std::move(bytes));
  view_ = *owned;
  owner_ = owned;
}

Result<std::string> read_file(const std::string& path, const Limits& limits) {
  Descriptor file;
  const uint64_t size = TRY(open_within(path, limits, file));
  return read_bytes(file.fd, size, path);
}

Result<FileBytes> map_file(const std::string& path, const Limits& limits) {
  constexpr uint64_t kWorthMapping = uint64_t{1} << 20;
  auto mapping = std::make_shared<Mapping>();
  mapping->size = TRY(open_within(path, limits, mapping->file));
  if (mapping->size < kWorthMapping || !map_under_lease(*mapping)) {
    return FileBytes(TRY(read_bytes(mapping->file.fd, mapping->size, path)));
  }
  const std::string_view bytes(static_cast<const char*>(mapping->start), mapping->size);
  return FileBytes(std::move(mapping), bytes);
}

Result<std::string> read_file_start(const std::string& path, size_t bytes_max) {
  Descriptor file;
  const uint64_t size = TRY(open_regular(path, file));
  return read_bytes(file.fd, std::min<uint64_t>(size, bytes_max), path);
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr) == 1);
  std::string text;
  for (unsigned int i = 0; i < length; ++i)
    fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  return text;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
             &size) != nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace slipway
