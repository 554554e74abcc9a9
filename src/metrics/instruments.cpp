#include "metrics/instruments.h"

namespace slipway::metrics {

uint64_t ShardedSum::value() const {
  uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

Histogram::Histogram(uint32_t loops, std::span<const double> bounds)
    : bounds_(bounds),
      lines_per_shard_((bounds.size() + 1 + kCellsPerLine - 1) / kCellsPerLine),
      lines_((loops + size_t{1}) * lines_per_shard_),
      sums_(loops + size_t{1}) {}

void Histogram::observe(uint32_t shard, double value) {
  size_t bucket = 0;
  while (bucket < bounds_.size() && !(value <= bounds_[bucket])) ++bucket;
  const bool shared = shard == kSharedShard || shard + size_t{1} >= sums_.size();
  const size_t cell = shared ? sums_.size() - 1 : shard;
  Line& line = lines_[cell * lines_per_shard_ + bucket / kCellsPerLine];
  add_to_cell(line.counts[bucket % kCellsPerLine], uint64_t{1}, shared);
  add_to_cell(sums_[cell].sum, value, shared);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  snapshot.counts.resize(bounds_.size() + 1);
  for (size_t shard = 0; shard < sums_.size(); ++shard) {
    for (size_t bucket = 0; bucket < snapshot.counts.size(); ++bucket) {
      const Line& line = lines_[shard * lines_per_shard_ + bucket / kCellsPerLine];
      const uint64_t count = line.counts[bucket % kCellsPerLine].load(std::memory_order_relaxed);
      snapshot.counts[bucket] += count;
      snapshot.total += count;
    }
    snapshot.sum += sums_[shard].sum.load(std::memory_order_relaxed);
  }
  return snapshot;
}

}  // namespace slipway::metrics
