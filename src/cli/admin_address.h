// The value of --admin: where the admin listener is, and who can reach it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::cli {

struct AdminAddress {
  std::string host;
  uint16_t port = 0;
  bool is_loopback = false;  // only programs on this machine reach it
};

/// "127.0.0.1:8081", "[::1]:0", "localhost:8081".
Result<AdminAddress> parse_admin_address(std::string_view text);

}  // namespace slipway::cli
