// SHA-256 of bytes that come piece by piece (base/file.h has it of bytes that are there).
//
//   Sha256 digest;
//   digest.add(block);
//   digest.hex();
//
// Thread rule: single-sequence.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace slipway {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// Lower-case hexadecimal, of all that was added; nothing may be added afterwards.
  std::string hex();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // OpenSSL's
};

}  // namespace slipway
