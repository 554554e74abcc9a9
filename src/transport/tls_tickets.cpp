#include "transport/internal/tls_tickets.h"

#include <openssl/rand.h>

#include <cstring>

namespace slipway::transport {

std::optional<TlsTicketKeys::Key> TlsTicketKeys::sealing_key(SteadyTime now) {
  const MutexLock lock(mutex_);
  if (current_ && now - current_->made < kLifetime) return current_;
  Key key;
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
      RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1) {
    return std::nullopt;
  }
  key.made = now;
  previous_ = current_;
  current_ = key;
  return current_;
}

std::optional<TlsTicketKeys::Key> TlsTicketKeys::opening_key(const unsigned char* name,
                                                             SteadyTime now, bool& is_old) {
  const MutexLock lock(mutex_);
  for (const std::optional<Key>* key : {&current_, &previous_}) {
    if (!*key || std::memcmp((*key)->name.data(), name, (*key)->name.size()) != 0) continue;
    if (now - (*key)->made >= 2 * kLifetime) return std::nullopt;
    is_old = now - (*key)->made >= kLifetime;
    return *key;
  }
  return std::nullopt;
}

}  // namespace slipway::transport
