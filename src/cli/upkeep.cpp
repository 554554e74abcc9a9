#include "cli/upkeep.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace slipway::cli {
namespace {

constexpr std::chrono::milliseconds kCertificatePeriod{1000};

void log_failure(const Status& status) {
  log_error("the certificates are not replaced, those of before go on serving: {}",
            status.message());
}

}  // namespace

Upkeep::Upkeep(ServiceManager manager, std::vector<std::shared_ptr<transport::TlsContext>> tls,
               transport::Server& server, uint32_t loops)
    : manager_(std::move(manager)),
      tls_(std::move(tls)),
      server_(server),
      loops_(loops),
      loops_alive_(std::make_shared<std::atomic<uint32_t>>(loops)) {}

std::optional<std::chrono::milliseconds> Upkeep::period() const {
  const auto watchdog = manager_.watchdog_period();
  if (tls_.empty()) return watchdog;
  return std::min(kCertificatePeriod, watchdog.value_or(kCertificatePeriod));
}

void Upkeep::tick() {
  for (const auto& context : tls_) {
    const Result<bool> replaced = context->reload_if_changed();
    if (!replaced.ok()) {
      log_failure(replaced.status());
    } else if (*replaced) {
      log_info("new certificates are in use: {}", context->options().certificates[0].certificate);
    }
  }
  if (manager_.watchdog_period().has_value()) check_loops();
}

// A sign of life means that every event loop has turned since the last one.
void Upkeep::check_loops() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now < next_check_ || loops_alive_->load() < loops_) return;
  next_check_ = now + *manager_.watchdog_period() / 2;
  manager_.notify("WATCHDOG=1");
  loops_alive_->store(0);
  for (uint32_t loop = 0; loop < loops_; loop++) {
    server_.post(loop, [alive = loops_alive_] { alive->fetch_add(1); });
  }
}

void Upkeep::set_ready() {
  is_ready_ = true;
  manager_.notify("READY=1");
}

void Upkeep::reload() {
  manager_.notify_reloading();
  for (const auto& context : tls_) {
    const Status status = context->reload();
    if (!status.ok()) log_failure(status);
  }
  if (is_ready_) manager_.notify("READY=1");
}

}  // namespace slipway::cli
