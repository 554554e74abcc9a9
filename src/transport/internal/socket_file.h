// The file of a Unix socket that this process listens on.
//
// Ownership: removes the file when it ends, unless another server has taken its place meanwhile
// (the inode tells, as long as the socket is open).
// Thread rule: single-sequence.
//
//   SocketFile file;
//   UniqueFd socket = TRY(SocketFile::listen("/run/slipway.sock", 0660, file));
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"
#include "transport/internal/unique_fd.h"

namespace slipway::transport {

class SocketFile {
 public:
  SocketFile() = default;
  SocketFile(SocketFile&& other) noexcept { *this = std::move(other); }
  SocketFile& operator=(SocketFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
    return *this;
  }
  ~SocketFile() { remove(); }

  /// A non-blocking socket that listens there, its file with exactly this mode from the first
  /// moment. The file of a server that has died is replaced. UNAVAILABLE if one listens there,
  /// INVALID_ARGUMENT if the path is too long or leads to something else.
  static Result<UniqueFd> listen(const std::string& path, uint32_t mode, SocketFile& file);

  /// From now on nobody finds the socket; those who have connected are still accepted.
  void remove();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace slipway::transport
