// TLS of a listener: certificates, keys, whom to ask for a certificate. TLS 1.2 and 1.3 by OpenSSL
// as in Mozilla's intermediate profile, without its finite-field key exchange.
//
// One TlsContext serves any number of listeners and loops; what it was made of can be replaced
// while it is in use: connections that exist keep what they began with, new ones get the new one.
// Session tickets are good on every loop and after a reload, unless the client CA has changed;
// their key is replaced every 12 hours.
//
// Ownership: shared by its listeners and whoever reloads it. Thread-safe.
//
//   TlsOptions options;
//   options.certificates = {{"server.pem", "server.key"}};
//   auto context = TRY(TlsContext::create(options));
//   ...
//   Status status = context->reload_if_changed();     // a broken pair: the old one goes on serving
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "transport/listen.h"

struct ssl_st;

namespace slipway::transport {

struct TlsFiles {
  bool operator==(const TlsFiles&) const = default;

  std::string certificate;  // PEM: the server's own, then those between it and the root
  std::string key;          // PEM, not encrypted
};

/// Whether clients are asked for one; one that is shown must be good in any case.
enum class ClientCertificate { kNone, kOptional, kRequired };

struct TlsOptions {
  bool operator==(const TlsOptions&) const = default;

  /// The first serves every name; of the others, each the names that stand in its certificate.
  std::vector<TlsFiles> certificates;
  std::string client_ca;  // PEM: those whose certificates clients may show
  ClientCertificate client_certificate = ClientCertificate::kNone;
};

class TlsContext {
 public:
  /// Reads the files. INVALID_ARGUMENT names the file and what is wrong with it. An expired
  /// certificate is only warned of.
  static Result<std::shared_ptr<TlsContext>> create(TlsOptions options);
  ~TlsContext();

  /// Reads the files again; on failure the old ones go on serving.
  Status reload();
  /// The same, if any file is not as it was at the last attempt. True if there is something new.
  Result<bool> reload_if_changed();
  const TlsOptions& options() const;

  /// What one connection needs; `state` is kept as long as `ssl`, which the caller frees. For the
  /// transport's own use.
  struct Connection {
    ssl_st* ssl = nullptr;  // null: no memory
    std::shared_ptr<const void> state;
  };
  /// `spoken` must outlive the connection.
  Connection new_connection(const Protocols& spoken);

 private:
  class Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::transport
