#include "cli/serve_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "base/cpu_list.h"
#include "base/log.h"
#include "base/machine.h"
#include "cli/answer_flags.h"
#include "cli/model_file.h"
#include "lifecycle/model_folder.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kFileScheme = "file://";

/// The first of these environment variables that is set.
std::string first_of(std::initializer_list<const char*> variables) {
  for (const char* name : variables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

Result<lifecycle::MirrorOptions> mirror_options(const ServeOptions& options) {
  lifecycle::MirrorOptions mirror;
  mirror.cache_folder = options.cache_folder;
  mirror.file_bytes_max = options.model_bytes_max;
  mirror.poll_interval = milliseconds(options.poll_interval_s);
  mirror.polls = options.watch != "off";
  mirror.http.ca_file = options.ca_file;
  for (const std::string& text : options.allow_url) {
    if (text.starts_with(kFileScheme)) continue;  // a folder: model_stores()
    Result<lifecycle::Url> url = lifecycle::parse_url(text);
    if (!url.ok()) return std::move(url).status().with_context("--allow-url");
    mirror.allowed.push_back(std::move(url).value());
  }
  mirror.s3.endpoint = options.s3_endpoint;
  if (mirror.s3.endpoint.empty()) {
    mirror.s3.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  }
  if (!mirror.s3.endpoint.empty()) {
    const lifecycle::Url url = TRY(lifecycle::parse_url(mirror.s3.endpoint));
    if (url.is_s3() || url.path != "/" || !url.query.empty()) {
      return invalid_argument(fmt::format("the S3 endpoint: expected http(s)://HOST[:PORT], got {}",
                                          mirror.s3.endpoint));
    }
    mirror.s3.endpoint = url.scheme + "://" + url.host;
  }
  const std::string region = options.s3_region.empty()
                                 ? first_of({"AWS_REGION", "AWS_DEFAULT_REGION"})
                                 : options.s3_region;
  if (!region.empty()) mirror.s3.region = region;
  mirror.s3.path_style = options.s3_style == "path";
  mirror.s3.virtual_style = options.s3_style == "virtual";
  return mirror;
}

/// Where admin calls may register models from: --model-store, and the folders that are served.
std::vector<std::string> model_stores(const ServeOptions& options) {
  std::vector<std::string> stores;
  if (!options.model_store.empty()) stores.push_back(options.model_store);
  for (const std::string& path : options.paths) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) stores.push_back(path);
  }
  for (const std::string& text : options.allow_url) {
    if (text.starts_with(kFileScheme)) stores.push_back(text.substr(kFileScheme.size()));
  }
  return stores;
}

/// Triton's three ways to follow a repository, in place of --watch.
Status apply_control_mode(const ServeOptions& options, lifecycle::RepositoryOptions& repository) {
  const std::string& mode = options.model_control_mode;
  if (mode != "explicit" && !options.load_models.empty()) {
    return invalid_argument("--load-model needs --model-control-mode explicit");
  }
  if (mode.empty()) return {};
  repository.watch = mode == "poll" ? lifecycle::WatchMode::kPoll : lifecycle::WatchMode::kOff;
  repository.mirror.polls = mode == "poll";
  repository.calls_change = mode == "explicit";
  if (mode == "poll") {
    repository.poll_interval = std::chrono::seconds(options.repository_poll_seconds);
    repository.mirror.poll_interval = repository.poll_interval;
  }
  if (mode != "explicit") return {};
  const std::set<std::string> names(options.load_models.begin(), options.load_models.end());
  if (!names.contains("*")) {
    repository.first_models = names;
  } else if (names.size() > 1) {
    return invalid_argument("--load-model *: all models; no other name goes with it");
  }
  return {};
}

}  // namespace

Result<Resources> plan_resources(const ServeOptions& options) {
  const Machine machine = detect_machine();
  uint32_t cpus = std::max<uint32_t>(1, machine.cpus_usable);
  if (machine.cpu_quota > 0) {
    cpus = std::min(cpus, static_cast<uint32_t>(std::max(1.0, std::floor(machine.cpu_quota))));
  }
  Resources plan{};
  plan.loop_cpus = TRY(parse_cpu_list(options.admission.loop_cpus));
  plan.pool_cpus = TRY(parse_cpu_list(options.admission.pool_cpus));
  const auto count = [cpus](uint32_t asked, const std::vector<uint32_t>& pinned) {
    if (asked != 0) return asked;
    return pinned.empty() ? cpus : static_cast<uint32_t>(pinned.size());
  };
  plan.loops = count(options.loops, plan.loop_cpus);
  plan.pool_threads = count(options.pool_threads, plan.pool_cpus);
  plan.load_threads = count(options.load_threads, {});
  log_info("{} event loops, {} inference threads ({} usable CPUs, CPU quota {}, memory limit {})",
           plan.loops, plan.pool_threads, machine.cpus_usable,
           machine.cpu_quota > 0 ? fmt::format("{:.2f}", machine.cpu_quota) : "none",
           machine.memory_bytes_max > 0 ? fmt::format("{} MiB", machine.memory_bytes_max >> 20)
                                        : "none");
  return plan;
}

