// `slipway serve`: wires loader, models, protocols and transport; waits for a signal; drains.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>

#include "base/log.h"
#include "base/machine.h"
#include "cli/access_log.h"
#include "cli/commands.h"
#include "cli/model_file.h"
#include "cli/version.h"
#include "protocols/grpc_health.h"
#include "protocols/service.h"
#include "serving/inference.h"
#include "serving/model_set.h"
#include "transport/server.h"

namespace slipway::cli {
namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

LogLevel log_level(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

/// SIGTERM and SIGINT, taken by sigwait in the main thread; must be blocked before any thread
/// starts. SIGHUP and SIGUSR1, which tools send after they have rotated logs, end nothing.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGUSR1, SIG_IGN);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// Waits for a stop signal; with a timeout, for that long at most. True if one came.
bool wait_for_signal(const sigset_t& signals, double seconds_max) {
  if (seconds_max < 0) {
    int signal = 0;
    sigwait(&signals, &signal);
    return true;
  }
  timespec limit{};
  limit.tv_sec = static_cast<time_t>(seconds_max);
  limit.tv_nsec = static_cast<long>((seconds_max - std::floor(seconds_max)) * 1e9);
  return sigtimedwait(&signals, nullptr, &limit) > 0;
}

/// Every connection needs a descriptor: the soft limit goes up to the hard one. Gives the number of
/// connections that fit: further ones are answered 503 instead of waiting for a descriptor.
uint32_t connections_that_fit(uint32_t connections_max, uint32_t loops) {
  constexpr uint64_t kOtherDescriptors = 32;  // libraries, model files, logs, pipes; loops below
  constexpr uint64_t kPerLoop = 4;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections_max;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const uint64_t others = kOtherDescriptors + kPerLoop * loops;
  if (limit.rlim_cur >= connections_max + others) return connections_max;
  const uint64_t fitting = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
  log_warning("only {} file descriptors are allowed: at most {} connections, not {}",
              limit.rlim_cur, fitting, connections_max);
  return static_cast<uint32_t>(fitting);
}

struct Resources {
  uint32_t loops;
  uint32_t pool_threads;
};

Resources plan_resources(const ServeOptions& options) {
  const Machine machine = detect_machine();
  uint32_t cpus = std::max<uint32_t>(1, machine.cpus_usable);
  if (machine.cpu_quota > 0) {
    cpus = std::min(cpus, static_cast<uint32_t>(std::max(1.0, std::floor(machine.cpu_quota))));
  }
  const Resources plan{options.loops != 0 ? options.loops : cpus,
                       options.pool_threads != 0 ? options.pool_threads : cpus};
  log_info("{} event loops, {} inference threads ({} usable CPUs, CPU quota {}, memory limit {})",
           plan.loops, plan.pool_threads, machine.cpus_usable,
           machine.cpu_quota > 0 ? fmt::format("{:.2f}", machine.cpu_quota) : "none",
           machine.memory_bytes_max > 0 ? fmt::format("{} MiB", machine.memory_bytes_max >> 20)
                                        : "none");
  return plan;
}

transport::ServerOptions server_options(const ServeOptions& options, uint32_t loops) {
  transport::ServerOptions server;
  server.host = options.host;
  server.port = options.port;
  server.loops = loops;
  server.header_bytes_max = options.header_bytes_max;
  server.body_bytes_max = options.body_bytes_max;
  server.connections_max = options.connections_max;
  server.idle_timeout = milliseconds(options.idle_timeout_s);
  server.header_timeout = milliseconds(options.header_timeout_s);
  server.body_timeout = milliseconds(options.body_timeout_s);
  server.write_timeout = milliseconds(options.write_timeout_s);
  return server;
}

int fail(const Status& status) {
  fmt::print(stderr, "slipway: {}\n", status.message());
  return kExitFailure;
}

/// Hands every loop the new snapshot, each on its own thread.
void publish(transport::Server& server, protocols::HttpService& service, uint32_t loops,
             const std::shared_ptr<const serving::ModelSet>& models) {
  for (uint32_t loop = 0; loop < loops; ++loop) {
    server.post(loop, [&service, loop, models] { service.set_models(loop, models); });
  }
}

/// The models, or the reasons why none of them can be served.
Result<std::shared_ptr<const serving::ModelSet>> load(const ServeOptions& options,
                                                      serving::ServingMetrics& metrics) {
  FileModelLoader loader(options.select, options.model_bytes_max);
  serving::LoadRequest request{options.paths, options.name, options.default_model};
  std::shared_ptr<const serving::ModelSet> models =
      TRY(serving::load_models(request, loader, metrics));
  if (!models->models().empty()) return models;
  std::string reasons;
  for (const serving::ModelStatus& model : models->statuses()) {
    reasons += (reasons.empty() ? "" : "\n") + model.status.message();
  }
  return failed_precondition(reasons.empty() ? "there is no model file at the given paths"
                                             : reasons);
}

/// Loads on a thread of its own, so that a stop signal is heeded at once meanwhile: it ends the
/// process, as there is nothing to drain.
Result<std::shared_ptr<const serving::ModelSet>> load_unless_stopped(
    const ServeOptions& options, serving::ServingMetrics& metrics, const sigset_t& signals) {
  auto loading = std::async(std::launch::async, [&] { return load(options, metrics); });
  while (loading.wait_for(std::chrono::milliseconds(5)) != std::future_status::ready) {
    if (!wait_for_signal(signals, 0)) continue;
    log_info("stopped while the models were loading");
    std::fflush(nullptr);
    std::_Exit(kExitOk);
  }
  return loading.get();
}

void print_ready(const transport::Server& server, const ServeOptions& options,
                 const serving::ModelSet& models) {
  const bool v6 = options.host.find(':') != std::string::npos;
  fmt::print("slipway {} listening on http://{}{}{}:{}\n", kVersion, v6 ? "[" : "", options.host,
             v6 ? "]" : "", server.port());
  for (const auto& model : models.models()) {
    fmt::print("  {} ({}, scikit-learn {})\n", model->name, model->loaded.class_name,
               model->loaded.library_version.empty() ? "version not recorded"
                                                     : model->loaded.library_version);
  }
  std::fflush(stdout);
}

/// Readiness turns 503 at once; requests are taken for the delay; then connections end after their
/// answer.
int drain(const ServeOptions& options, const sigset_t& signals, transport::Server& server,
          protocols::HttpService& service) {
  service.set_draining();
  log_info("stopping: not ready any more; taking requests for {} s more", options.drain_delay_s);
  if (options.drain_delay_s > 0) wait_for_signal(signals, options.drain_delay_s);
  server.begin_close();
  const bool complete = server.stop(milliseconds(options.grace_s));
  log_info("{}", complete ? "stopped; every request was answered"
                          : "stopped at the end of the grace time with requests open");
  return complete ? kExitOk : kExitFailure;
}

}  // namespace

int serve(const ServeOptions& options) {
  set_log_level(log_level(options.log_level));
  set_log_json(options.log_format == "json");
  if (options.paths.empty()) {
    return fail(invalid_argument("serve needs a model: slipway serve PATH (a file or a folder)"));
  }
  const sigset_t signals = block_stop_signals();
  const Resources plan = plan_resources(options);

  std::unique_ptr<protocols::AccessLog> access_log;
  if (options.access_log != "off") {
    auto opened = open_access_log({options.access_log, options.access_log_sample, plan.loops});
    if (!opened.ok()) return fail(opened.status());
    access_log = std::move(opened).value();
  }
  serving::ServingMetrics metrics(plan.loops);
  const auto pool = serving::make_inference_pool(plan.pool_threads, options.queue_max);
  protocols::ServiceOptions service_options;
  service_options.loops = plan.loops;
  service_options.inference.inline_seconds_max = options.inline_ms_max / 1000;
  service_options.inference.rows_max = options.rows_max;
  service_options.version = kVersion;
  service_options.access_log = access_log.get();
  const auto service = protocols::HttpService::create(service_options, pool, metrics);

  // The port first: a wrong one is told at once, and probes are answered while models load.
  protocols::GrpcHealth health;
  transport::ServerOptions transport_options = server_options(options, plan.loops);
  transport_options.connections_max = connections_that_fit(options.connections_max, plan.loops);
  auto server = transport::Server::create(transport_options, *service, &health);
  if (!server.ok()) return fail(server.status());
  service->set_transport_counters([&running = **server] { return running.counters(); });
  (*server)->start();
  const auto models = load_unless_stopped(options, metrics, signals);
  if (!models.ok()) {
    (*server)->stop(std::chrono::milliseconds(0));
    return fail(models.status());
  }
  publish(**server, *service, plan.loops, *models);
  health.set_serving(true);
  print_ready(**server, options, **models);
  wait_for_signal(signals, -1);
  health.set_serving(false);
  return drain(options, signals, **server, *service);
}

}  // namespace slipway::cli
