// Signals: the main thread waits here for SIGTERM, SIGINT and SIGHUP, or for another thread's word.
//
//   const auto signals = TRY(Signals::block());     // before any thread starts
//   ...
//   int signal = signals->wait(std::nullopt);       // SIGHUP, SIGTERM, ... or Signals::kWoken
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/status.h"

namespace slipway::cli {

class Signals {
 public:
  static constexpr int kWoken = -1;
  static constexpr int kTimeout = 0;

  /// Blocks the signals in this thread and all that it starts; ignores SIGPIPE.
  static Result<std::unique_ptr<Signals>> block();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The signal's number, kWoken, or kTimeout.
  int wait(std::optional<std::chrono::milliseconds> limit);
  /// Ends a wait with kWoken. Thread-safe.
  void wake();

 private:
  Signals(int signals, int woken) : signals_(signals), woken_(woken) {}
  const int signals_;
  const int woken_;
};

}  // namespace slipway::cli
