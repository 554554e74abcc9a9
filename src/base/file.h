// Reading whole files, the only way in which bytes of models reach the readers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"

namespace slipway {

/// The whole regular file. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory, a device),
/// RESOURCE_EXHAUSTED (over limits.file_bytes_max), each naming the path.
Result<std::string> read_file(const std::string& path, const Limits& limits);

/// The immutable bytes of a file. Copies are cheap and share them. Thread rule: immutable.
class FileBytes {
 public:
  FileBytes() = default;
  /// Bytes that come from elsewhere (an archive, a test); implicit, since they are as good.
  FileBytes(std::string bytes);  // NOLINT(google-explicit-constructor)
  /// `view` stays valid while `owner` lives.
  FileBytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  std::string_view view() const { return view_; }
  operator std::string_view() const { return view_; }  // NOLINT(google-explicit-constructor)
  const char* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

/// As read_file(), without a copy where that is safe: the file is mapped if the kernel grants a
/// lease on it (fcntl(2), F_SETLEASE), which holds off whoever would write to it until the last
/// copy of the bytes is gone. Without one (another's file, a network's) its bytes are read.
Result<FileBytes> map_file(const std::string& path, const Limits& limits);

/// The first bytes of a regular file, fewer if it is shorter: to tell what it is. Errors as above.
Result<std::string> read_file_start(const std::string& path, size_t bytes_max);

/// Lower-case hexadecimal SHA-256 of the bytes.
std::string sha256_hex(std::string_view bytes);
/// The 32 bytes of HMAC-SHA-256.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace slipway