transport::ServerOptions server_options(const ServeOptions& options, uint32_t loops) {
  transport::ServerOptions server;
  server.loops = loops;
  server.header_bytes_max = options.header_bytes_max;
  server.body_bytes_max = options.body_bytes_max;
  server.connections_max = options.connections_max;
  server.tls_handshake_timeout = milliseconds(options.listeners.tls_handshake_timeout_s);
  server.http2_streams_max = options.listeners.http2_streams_max;
  server.http2_bytes_max = options.listeners.http2_bytes_max;
  server.ping_interval = milliseconds(options.listeners.http2_ping_interval_s);
  server.ping_timeout = milliseconds(options.listeners.http2_ping_timeout_s);
  server.idle_timeout = milliseconds(options.idle_timeout_s);
  server.header_timeout = milliseconds(options.header_timeout_s);
  server.body_timeout = milliseconds(options.body_timeout_s);
  server.write_timeout = milliseconds(options.write_timeout_s);
  return server;
}

Result<transport::CorsOptions> cors_options(const ListenerFlags& flags) {
  transport::CorsOptions cors;
  for (const std::string& texts : flags.cors_origins) {
    std::istringstream words(texts);  // one environment variable holds them all
    for (std::string origin; words >> origin;) {
      if (!transport::is_cors_origin(origin)) {
        return invalid_argument(fmt::format(
            "--cors-origin: expected * or an origin such as https://app.example.com, without a "
            "path, got \"{}\"",
            origin));
      }
      cors.origins.push_back(std::move(origin));
    }
  }
  cors.max_age = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::duration<double>(flags.cors_max_age_s));
  return cors;
}

Result<serving::InferencePool::Options> pool_options(const ServeOptions& options,
                                                     const Resources& plan) {
  serving::InferencePool::Options pool;
  pool.threads = plan.pool_threads;
  pool.settings = TRY(admission_settings(options.admission));
  pool.cpus = plan.pool_cpus;
  return pool;
}

Result<lifecycle::RepositoryOptions> repository_options(const ServeOptions& options,
                                                        uint32_t load_threads) {
  lifecycle::RepositoryOptions repository;
  repository.request.paths = options.paths;
  repository.request.lists = options.model_config_files;
  repository.request.paths.insert(repository.request.paths.end(),
                                  options.model_config_files.begin(),
                                  options.model_config_files.end());
  repository.request.name = options.name;
  repository.request.is_model = is_model_file;
  repository.request.settings = TRY(answer_settings(options.answers));
  repository.request.identify = archive_names;
  for (const std::string& text : options.named_models) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
      return invalid_argument(fmt::format("--model: expected NAME=PATH, got \"{}\"", text));
    }
    const std::string path = lifecycle::normal_path(text.substr(equals + 1));
    repository.request.names[path] = text.substr(0, equals);
    repository.request.paths.push_back(path);
  }
  repository.stores = model_stores(options);
  repository.request.policy = TRY(lifecycle::parse_version_policy(options.versions));
  repository.watch = options.watch == "off"    ? lifecycle::WatchMode::kOff
                     : options.watch == "poll" ? lifecycle::WatchMode::kPoll
                                               : lifecycle::WatchMode::kInotify;
  repository.poll_interval = milliseconds(options.poll_interval_s);
  repository.quiet = milliseconds(options.quiet_time_s);
  repository.load_threads = load_threads;
  repository.default_model = options.default_model;
  repository.mirror = TRY(mirror_options(options));
  repository.memory_budget = options.memory_budget;
  repository.load_on_demand = options.load_on_demand;
  repository.allowed_folders = options.allow_folders;
  TRY_STATUS(apply_control_mode(options, repository));
  return repository;
}

}  // namespace slipway::cli
