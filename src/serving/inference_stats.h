// InferenceStats: what Triton's statistics extension tells of a model: how many requests, how long
// each stage took, and the sizes of the batches that were run.
//
//   CallJournal --InferenceSample--> cell of the loop --snapshot()--> /v2/models/{m}/stats, nv_...
//
// Each event loop writes cells of its own with plain relaxed stores; other threads share one, as
// with the instruments of metrics. Ownership: ModelMetrics. Thread rule: as metrics::Counter's.
//
//   stats.record(loop, {.ok = true, .rows = 1, .batch_rows = 1, .leads_batch = true, ...});
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/cache_line.h"
#include "base/clock.h"

namespace slipway::serving {

/// One answered request; times in nanoseconds.
struct InferenceSample {
  bool ok = false;
  uint64_t rows = 0;
  uint64_t batch_rows = 0;   // of the batch that it was run in
  bool leads_batch = false;  // the one of its batch that counts the execution
  uint64_t request_ns = 0;   // from its first byte to its answer
  uint64_t queue_ns = 0;
  uint64_t input_ns = 0;   // reading it
  uint64_t infer_ns = 0;   // of the whole batch
  uint64_t output_ns = 0;  // writing its answer
  SteadyTime ended;
};

class InferenceStats {
 public:
  struct Batch {
    uint64_t rows = 0;
    uint64_t count = 0;
    uint64_t input_ns = 0;
    uint64_t infer_ns = 0;
    uint64_t output_ns = 0;
  };
  struct Snapshot {
    uint64_t success = 0;
    uint64_t success_ns = 0;
    uint64_t fail = 0;
    uint64_t fail_ns = 0;
    uint64_t queue_ns = 0;
    uint64_t input_ns = 0;
    uint64_t infer_ns = 0;
    uint64_t output_ns = 0;
    uint64_t rows = 0;
    uint64_t executions = 0;
    uint64_t last_unix_ms = 0;   // of the last success; 0: none yet
    std::vector<Batch> batches;  // ascending by rows
  };

  explicit InferenceStats(uint32_t loops);
  ~InferenceStats();
  InferenceStats(const InferenceStats&) = delete;
  InferenceStats& operator=(const InferenceStats&) = delete;

  void record(uint32_t shard, const InferenceSample& sample);
  Snapshot snapshot() const;
  /// The same without the batches.
  Snapshot totals() const;

 private:
  enum Field : uint8_t {
    kSuccess,
    kSuccessNs,
    kFail,
    kFailNs,
    kQueueNs,
    kInputNs,
    kInferNs,
    kOutputNs,
    kRows,
    kExecutions,
    kLastSteadyNs,
    kFields,
  };
  struct BatchTable;
  struct alignas(kCacheLine) Cell {
    std::array<std::atomic<uint64_t>, kFields> values{};
    std::atomic<BatchTable*> batches{nullptr};  // made with the first batch
  };

  static void record_batch(Cell& cell, const InferenceSample& sample, bool shared);

  std::vector<Cell> cells_;  // by loop, then the shared one
};

}  // namespace slipway::serving
