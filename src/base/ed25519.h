// Ed25519 keys and signatures (RFC 8032), by OpenSSL.
//
//   const Ed25519KeyPair pair = TRY(make_ed25519_pair());
//   const Ed25519Key key = TRY(parse_private_key(pair.private_pem));
//   const std::string signature = TRY(sign_bytes(text, key));
//
// Thread rule: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway {

inline constexpr size_t kEd25519SignatureBytes = 64;

/// A key of either half.
struct Ed25519Key {
  std::string bytes;  // 32: the private seed, or the public point
};
struct Ed25519KeyPair {
  std::string private_pem;
  std::string public_pem;
};

/// PEM as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write it, without a
/// password. INVALID_ARGUMENT says what was expected.
Result<Ed25519Key> parse_private_key(std::string_view pem);
Result<Ed25519Key> parse_public_key(std::string_view pem);
Result<Ed25519KeyPair> make_ed25519_pair();
Result<Ed25519Key> public_half(const Ed25519Key& private_key);
/// "sha256:..." of the 32 bytes of a public key: its name in messages.
std::string key_name(const Ed25519Key& public_key);

/// The 64 bytes of the signature.
Result<std::string> sign_bytes(std::string_view bytes, const Ed25519Key& private_key);
/// The first key that made this signature of these bytes; null if none did.
const Ed25519Key* signer_of(std::string_view bytes, std::string_view signature,
                            std::span<const Ed25519Key> public_keys);

}  // namespace slipway
