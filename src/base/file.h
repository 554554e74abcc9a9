// Reading whole files, the only way in which bytes of models reach the readers.
#pragma once

#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/status.h"

namespace slipway {

/// The whole regular file. NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (a directory, a device),
/// RESOURCE_EXHAUSTED (over limits.file_bytes_max), each naming the path.
Result<std::string> read_file(const std::string& path, const Limits& limits);

/// The first bytes of a regular file, fewer if it is shorter: to tell what it is. Errors as above.
Result<std::string> read_file_start(const std::string& path, size_t bytes_max);

/// Lower-case hexadecimal SHA-256 of the bytes.
std::string sha256_hex(std::string_view bytes);
/// The 32 bytes of HMAC-SHA-256.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace slipway
