// The keys of TLS session tickets: one that seals, and the one before it, so that a ticket is good
// for 12 to 24 hours. With a key of its own for all loops, a session resumes on any of them; with
// keys that end, a stolen one opens little (RFC 5077, 5.5).
//
// Thread-safe. Only whole handshakes and resumptions come here.
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace slipway::transport {

class TlsTicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    SteadyTime made;
  };
  static constexpr std::chrono::hours kLifetime{12};

  /// The key that seals new tickets; none if the system has no random bytes.
  std::optional<Key> sealing_key(SteadyTime now) EXCLUDES(mutex_);
  /// The key with that name, if it is still good; `is_old` if the ticket should be renewed.
  std::optional<Key> opening_key(const unsigned char* name, SteadyTime now, bool& is_old)
      EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::optional<Key> current_ GUARDED_BY(mutex_);
  std::optional<Key> previous_ GUARDED_BY(mutex_);
};

}  // namespace slipway::transport
