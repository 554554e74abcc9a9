// What the options of `slipway serve` mean to the parts that it wires together.
//
//   command line --ServeOptions--> these functions --> settings of transport, serving, lifecycle
//
// Plain functions; errors are INVALID_ARGUMENT and name the option.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "lifecycle/repository.h"
#include "serving/inference_pool.h"
#include "transport/cors.h"
#include "transport/server.h"

namespace slipway::cli {

inline std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// How many threads of each kind, and the CPUs that they are bound to; empty: any.
struct Resources {
  uint32_t loops;
  uint32_t pool_threads;
  uint32_t load_threads;
  std::vector<uint32_t> loop_cpus;
  std::vector<uint32_t> pool_cpus;
};

/// Counts that the options leave open follow the CPUs that the program may use.
Result<Resources> plan_resources(const ServeOptions& options);

transport::ServerOptions server_options(const ServeOptions& options, uint32_t loops);

/// Which pages of other origins may ask; no origins if none may.
Result<transport::CorsOptions> cors_options(const ListenerFlags& flags);

Result<serving::InferencePool::Options> pool_options(const ServeOptions& options,
                                                     const Resources& plan);

Result<lifecycle::RepositoryOptions> repository_options(const ServeOptions& options,
                                                        uint32_t load_threads);

}  // namespace slipway::cli
