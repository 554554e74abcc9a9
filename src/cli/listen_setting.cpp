#include "cli/listen_setting.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <charconv>

#include "protocols/dialects.h"

namespace slipway::cli {
namespace {

bool is_loopback(in_addr address) { return ntohl(address.s_addr) >> 24U == 127; }

/// The text up to the separator, which is taken off too.
std::string_view take_part(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

Result<transport::Protocols> parse_protocols(std::string_view text) {
  transport::Protocols spoken{false, false, false};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view name = take_part(rest, '+');
    if (name == "http1") {
      spoken.http1 = true;
    } else if (name == "http2") {
      spoken.http2 = true;
    } else if (name == "grpc") {
      spoken.grpc = true;
    } else {
      return invalid_argument(
          fmt::format("protocols: expected some of http1+http2+grpc, got \"{}\"", text));
    }
  }
  return spoken;
}

Result<uint32_t> parse_mode(std::string_view text) {
  uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || end != text.data() + text.size() || mode > 0777) {
    return invalid_argument(fmt::format("mode: expected an octal mode (0660), got \"{}\"", text));
  }
  return mode;
}

std::string* tls_part(ListenSetting& setting, std::string_view key) {
  if (key == "cert") return &setting.tls_certificate;
  if (key == "key") return &setting.tls_key;
  if (key == "client-ca") return &setting.tls_client_ca;
  if (key == "client-cert") return &setting.tls_client_certificate;
  return nullptr;
}

Status apply(ListenSetting& setting, std::string_view key, std::string_view value, bool has_value) {
  if (key == "admin" && !has_value) {
    setting.is_admin = true;
  } else if (key == "proxy" && !has_value) {
    setting.has_proxy_header = true;
  } else if (key == "tls" && !has_value) {
    setting.has_tls = true;
  } else if (std::string* const tls = tls_part(setting, key); tls != nullptr && !value.empty()) {
    setting.has_tls = true;
    *tls = value;
  } else if (key == "protocols" && !value.empty()) {
    setting.protocols = TRY(parse_protocols(value));
  } else if (key == "compat" && !value.empty()) {
    Result<std::vector<std::string>> names = protocols::parse_compat(value, '+');
    if (!names.ok()) return std::move(names).status().with_context("compat");
    setting.compat = std::move(names).value();
  } else if (key == "mode" && !value.empty()) {
    if (setting.address.kind != ListenAddress::Kind::kUnix) {
      return invalid_argument("mode: only a Unix socket has one");
    }
    setting.mode = TRY(parse_mode(value));
  } else {
    return invalid_argument(fmt::format(
        "expected tls, cert=FILE, key=FILE, client-ca=FILE, client-cert=optional, proxy, admin, "
        "protocols=http1+http2+grpc, compat=simple+kserve-v2 or mode=0660 after the address, got "
        "\"{}{}{}\"",
        key, has_value ? "=" : "", value));
  }
  return {};
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress address;
  if (text == "systemd" || text.starts_with("systemd:")) {
    address.kind = ListenAddress::Kind::kInherited;
    if (text.size() > 8) address.name = text.substr(8);
    return address;
  }
  if (text.starts_with("unix:") && text.size() > 5) {
    address.kind = ListenAddress::Kind::kUnix;
    address.path = text.substr(5);
    return address;
  }
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
      return address;
    }
  }
  return invalid_argument(
      fmt::format("expected HOST:PORT (127.0.0.1:8081, [::1]:8081), unix:PATH or systemd:NAME, got "
                  "\"{}\"",
                  text));
}

bool is_local(const ListenAddress& address) {
  if (address.kind != ListenAddress::Kind::kTcp) return address.kind == ListenAddress::Kind::kUnix;
  if (address.host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return is_loopback(v4);
  in6_addr v6{};
  return inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_local_socket(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  if (address.ss_family == AF_UNIX) return true;
  if (address.ss_family == AF_INET) {
    return is_loopback(reinterpret_cast<const sockaddr_in*>(&address)->sin_addr);
  }
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr);
}

Result<ListenSetting> parse_listen_setting(std::string_view text) {
  ListenSetting setting;
  setting.text = text;
  std::string_view rest = text;
  setting.address = TRY(parse_listen_address(take_part(rest, ',')));
  if (text.ends_with(',')) return invalid_argument("nothing follows the last comma");
  while (!rest.empty()) {
    std::string_view value = take_part(rest, ',');
    const bool has_value = value.find('=') != std::string_view::npos;
    const std::string_view key = take_part(value, '=');
    TRY_STATUS(apply(setting, key, value, has_value));
  }
  if (setting.tls_certificate.empty() != setting.tls_key.empty()) {
    return invalid_argument("cert= and key= go together");
  }
  const std::string& asked = setting.tls_client_certificate;
  if (!asked.empty() && asked != "required" && asked != "optional") {
    return invalid_argument(
        fmt::format("client-cert: expected required or optional, got \"{}\"", asked));
  }
  return setting;
}

}  // namespace slipway::cli
