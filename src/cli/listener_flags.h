// What the flags about listeners give, beside --host, --port, --admin and --admin-token.
#pragma once

#include <string>
#include <vector>

namespace slipway::cli {

struct ListenerFlags {
  bool address_given = false;  // --host or --port
  std::vector<std::string> listen;
};

}  // namespace slipway::cli
