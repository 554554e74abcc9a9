#include "cli/internal/serve_flags_listeners.h"
#include "cli/internal/flag_values.h"
#include "protocols/dialects.h"

namespace slipway::cli {
namespace {

constexpr const char* kGroup = "Network";

constexpr const char* kTls = "TLS";

void add_tls_flags(CLI::App& command, ListenerFlags& flags) {
  command
      .add_option("--tls-cert", flags.tls_certificates,
                  "Certificate chain (PEM): --port speaks TLS with it, and each --listen that says "
                  "tls; may be given several times, for several names")
      ->transform(filled_value())
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(kTls);
  command.add_option("--tls-key", flags.tls_keys, "The certificate's private key (PEM)")
      ->transform(filled_value())
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(kTls);
  command
      .add_option("--tls-client-ca", flags.tls_client_ca,
                  "Clients must show a certificate of one of these (PEM)")
      ->transform(filled_value())
      ->type_name("FILE")
      ->group(kTls);
  command
      .add_option("--tls-client-cert", flags.tls_client_certificate,
                  "With --tls-client-ca: required, or optional (one that is shown must be good)")
      ->capture_default_str()
      ->check(CLI::IsMember({"required", "optional"}))
      ->group(kTls);
  command
      .add_option("--tls-handshake-timeout", flags.tls_handshake_timeout_s,
                  "The TLS handshake must end within this")
      ->capture_default_str()
      ->transform(time_value(Zero::kRefused))
      ->type_name("TIME")
      ->group(kTls);
}

void add_cors_flags(CLI::App& command, ListenerFlags& flags) {
  command
      .add_option("--cors-origin", flags.cors_origins,
                  "Web pages of this origin (https://app.example.com) may read answers; * means "
                  "every page; may be given several times")
      ->transform(filled_value())
      ->type_name("ORIGIN")
      ->allow_extra_args(false)
      ->group(kGroup);
  command
      .add_option("--cors-max-age", flags.cors_max_age_s,
                  "Browsers may remember for so long what a page may send")
      ->capture_default_str()
      ->transform(time_value(Zero::kAllowed))
      ->type_name("TIME")
      ->group(kGroup);
}

void add_http2_flags(CLI::App& command, ListenerFlags& flags) {
  command
      .add_option("--http2-max-streams", flags.http2_streams_max,
                  "Requests open at once on one HTTP/2 connection")
      ->capture_default_str()
      ->transform(count_value(1, 100'000))
      ->type_name("COUNT")
      ->group(kGroup);
  command
      .add_option("--http2-max-bytes", flags.http2_bytes_max,
                  "Memory of all requests of one HTTP/2 connection; at least three of the largest "
                  "bodies (192m)")
      ->transform(size_value(1))
      ->type_name("SIZE")
      ->group(kGroup);
  const auto add_time = [&](const char* name, double& value, const char* description) {
    command.add_option(name, value, description)
        ->capture_default_str()
        ->transform(time_value(Zero::kRefused))
        ->type_name("TIME")
        ->group(kGroup);
  };
  add_time(
      "--http2-ping-interval", flags.http2_ping_interval_s,
      "After this much silence, with requests open, an HTTP/2 peer is asked whether it is there");
  add_time("--http2-ping-timeout", flags.http2_ping_timeout_s, "It must answer within this");
}

}  // namespace

void add_listener_flags(CLI::App& command, ListenerFlags& flags) {
  for (const char* name : {"--host", "--port"}) {
    command.get_option(name)->each([&flags](const std::string&) { flags.address_given = true; });
  }
  command
      .add_option("--listen", flags.listen,
                  "A listener: HOST:PORT, unix:PATH or systemd[:NAME], then, after commas, tls, "
                  "proxy, admin, protocols=http1+http2+grpc, compat=tf-serving+simple, mode=0660; "
                  "may be given several times")
      ->transform(filled_value())
      ->type_name("ADDRESS")
      ->allow_extra_args(false)
      ->group(kGroup);
  std::string names;
  for (const std::string_view name : protocols::dialect_names()) {
    names += names.empty() ? "" : ", ";
    names += name;
  }
  command
      .add_option("--compat", flags.compat,
                  "What is answered: all, or some of " + names +
                      "; of two with the same path the first one owns it (default: all)")
      ->transform(compat_value())
      ->type_name("LIST")
      ->group(kGroup);
  add_tls_flags(command, flags);
  add_cors_flags(command, flags);
  add_http2_flags(command, flags);
}

}  // namespace slipway::cli
