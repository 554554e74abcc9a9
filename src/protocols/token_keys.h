// TokenKeys: TorchServe's token authorization. Keys for management and for inference that expire,
// and one that may renew them, in a file that only the server's user can read.
//
//   start --create--> key_file.json;  Authorization: Bearer KEY --accepts--> yes or no
//   GET /token?type=inference --renew--> key_file.json
//
// Keys are compared in a time that does not tell where they differ. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/thread_annotations.h"

namespace slipway::protocols {

class TokenKeys {
 public:
  enum class Kind : uint8_t { kManagement, kInference };

  /// New keys, written to the file. UNAVAILABLE if that cannot be done.
  static Result<std::shared_ptr<TokenKeys>> create(std::string path, std::chrono::seconds lifetime);

  /// Whether the value of an Authorization header brings this key, before it expires.
  bool accepts(Kind kind, std::string_view authorization) const EXCLUDES(mutex_);
  /// The key that renews the others; it does not expire.
  bool accepts_api_key(std::string_view authorization) const;
  /// A new key of this kind; the old one ends. If the file cannot be written, it stays.
  Status renew(Kind kind) EXCLUDES(mutex_);

 private:
  using WallTime = std::chrono::system_clock::time_point;
  struct Key {
    std::string text;
    WallTime expires;
  };

  TokenKeys(std::string path, std::chrono::seconds lifetime, std::string api_key);
  Key make_key() const;
  Status write(const Key& management, const Key& inference) const;

  const std::string path_;
  const std::chrono::seconds lifetime_;
  const std::string api_key_;
  mutable Mutex mutex_;
  Key management_ GUARDED_BY(mutex_);
  Key inference_ GUARDED_BY(mutex_);
};

/// True for equal texts, in a time that does not tell where they differ.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace slipway::protocols
