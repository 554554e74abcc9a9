#include "serving/inference_stats.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "metrics/instruments.h"

namespace slipway::serving {
namespace {

using metrics::add_to_cell;

constexpr uint64_t kExactRows = 64;   // batches of up to so many rows have a place each
constexpr uint64_t kOtherSizes = 64;  // of larger ones, so many different sizes are told apart

}  // namespace

struct InferenceStats::BatchTable {
  struct Slot {
    std::atomic<uint64_t> rows{0};  // 0: free
    std::atomic<uint64_t> count{0};
    std::atomic<uint64_t> input_ns{0};
    std::atomic<uint64_t> infer_ns{0};
    std::atomic<uint64_t> output_ns{0};
  };

  /// Null if all places are taken by other sizes.
  Slot* find(uint64_t rows) {
    if (rows <= kExactRows) {
      Slot& slot = slots[rows - 1];
      slot.rows.store(rows, std::memory_order_relaxed);
      return &slot;
    }
    for (uint64_t step = 0; step < kOtherSizes; ++step) {
      Slot& slot = slots[kExactRows + (rows + step) % kOtherSizes];
      uint64_t found = slot.rows.load(std::memory_order_relaxed);
      if (found == rows) return &slot;
      if (found != 0) continue;
      if (slot.rows.compare_exchange_strong(found, rows, std::memory_order_relaxed)) return &slot;
      if (found == rows) return &slot;
    }
    return nullptr;
  }

  std::array<Slot, kExactRows + kOtherSizes> slots;
};

InferenceStats::InferenceStats(uint32_t loops) : cells_(loops + 1) {}

InferenceStats::~InferenceStats() {
  for (Cell& cell : cells_) delete cell.batches.load();
}

void InferenceStats::record(uint32_t shard, const InferenceSample& sample) {
  const bool shared = shard == metrics::kSharedShard || shard + 1 >= cells_.size();
  Cell& cell = shared ? cells_.back() : cells_[shard];
  const auto add = [&](Field field, uint64_t amount) {
    add_to_cell(cell.values[field], amount, shared);
  };
  if (!sample.ok) {
    add(kFail, 1);
    add(kFailNs, sample.request_ns);
    return;
  }
  if (sample.batch_rows == 0) return;  // answered without inference
  add(kSuccess, 1);
  add(kSuccessNs, sample.request_ns);
  add(kQueueNs, sample.queue_ns);
  add(kInputNs, sample.input_ns);
  add(kInferNs, sample.infer_ns);
  add(kOutputNs, sample.output_ns);
  add(kRows, sample.rows);
  if (sample.leads_batch) add(kExecutions, 1);
  cell.values[kLastSteadyNs].store(
      static_cast<uint64_t>(sample.ended.time_since_epoch() / std::chrono::nanoseconds(1)),
      std::memory_order_relaxed);
  record_batch(cell, sample, shared);
}

void InferenceStats::record_batch(Cell& cell, const InferenceSample& sample, bool shared) {
  BatchTable* table = cell.batches.load(std::memory_order_acquire);
  if (table == nullptr) {
    auto made = std::unique_ptr<BatchTable>(new (std::nothrow) BatchTable);
    if (made == nullptr) return;
    if (cell.batches.compare_exchange_strong(table, made.get())) table = made.release();
  }
  BatchTable::Slot* slot = table->find(sample.batch_rows);
  if (slot == nullptr) return;
  add_to_cell(slot->input_ns, sample.input_ns, shared);
  add_to_cell(slot->output_ns, sample.output_ns, shared);
  if (!sample.leads_batch) return;
  add_to_cell(slot->count, uint64_t{1}, shared);
  add_to_cell(slot->infer_ns, sample.infer_ns, shared);
}

InferenceStats::Snapshot InferenceStats::totals() const {
  std::array<uint64_t, kFields> sums{};
  for (const Cell& cell : cells_) {
    for (size_t field = 0; field < kFields; ++field) {
      const uint64_t value = cell.values[field].load(std::memory_order_relaxed);
      sums[field] = field == kLastSteadyNs ? std::max(sums[field], value) : sums[field] + value;
    }
  }
  Snapshot snapshot{.success = sums[kSuccess],
                    .success_ns = sums[kSuccessNs],
                    .fail = sums[kFail],
                    .fail_ns = sums[kFailNs],
                    .queue_ns = sums[kQueueNs],
                    .input_ns = sums[kInputNs],
                    .infer_ns = sums[kInferNs],
                    .output_ns = sums[kOutputNs],
                    .rows = sums[kRows],
                    .executions = sums[kExecutions],
                    .last_unix_ms = 0,
                    .batches = {}};
  if (sums[kLastSteadyNs] != 0) {
    const auto ago = std::chrono::steady_clock::now().time_since_epoch() -
                     std::chrono::nanoseconds(sums[kLastSteadyNs]);
    snapshot.last_unix_ms = static_cast<uint64_t>(
        (std::chrono::system_clock::now().time_since_epoch() - ago) / std::chrono::milliseconds(1));
  }
  return snapshot;
}

InferenceStats::Snapshot InferenceStats::snapshot() const {
  Snapshot snapshot = totals();
  std::vector<Batch>& batches = snapshot.batches;
  for (const Cell& cell : cells_) {
    const BatchTable* table = cell.batches.load(std::memory_order_acquire);
    if (table == nullptr) continue;
    for (const BatchTable::Slot& slot : table->slots) {
      const uint64_t rows = slot.rows.load(std::memory_order_relaxed);
      if (rows == 0) continue;
      auto place = std::ranges::find(batches, rows, &Batch::rows);
      if (place == batches.end()) place = batches.insert(batches.end(), {.rows = rows});
      place->count += slot.count.load(std::memory_order_relaxed);
      place->input_ns += slot.input_ns.load(std::memory_order_relaxed);
      place->infer_ns += slot.infer_ns.load(std::memory_order_relaxed);
      place->output_ns += slot.output_ns.load(std::memory_order_relaxed);
    }
  }
  std::ranges::sort(batches, {}, &Batch::rows);
  return snapshot;
}

}  // namespace slipway::serving
