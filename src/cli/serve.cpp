// `slipway serve`: wires loader, repository, protocols and transport; obeys signals; drains.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>
#include <optional>

#include "base/cpu_list.h"
#include "base/log.h"
#include "base/machine.h"
#include "cli/access_log.h"
#include "cli/commands.h"
#include "cli/listeners.h"
#include "cli/model_file.h"
#include "cli/platform.h"
#include "cli/serve_settings.h"
#include "cli/signals.h"
#include "cli/systemd.h"
#include "cli/tf_serving_flags.h"
#include "cli/upkeep.h"
#include "cli/version.h"
#include "lifecycle/repository.h"
#include "protocols/dialects.h"
#include "protocols/grpc_health.h"
#include "protocols/grpc_reflection.h"
#include "protocols/grpc_router.h"
#include "protocols/service.h"
#include "protocols/token_keys.h"
#include "serving/inference_pool.h"
#include "serving/model_set.h"
#include "transport/cors.h"
#include "transport/server.h"

namespace slipway::cli {
namespace {

LogLevel log_level(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

/// Every connection needs a descriptor: the soft limit goes up to the hard one. Gives the number of
/// connections that fit: further ones are answered 503 instead of waiting for a descriptor.
uint32_t connections_that_fit(uint32_t connections_max, uint32_t loops, size_t listeners) {
  constexpr uint64_t kOtherDescriptors = 32;  // libraries, model files, logs, pipes; loops below
  constexpr uint64_t kPerLoop = 3;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections_max;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  const uint64_t others = kOtherDescriptors + (kPerLoop + listeners) * loops;
  if (limit.rlim_cur >= connections_max + others) return connections_max;
  const uint64_t fitting = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
  log_warning("only {} file descriptors are allowed: at most {} connections, not {}",
              limit.rlim_cur, fitting, connections_max);
  return static_cast<uint32_t>(fitting);
}

/// Large blocks come from the system and go back to it when a model is freed. By default glibc
/// keeps up to 32 MiB of them in each thread's heap once it has seen a few; smaller blocks, those
/// of requests, stay in the heaps as they do by default.
void limit_kept_memory() {
#if defined(__GLIBC__)
  constexpr int kLargeBlockBytes = 2 << 20;
  mallopt(M_MMAP_THRESHOLD, kLargeBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kLargeBlockBytes);
#endif
}

int fail(const Status& status) {
  fmt::print(stderr, "slipway: {}\n", status.message());
  return kExitFailure;
}

/// All gRPC services of a listener; `inference` says what may be done there.
protocols::GrpcRouter grpc_router(transport::GrpcHandler& inference, protocols::GrpcHealth& health,
                                  protocols::GrpcReflection& reflection) {
  std::vector<protocols::GrpcRouter::Service> services;
  for (const std::string_view name : protocols::dialect_services()) {
    services.push_back({name, &inference});
  }
  services.insert(services.end(), {{"grpc.health.v1.Health", &health},
                                   {"grpc.reflection.v1.ServerReflection", &reflection},
                                   {"grpc.reflection.v1alpha.ServerReflection", &reflection}});
  return protocols::GrpcRouter(std::move(services));
}

/// The server of the admin listeners; null if there is none.
Result<std::unique_ptr<transport::Server>> open_admin(const ServeOptions& options,
                                                      const ServeListeners& listeners,
                                                      protocols::HttpService& service,
                                                      transport::GrpcHandler& grpc) {
  if (listeners.admin.empty()) return std::unique_ptr<transport::Server>();
  transport::ServerOptions server = server_options(options, 1);
  server.listeners = listeners.admin;
  // Beyond this machine the listener itself is no proof of who calls: the token is.
  return transport::Server::create(server, service.admin_handler(listeners.admin_is_local), &grpc);
}

/// What runs, in the order in which it is made; it ends in the opposite one.
struct Running {
  protocols::GrpcHealth health;
  protocols::GrpcReflection reflection;
  protocols::GrpcReflection admin_reflection;
  std::unique_ptr<protocols::HttpService> service;
  std::unique_ptr<transport::HttpHandler> cors;  // before the service; null: no page may ask
  std::optional<protocols::GrpcRouter> grpc;
  std::optional<protocols::GrpcRouter> admin_grpc;
  std::unique_ptr<transport::Server> server;
  std::unique_ptr<transport::Server> admin;
  uint32_t loops = 0;
  std::unique_ptr<lifecycle::Repository> repository;

  /// Hands every loop the new snapshot, each on its own thread.
  void publish(const std::shared_ptr<const serving::ModelSet>& models) const {
    for (uint32_t loop = 0; loop < loops; ++loop) {
      server->post(loop, [this, loop, models] { service->set_models(loop, models); });
    }
    if (admin == nullptr) return;
    admin->post(0, [this, models] { service->set_models(loops, models); });
  }
  /// True if every request was answered.
  bool stop(std::chrono::milliseconds grace) const {
    if (admin != nullptr) admin->begin_close();
    const bool complete = server->stop(grace);
    return (admin == nullptr || admin->stop(std::chrono::milliseconds(0))) && complete;
  }
};

void pin_loops(transport::Server& server, const Resources& plan) {
  if (plan.loop_cpus.empty()) return;
  for (uint32_t loop = 0; loop < plan.loops; ++loop) {
    const uint32_t cpu = plan.loop_cpus[loop % plan.loop_cpus.size()];
    server.post(loop, [cpu] { pin_this_thread(cpu); });
  }
}

/// Why serving makes no sense now that every model has been tried; OK if it does. An empty folder
/// does, if it is watched.
Status check_started(const ServeOptions& options, const serving::ModelSet& models) {
  if (!options.default_model.empty() &&
      models.find(options.default_model).status().code() == StatusCode::kNotFound) {
    return not_found(fmt::format("the default model \"{}\" is not among the models: {}",
                                 options.default_model, models.names()));
  }
  if (!models.models().empty() || models.unready_reason().empty()) return {};
  std::string reasons;
  for (const serving::ModelStatus& model : models.statuses()) {
    if (model.status.ok()) continue;
    reasons += (reasons.empty() ? "" : "\n") + model.status.message();
  }
  if (!reasons.empty()) return failed_precondition(reasons);
  if (!options.model_control_mode.empty()) return {};
  if (options.watch == "off") return failed_precondition("there is no model at the given paths");
  log_warning("there is no model at the given paths yet; they are watched");
  return {};
}

void print_ready(const Running& running, const serving::ModelSet& models) {
  std::string_view lead;
  for (const std::string& address : running.server->addresses()) {
    fmt::print("{} {}\n",
               lead.empty() ? fmt::format("slipway {} listening on", kVersion) : std::string(lead),
               address);
    lead = "  and on";
  }
  if (running.admin != nullptr) {
    const std::vector<std::string> addresses = running.admin->addresses();
    for (size_t i = 0; i < addresses.size(); i++) {
      const uint16_t port = running.admin->port(i);
      fmt::print("  admin calls on {}\n", port != 0 ? fmt::format("port {}", port) : addresses[i]);
    }
  }
  for (const auto& model : models.models()) {
    fmt::print("  {} ({}, {} {})\n", model->name, model->loaded.class_name, model->loaded.library,
               model->loaded.library_version.empty() ? "version not recorded"
                                                     : model->loaded.library_version);
  }
  std::fflush(stdout);
}

/// Waits for a stop signal, for that long at most.
void wait_for_stop(Signals& signals, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int signal = signals.wait(std::max(left, std::chrono::milliseconds(0)));
    if (signal != SIGHUP && signal != Signals::kWoken) return;
  }
}

/// Readiness turns 503 at once; requests are taken for the delay; then connections end after their
/// answer.
int drain(const ServeOptions& options, Signals& signals, Running& running, const Upkeep& upkeep) {
  upkeep.manager().notify("STOPPING=1");
  running.health.set_serving(false);
  running.service->set_draining();
  log_info("stopping: not ready any more; taking requests for {} s more", options.drain_delay_s);
  if (options.drain_delay_s > 0) wait_for_stop(signals, milliseconds(options.drain_delay_s));
  running.server->begin_close();
  const bool complete = running.stop(milliseconds(options.grace_s));
  log_info("{}", complete ? "stopped; every request was answered"
                          : "stopped at the end of the grace time with requests open");
  return complete ? kExitOk : kExitFailure;
}

/// Waits for signals and obeys them, until the program is to stop.
int run(const ServeOptions& options, Signals& signals, Running& running, Upkeep& upkeep) {
  const auto promise = std::make_shared<std::promise<Status>>();
  std::future<Status> started = promise->get_future();
  running.repository->when_started([promise, &signals](Status status) {
    promise->set_value(std::move(status));
    signals.wake();
  });
  while (true) {
    const int signal = signals.wait(upkeep.period());
    if (signal == Signals::kTimeout) {
      upkeep.tick();
      continue;
    }
    if (signal == SIGHUP) {
      upkeep.reload();
      running.repository->rescan();
      continue;
    }
    if (signal != Signals::kWoken) return drain(options, signals, running, upkeep);
    Status status = started.get();
    const auto models = running.repository->models();
    if (status.ok()) status = check_started(options, *models);
    if (!status.ok()) {
      running.stop(std::chrono::milliseconds(0));
      return fail(status);
    }
    running.health.set_serving(true);
    print_ready(running, *models);
    upkeep.set_ready();
  }
}

}  // namespace

int serve(const ServeOptions& given) {
  constexpr const char* kSageMakerFolder = "/opt/ml/model";
  ServeOptions options = given;
  set_log_level(log_level(options.log_level));
  set_log_json(options.log_format == "json");
  const std::vector<std::string> variables = environment();
  auto platform = apply_platform(variables, kSageMakerFolder, options);
  if (!platform.ok()) return fail(platform.status());
  if (options.paths.empty() && options.model_config_files.empty() && options.named_models.empty() &&
      options.model_store.empty()) {
    return fail(invalid_argument("serve needs a model: slipway serve PATH (a file or a folder)"));
  }
  const auto signals = Signals::block();
  if (!signals.ok()) return fail(signals.status());
  limit_kept_memory();
  ServiceManager manager;
  auto listeners = plan_listeners(options, inherited_sockets());
  if (!listeners.ok()) return fail(listeners.status());
  const auto planned = plan_resources(options);
  if (!planned.ok()) return fail(planned.status());
  const Resources& plan = *planned;
  const auto pool_settings = pool_options(options, plan);
  if (!pool_settings.ok()) return fail(pool_settings.status());
  const auto pool = std::make_shared<serving::InferencePool>(*pool_settings);
  const auto cors = cors_options(options.listeners);
  if (!cors.ok()) return fail(cors.status());
  auto repository = repository_options(options, plan.load_threads);
  if (!repository.ok()) return fail(repository.status());

  std::unique_ptr<protocols::AccessLog> access_log;
  if (options.access_log != "off") {
    auto opened = open_access_log({options.access_log, options.access_log_sample, plan.loops});
    if (!opened.ok()) return fail(opened.status());
    access_log = std::move(opened).value();
  }
  serving::ServingMetrics metrics(plan.loops, options.triton_metrics);
  auto signers = read_public_keys(options.require_signature);
  if (!signers.ok()) return fail(std::move(signers).status().with_context("--require-signature"));
  FileModelLoader loader(options.select, options.model_bytes_max, std::move(signers).value());
  protocols::ServiceOptions service_options;
  service_options.loops = plan.loops;
  service_options.inference.inline_seconds_max = options.inline_ms_max / 1000;
  service_options.inference.rows_max = options.rows_max;
  service_options.version = kVersion;
  if (!options.listeners.compat.empty()) {
    auto names = protocols::parse_compat(options.listeners.compat, ',');
    if (!names.ok()) return fail(names.status());
    service_options.compat = std::move(names).value();
  }
  service_options.listener_compat = listeners->compat;
  service_options.aliases = std::move(platform->aliases);
  if (!options.monitoring_config_file.empty()) {
    auto page = read_monitoring_config(options.monitoring_config_file);
    if (!page.ok()) return fail(page.status());
    if (!page->empty()) service_options.aliases.emplace_back(std::move(page).value(), "/metrics");
  }
  service_options.access_log = access_log.get();
  service_options.admin_token = options.admin_token;
  service_options.load_timeout = milliseconds(options.load_timeout_s);
  service_options.shared_memory = options.shared_memory;
  service_options.request_bytes_max = options.body_bytes_max;
  service_options.model_api = !options.no_model_api;
  if (!options.token_file.empty()) {
    auto keys = protocols::TokenKeys::create(
        options.token_file, std::chrono::seconds(static_cast<int64_t>(options.token_expiry_s)));
    if (!keys.ok()) return fail(keys.status());
    service_options.token_keys = std::move(keys).value();
    log_info("TorchServe's calls need a key of {}", options.token_file);
  }
  service_options.trace_folder = options.trace_folder;
  Running running;
  running.loops = plan.loops;
  running.service = protocols::HttpService::create(service_options, pool, metrics);
  running.grpc.emplace(
      grpc_router(running.service->grpc_handler(), running.health, running.reflection));
  running.admin_grpc.emplace(
      grpc_router(running.service->admin_grpc_handler(), running.health, running.admin_reflection));
  running.reflection.set_served(*running.grpc);
  running.admin_reflection.set_served(*running.admin_grpc);

  if (!cors->origins.empty()) running.cors = transport::make_cors_handler(*cors, *running.service);
  // The ports first: a wrong one is told at once, and probes are answered while models load.
  transport::ServerOptions transport_options = server_options(options, plan.loops);
  transport_options.listeners = std::move(listeners->inference);
  transport_options.connections_max =
      connections_that_fit(options.connections_max, plan.loops, transport_options.listeners.size());
  auto server = transport::Server::create(
      transport_options, running.cors ? *running.cors : *running.service, &*running.grpc);
  if (!server.ok()) return fail(server.status());
  running.server = std::move(server).value();
  running.service->set_transport_counters(
      [&counted = *running.server] { return counted.counters(); });
  auto admin = open_admin(options, *listeners, *running.service, *running.admin_grpc);
  if (!admin.ok()) return fail(admin.status());
  running.admin = std::move(admin).value();
  running.service->set_post([&running](uint32_t loop, std::function<void()> task) {
    if (loop < running.loops) return running.server->post(loop, std::move(task));
    running.admin->post(0, std::move(task));
  });
  running.server->start();
  if (running.admin != nullptr) running.admin->start();
  pin_loops(*running.server, plan);
  repository->configure = [pool](const auto& models) {
    serving::InferencePool::Overrides overrides;
    for (const serving::ModelSource& model : models) overrides[model.name] = model.admission;
    pool->set_overrides(std::move(overrides));
  };
  auto opened = lifecycle::Repository::create(
      *repository, loader, metrics, [&running](const auto& models) { running.publish(models); });
  if (!opened.ok()) return fail(opened.status());
  running.repository = std::move(opened).value();
  running.service->set_control(running.repository.get());
  Upkeep upkeep(std::move(manager), std::move(listeners->tls), *running.server, plan.loops);
  const int code = run(options, **signals, running, upkeep);
  if (code != kExitOk || running.repository->loading()) {
    // A load, or a request that has outlasted the grace time, cannot be broken off, and nobody
    // waits for it any more.
    if (code == kExitOk) access_log.reset();  // every request was answered: nobody logs any more
    std::fflush(nullptr);
    std::_Exit(code);
  }
  return code;
}

}  // namespace slipway::cli
