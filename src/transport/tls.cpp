#include "transport/tls.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "transport/internal/tls_tickets.h"

namespace slipway::transport {
namespace {

// Mozilla's intermediate profile, version 5.7, but for the three DHE suites: every client that
// knows one of them knows ECDHE, and finite-field exchanges cost the server most.
constexpr const char* kTls12Suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr std::array<int, 3> kGroups = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
constexpr std::string_view kSessionContext = "slipway";

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// OpenSSL's last word on what went wrong, and forgets it.
std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  return "unknown error";
}

/// What tells whether a file has been changed or replaced.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;
  int64_t modified_s = 0;
  int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

/// What connections begin with; immutable once made.
struct State {
  std::vector<SslContext> contexts;  // as TlsOptions::certificates
  std::shared_ptr<TlsTicketKeys> tickets;
};

// Callbacks of OpenSSL.

int choose_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const auto& spoken = *static_cast<const Protocols*>(SSL_get_app_data(ssl));
  std::array<std::string_view, 2> ours;
  if (spoken.http2 || spoken.grpc) ours[0] = "h2";
  if (spoken.http1) ours[1] = "http/1.1";
  const std::string_view names(reinterpret_cast<const char*>(offered), offered_size);
  for (const std::string_view name : ours) {
    for (size_t at = 0; !name.empty() && at < names.size();) {
      const size_t size = offered[at];
      if (names.substr(at + 1, size) == name) {
        *out = offered + at + 1;
        *out_size = static_cast<unsigned char>(size);
        return SSL_TLSEXT_ERR_OK;
      }
      at += 1 + size;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol (RFC 7301, 3.2)
}

int choose_certificate(SSL* ssl, int*, void* state) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const SslContext& context : static_cast<const State*>(state)->contexts) {
    X509* certificate = SSL_CTX_get0_certificate(context.get());
    if (X509_check_host(certificate, name, std::strlen(name), 0, nullptr) != 1) continue;
    SSL_set_SSL_CTX(ssl, context.get());
    break;
  }
  return SSL_TLSEXT_ERR_OK;
}

int seal_or_open_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                        EVP_MAC_CTX* mac, int seals) {
  auto* const keys = static_cast<TlsTicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const SteadyTime now = std::chrono::steady_clock::now();
  bool is_old = false;
  std::optional<TlsTicketKeys::Key> key =
      seals != 0 ? keys->sealing_key(now) : keys->opening_key(name, now, is_old);
  if (!key) return 0;
  const EVP_CIPHER* const algorithm = EVP_aes_256_cbc();
  if (seals != 0) {
    std::memcpy(name, key->name.data(), key->name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(algorithm)) != 1) return -1;
  }
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  if (EVP_CipherInit_ex(cipher, algorithm, nullptr, key->cipher.data(), iv, seals) != 1 ||
      EVP_MAC_CTX_set_params(mac, parameters.data()) != 1) {
    return -1;
  }
  return is_old ? 2 : 1;
}

// A key that wants a password must not ask for it on the terminal.
int no_password(char*, int, int, void*) { return -1; }

// Reading the files.

Status refuse(std::string_view what, const std::string& path, const std::string& reason) {
  return invalid_argument(fmt::format("the TLS {} {} cannot be used: {}", what, path, reason));
}

Status check_readable(std::string_view what, const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), &BIO_free);
  if (file) return {};
  const std::string reason = std::strerror(errno);
  ERR_clear_error();
  return refuse(what, path, reason);
}

void warn_of_dates(const std::string& path, const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    log_warning("the TLS certificate has expired: {}", path);
  } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    log_warning("the TLS certificate is not valid yet: {}", path);
  }
}

Status load_pair(SSL_CTX* context, const TlsFiles& files) {
  TRY_STATUS(check_readable("certificate", files.certificate));
  TRY_STATUS(check_readable("key", files.key));
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return refuse("certificate", files.certificate, last_error());
  }
  SSL_CTX_set_default_passwd_cb(context, no_password);
  const bool is_loaded =
      SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  const unsigned long code = ERR_peek_last_error();
  // One of another kind is taken at first, but has no certificate.
  if (is_loaded ? SSL_CTX_check_private_key(context) != 1 : ERR_GET_LIB(code) == ERR_LIB_X509) {
    ERR_clear_error();
    return refuse("key", files.key,
                  fmt::format("it does not belong to the certificate {}", files.certificate));
  }
  if (!is_loaded) return refuse("key", files.key, last_error());
  warn_of_dates(files.certificate, SSL_CTX_get0_certificate(context));
  return {};
}

