// What the main thread does beside waiting for signals: it replaces certificates whose files have
// changed, and tells the service manager that the program is ready, and that it is alive.
//
// Ownership: the server outlives it. Thread rule: the main thread.
//
//   Upkeep upkeep(manager, contexts, server, loops);
//   while (signals.wait(upkeep.period()) == Signals::kTimeout) upkeep.tick();
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "cli/systemd.h"
#include "transport/server.h"
#include "transport/tls.h"

namespace slipway::cli {

class Upkeep {
 public:
  Upkeep(ServiceManager manager, std::vector<std::shared_ptr<transport::TlsContext>> tls,
         transport::Server& server, uint32_t loops);

  /// How often tick() wants to be called; none: never.
  std::optional<std::chrono::milliseconds> period() const;
  void tick();
  /// The models are loaded.
  void set_ready();
  /// SIGHUP: certificates are read again, whether or not they have changed.
  void reload();
  const ServiceManager& manager() const { return manager_; }

 private:
  void check_loops();

  const ServiceManager manager_;
  const std::vector<std::shared_ptr<transport::TlsContext>> tls_;
  transport::Server& server_;
  const uint32_t loops_;
  const std::shared_ptr<std::atomic<uint32_t>> loops_alive_;  // since the last look at them
  bool is_ready_ = false;
  SteadyTime next_check_;
};

}  // namespace slipway::cli
