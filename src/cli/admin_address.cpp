#include "cli/admin_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace slipway::cli {
namespace {

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24U == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

Result<AdminAddress> parse_admin_address(std::string_view text) {
  AdminAddress address;
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    const bool plain_host = bracketed || host.find_first_of(":[]") == std::string_view::npos;
    if (!host.empty() && plain_host && !port.empty() && error == std::errc() &&
        end == port.data() + port.size()) {
      address.host = host;
      address.is_loopback = is_loopback(address.host);
      return address;
    }
  }
  return invalid_argument(
      fmt::format("--admin: expected HOST:PORT (127.0.0.1:8081, [::1]:8081), got \"{}\"", text));
}

}  // namespace slipway::cli
