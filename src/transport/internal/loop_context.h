// What all connections of one event loop share.
//
// Ownership: shared by the loop and its connections, since an exchange that is completed late may
// outlive its server. Thread rule: owned by the loop's thread, except the counters (written by the
// loop, read by any thread) and the budget (thread-safe).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/cache_line.h"
#include "base/clock.h"
#include "transport/grpc.h"
#include "transport/http.h"
#include "transport/internal/content_coding.h"
#include "transport/internal/memory_budget.h"
#include "transport/internal/response_head.h"
#include "transport/server.h"

namespace slipway::transport {

/// A counter with one writer: no locked instruction on the hot path.
class LoopCounter {
 public:
  void add(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct LoopCounters {
  LoopCounter connections_accepted;
  LoopCounter connections_open;
  LoopCounter connections_refused;
  LoopCounter requests;
  LoopCounter protocol_errors;
  LoopCounter timeouts;
  LoopCounter bytes_received;
  LoopCounter bytes_sent;
};

struct alignas(kCacheLine) LoopContext {
  LoopContext(uint32_t loop_index, const ServerOptions& server_options, HttpHandler& http_handler,
              GrpcHandler* grpc_handler, const Clock& wall_clock)
      : index(loop_index),
        options(server_options),
        handler(http_handler),
        grpc(grpc_handler),
        budget(server_options.buffered_bytes_max),
        response_head(wall_clock) {}

  const uint32_t index;
  const ServerOptions options;
  HttpHandler& handler;
  GrpcHandler* const grpc;  // may be null: no gRPC here
  bool draining = false;    // every answer says "Connection: close"
  MemoryBudget budget;
  ContentCoder coder;
  ResponseHead response_head;
  LoopCounters counters;
};

}  // namespace slipway::transport
