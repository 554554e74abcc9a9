#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<std::string> read_file(const std::string& path, const Limits& limits) {
  // O_NONBLOCK: opening a FIFO must not hang; it has no effect on regular files.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return errno_status(errno, "open", path);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) return errno_status(errno, "examine", path);
  if (S_ISDIR(info.st_mode)) {
    return invalid_argument(fmt::format("expected a file, got a directory: {}", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid_argument(fmt::format("expected a regular file: {}", path));
  }
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > limits.file_bytes_max) {
    return resource_exhausted(fmt::format("{} has {} bytes, over the limit file_bytes_max of {}",
                                          path, size, limits.file_bytes_max));
  }
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_status(errno, "read", path);
    if (count == 0) break;  // the file shrank while it was read
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
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

}  // namespace slipway
