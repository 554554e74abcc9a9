// Certificates and keys made for a test, and a blocking TLS client.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/time.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "transport/internal/unique_fd.h"
#include "transport/socket_client_test.h"
#include "transport/tls.h"

namespace slipway::transport {

/// A folder of PEM files, removed at the end.
class TlsFolder {
 public:
  TlsFolder() {
    static std::atomic<int> made{0};
    folder_ = std::filesystem::temp_directory_path() /
              ("slipway-tls-" + std::to_string(getpid()) + "-" + std::to_string(made++));
    std::filesystem::create_directory(folder_);
  }
  ~TlsFolder() { std::filesystem::remove_all(folder_); }
  TlsFolder(const TlsFolder&) = delete;
  TlsFolder& operator=(const TlsFolder&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// NAME.pem and NAME.key: for these DNS names, valid for so many days (negative: no longer),
  /// signed by ISSUER.key, or by itself.
  TlsFiles make(const std::string& name, const std::string& host, int days = 30,
                const std::string& issuer = "") const {
    using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
    char curve[] = "P-256";
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    static std::atomic<int> serial{1};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -90L * 24 * 3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), days * 24L * 3600);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME* const subject = X509_get_subject_name(made.get());
    add_name(subject, name);
    const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> issued_by(X509_NAME_new(),
                                                                          &X509_NAME_free);
    add_name(issued_by.get(), issuer.empty() ? name : issuer);
    X509_set_issuer_name(made.get(), issued_by.get());
    if (!host.empty()) add_extension(made.get(), NID_subject_alt_name, "DNS:" + host);
    if (issuer.empty()) add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    Key signer(nullptr, &EVP_PKEY_free);
    if (!issuer.empty()) {
      std::FILE* const file = std::fopen(path(issuer + ".key").c_str(), "r");
      signer.reset(PEM_read_PrivateKey(file, nullptr, nullptr, nullptr));
      std::fclose(file);
    }
    X509_sign(made.get(), signer ? signer.get() : key.get(), EVP_sha256());
    TlsFiles files{.certificate = path(name + ".pem"), .key = path(name + ".key")};
    std::FILE* file = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(file, made.get());
    std::fclose(file);
    file = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    return files;
  }

 private:
  static void add_name(X509_NAME* name, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  }
  static void add_extension(X509* certificate, int kind, const std::string& text) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, text.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  std::filesystem::path folder_;
};

/// What a TlsClient asks for.
struct TlsWishes {
  std::string alpn;  // in wire form: "\x02h2"
  std::string host;  // SNI
  int version_max = TLS1_3_VERSION;
  TlsFiles certificate;            // of the client
  SSL_SESSION* session = nullptr;  // to be resumed
};

/// Shakes hands when made; verifies nothing.
class TlsClient {
 public:
  explicit TlsClient(uint16_t port, const TlsWishes& wishes = {})
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
        ssl_(nullptr, &SSL_free),
        socket_(port) {
    std::signal(SIGPIPE, SIG_IGN);                  // OpenSSL writes without MSG_NOSIGNAL
    SSL_CTX_set_security_level(context_.get(), 0);  // the oldest versions too, to be refused
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), wishes.version_max);
    if (!wishes.certificate.certificate.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), wishes.certificate.certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), wishes.certificate.key.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_.fd());
    if (!wishes.alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wishes.alpn.data()),
                          static_cast<unsigned>(wishes.alpn.size()));
    }
    if (!wishes.host.empty()) SSL_set_tlsext_host_name(ssl_.get(), wishes.host.c_str());
    if (wishes.session != nullptr) SSL_set_session(ssl_.get(), wishes.session);
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }

  /// Without this OpenSSL would give up the session, which another client is to resume.
  ~TlsClient() { SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  SSL* ssl() { return ssl_.get(); }
  SocketClient& socket() { return socket_; }
  std::string alpn() {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string peer_name() {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    char name[256] = "";
    if (certificate == nullptr) return "none";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof(name));
    return name;
  }

  bool send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      size_t sent = 0;
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) return false;
      bytes.remove_prefix(sent);
    }
    return true;
  }
  /// Exactly one answer with a Content-Length; empty if the connection ended.
  std::string read_answer() {
    size_t head_size = std::string::npos;
    while ((head_size = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    const size_t length = buffer_.find("Content-Length: ");
    const size_t size = head_size + 4 + std::stoul(buffer_.substr(length + 16));
    while (buffer_.size() < size) {
      if (!fill()) return {};
    }
    std::string answer = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }
  /// What has come and is not yet taken; empty at the end.
  std::string read_some() {
    if (buffer_.empty()) fill();
    return std::exchange(buffer_, {});
  }
  /// The server said goodbye before it closed.
  bool closed_by_notify() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  bool fill() {
    char bytes[16 * 1024];
    if (!connected_ || (SSL_has_pending(ssl_.get()) == 0 && !socket_.has_input(kPatience))) {
      return false;
    }
    size_t size = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), bytes, sizeof(bytes), &size) != 1) return false;
    buffer_.append(bytes, size);
    return true;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  SocketClient socket_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace slipway::transport
