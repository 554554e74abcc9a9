#include "base/ed25519.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/file.h"

namespace slipway {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kPemBytesMax = 64 << 10;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Bio read_bio(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<size_t>(size));
}

/// A key with a password would ask for it at the terminal: it is refused instead.
int no_password(char*, int, int, void*) { return -1; }

Key private_key_of(const Ed25519Key& key) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(key.bytes),
                                          key.bytes.size()));
}

Result<std::string> raw_public(const Key& key) {
  std::string raw(kKeyBytes, '\0');
  size_t size = raw.size();
  if (key == nullptr ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) !=
          1 ||
      size != kKeyBytes) {
    return internal_error("OpenSSL gives no public half of the key");
  }
  return raw;
}

bool is_ed25519(const Key& key) {
  return key != nullptr && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519;
}

}  // namespace

Result<Ed25519Key> parse_private_key(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return invalid_argument("no private key: too long");
  const Bio bio = read_bio(pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!is_ed25519(key)) {
    return invalid_argument(
        "no Ed25519 private key in PEM without a password (`slipway sign --new-key NAME` or "
        "`openssl genpkey -algorithm ed25519` makes one)");
  }
  Ed25519Key raw{std::string(kKeyBytes, '\0')};
  size_t size = kKeyBytes;
  if (EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(raw.bytes.data()),
                                   &size) != 1) {
    return invalid_argument("the private key cannot be read");
  }
  return raw;
}

Result<Ed25519Key> parse_public_key(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return invalid_argument("no public key: too long");
  const Bio bio = read_bio(pem);
  const Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (!is_ed25519(key)) {
    return invalid_argument(
        "no Ed25519 public key in PEM (`slipway sign --new-key NAME` writes NAME.pub; of a "
        "private key, `openssl pkey -pubout` gives it)");
  }
  return Ed25519Key{TRY(raw_public(key))};
}

Result<Ed25519Key> public_half(const Ed25519Key& private_key) {
  return Ed25519Key{TRY(raw_public(private_key_of(private_key)))};
}

Result<Ed25519KeyPair> make_ed25519_pair() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio private_bio(BIO_new(BIO_s_mem()));
  const Bio public_bio(BIO_new(BIO_s_mem()));
  if (key == nullptr ||
      PEM_write_bio_PrivateKey(private_bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) != 1 ||
      PEM_write_bio_PUBKEY(public_bio.get(), key.get()) != 1) {
    return internal_error("OpenSSL makes no Ed25519 key");
  }
  return Ed25519KeyPair{text_of(private_bio), text_of(public_bio)};
}

std::string key_name(const Ed25519Key& public_key) {
  return fmt::format("sha256:{}", sha256_hex(public_key.bytes));
}

Result<std::string> sign_bytes(std::string_view bytes, const Ed25519Key& private_key) {
  const Key key = private_key_of(private_key);
  const Context context(EVP_MD_CTX_new());
  std::string signature(kEd25519SignatureBytes, '\0');
  size_t size = signature.size();
  if (key == nullptr || context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(bytes), bytes.size()) != 1 ||
      size != kEd25519SignatureBytes) {
    return internal_error("OpenSSL does not sign with this key");
  }
  return signature;
}

const Ed25519Key* signer_of(std::string_view bytes, std::string_view signature,
                            std::span<const Ed25519Key> public_keys) {
  if (signature.size() != kEd25519SignatureBytes) return nullptr;
  for (const Ed25519Key& candidate : public_keys) {
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(candidate.bytes),
                                              candidate.bytes.size()));
    const Context context(EVP_MD_CTX_new());
    if (key != nullptr && context != nullptr &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                         bytes.size()) == 1) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace slipway