Status load_client_ca(SSL_CTX* context, const TlsOptions& options) {
  if (options.client_certificate == ClientCertificate::kNone) return {};
  TRY_STATUS(check_readable("client CA", options.client_ca));
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(options.client_ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, options.client_ca.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return refuse("client CA", options.client_ca, last_error());
  }
  SSL_CTX_set_client_CA_list(context, names);
  const bool required = options.client_certificate == ClientCertificate::kRequired;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

Result<SslContext> make_context(const TlsOptions& options, const TlsFiles& files,
                                TlsTicketKeys& tickets) {
  SslContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const auto* const session_context =
      reinterpret_cast<const unsigned char*>(kSessionContext.data());
  std::array<int, 3> groups = kGroups;  // OpenSSL wants to be able to write
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Suites) != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), kTls13Suites) != 1 ||
      SSL_CTX_set1_groups(context.get(), groups.data(), groups.size()) != 1 ||
      SSL_CTX_set_session_id_context(context.get(), session_context, kSessionContext.size()) != 1) {
    return internal_error(fmt::format("cannot set up TLS: {}", last_error()));
  }
  // HTTP has its own lengths: an end without close_notify cuts nothing off unseen.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets alone
  SSL_CTX_set_app_data(context.get(), &tickets);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context.get(), seal_or_open_ticket);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  TRY_STATUS(load_pair(context.get(), files));
  TRY_STATUS(load_client_ca(context.get(), options));
  return context;
}

}  // namespace

class TlsContext::Impl {
 public:
  explicit Impl(TlsOptions options) : options_(std::move(options)) {}

  const TlsOptions& options() const { return options_; }

  Status reload() EXCLUDES(reload_mutex_, mutex_) {
    const MutexLock reloading(reload_mutex_);
    return load(stamps());
  }

  Result<bool> reload_if_changed() EXCLUDES(reload_mutex_, mutex_) {
    const MutexLock reloading(reload_mutex_);
    std::vector<FileStamp> now = stamps();
    if (now == tried_) return false;
    TRY_STATUS(load(std::move(now)));
    return true;
  }

  Connection new_connection(const Protocols& spoken) EXCLUDES(mutex_) {
    std::shared_ptr<const State> state;
    {
      const MutexLock lock(mutex_);
      state = state_;
    }
    SSL* const ssl = SSL_new(state->contexts[0].get());
    if (ssl == nullptr) return {};
    SSL_set_app_data(ssl, const_cast<Protocols*>(&spoken));  // NOLINT: only read
    SSL_set_accept_state(ssl);
    return {ssl, std::move(state)};
  }

 private:
  // The client CA comes first.
  std::vector<FileStamp> stamps() const {
    std::vector<FileStamp> stamps = {stamp_of(options_.client_ca)};
    for (const TlsFiles& files : options_.certificates) {
      stamps.push_back(stamp_of(files.certificate));
      stamps.push_back(stamp_of(files.key));
    }
    return stamps;
  }

  Status load(std::vector<FileStamp> now) REQUIRES(reload_mutex_) EXCLUDES(mutex_) {
    tried_ = std::move(now);
    auto state = std::make_shared<State>();
    // A ticket stands for a client certificate that was good for the CA of then.
    state->tickets = tickets_ != nullptr && tickets_ca_ == tried_[0]
                         ? tickets_
                         : std::make_shared<TlsTicketKeys>();
    for (const TlsFiles& files : options_.certificates) {
      state->contexts.push_back(TRY(make_context(options_, files, *state->tickets)));
    }
    SSL_CTX* const first = state->contexts[0].get();
    if (state->contexts.size() > 1) {
      SSL_CTX_set_tlsext_servername_callback(first, choose_certificate);
      SSL_CTX_set_tlsext_servername_arg(first, state.get());
    }
    tickets_ = state->tickets;
    tickets_ca_ = tried_[0];
    const MutexLock lock(mutex_);
    state_ = std::move(state);
    return {};
  }

  const TlsOptions options_;
  Mutex reload_mutex_;
  std::vector<FileStamp> tried_ GUARDED_BY(reload_mutex_);
  std::shared_ptr<TlsTicketKeys> tickets_ GUARDED_BY(reload_mutex_);
  FileStamp tickets_ca_ GUARDED_BY(reload_mutex_);
  Mutex mutex_;
  std::shared_ptr<const State> state_ GUARDED_BY(mutex_);
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::create(TlsOptions options) {
  if (options.certificates.empty()) {
    return invalid_argument("TLS needs a certificate and its key");
  }
  std::shared_ptr<TlsContext> context(new TlsContext(std::make_unique<Impl>(std::move(options))));
  TRY_STATUS(context->reload());
  return context;
}

Status TlsContext::reload() { return impl_->reload(); }

Result<bool> TlsContext::reload_if_changed() { return impl_->reload_if_changed(); }

const TlsOptions& TlsContext::options() const { return impl_->options(); }

TlsContext::Connection TlsContext::new_connection(const Protocols& spoken) {
  return impl_->new_connection(spoken);
}

}  // namespace slipway::transport
