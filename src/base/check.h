// CHECK: ends the process when one of our own invariants is broken. On in release. Never for input:
// bad input gets a Status.
#pragma once

namespace slipway {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace slipway

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) [[unlikely]] {                           \
      ::slipway::check_failed(#condition, __FILE__, __LINE__); \
    }                                                          \
  } while (false)
