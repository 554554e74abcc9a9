// What the flags about listeners give, beside --host, --port, --admin and --admin-token.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway::cli {

struct ListenerFlags {
  bool address_given = false;  // --host or --port
  std::vector<std::string> listen;
  std::string compat;  // dialects, parted by commas; empty: all

  std::vector<std::string> tls_certificates;  // with as many keys
  std::vector<std::string> tls_keys;
  std::string tls_client_ca;
  std::string tls_client_certificate = "required";  // "required", "optional"; with a client CA
  double tls_handshake_timeout_s = 10;

  std::vector<std::string> cors_origins;  // none: pages of other origins may not read answers
  double cors_max_age_s = 86'400;

  uint32_t http2_streams_max = 128;
  uint64_t http2_bytes_max = 192ULL << 20;
  double http2_ping_interval_s = 60;
  double http2_ping_timeout_s = 20;
};

}  // namespace slipway::cli
