// Counter, UpDownCounter, Gauge, Histogram: what is counted on the hot path, without sharing.
//
//   event loop i --add(i, n)--> its own cell        scrape --value()--> sum over cells
//
// Each event loop writes a cache line of its own with plain relaxed stores (it is the only writer);
// every other thread writes one more cell, the shared one, with atomic additions. A scrape reads
// all of them. Ownership: Registry owns instruments; they never move. Thread rule: thread-safe, as
// long as a loop index is used by one thread at a time.
//
//   Counter& rows = registry.counter("slipway_rows_total", "Rows predicted.", labels);
//   rows.add(request.loop, 64);
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/cache_line.h"

namespace slipway::metrics {

/// The shard of every thread that is not an event loop.
inline constexpr uint32_t kSharedShard = UINT32_MAX;

/// Adds to a cell that only one thread writes, or to the shared one.
template <typename T>
inline void add_to_cell(std::atomic<T>& cell, T amount, bool shared) {
  if (shared) {
    cell.fetch_add(amount, std::memory_order_relaxed);
  } else {
    cell.store(cell.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
}

/// Integer cells, one per loop and the shared one; the sum wraps as unsigned numbers do.
class ShardedSum {
 public:
  explicit ShardedSum(uint32_t loops) : cells_(loops + 1) {}
  void add(uint32_t shard, uint64_t amount) {
    const bool shared = shard + 1 >= cells_.size() || shard == kSharedShard;
    add_to_cell(cells_[shared ? cells_.size() - 1 : shard].value, amount, shared);
  }
  uint64_t value() const;

 private:
  struct alignas(kCacheLine) Cell {
    std::atomic<uint64_t> value{0};
  };
  std::vector<Cell> cells_;
};

/// Only goes up.
class Counter {
 public:
  explicit Counter(uint32_t loops) : sum_(loops) {}
  void add(uint32_t shard, uint64_t amount = 1) { sum_.add(shard, amount); }
  uint64_t value() const { return sum_.value(); }

 private:
  ShardedSum sum_;
};

/// Goes up and down (requests in flight); up and down may happen on different threads.
class UpDownCounter {
 public:
  explicit UpDownCounter(uint32_t loops) : sum_(loops) {}
  void add(uint32_t shard, int64_t amount) { sum_.add(shard, static_cast<uint64_t>(amount)); }
  int64_t value() const { return static_cast<int64_t>(sum_.value()); }

 private:
  ShardedSum sum_;
};

/// A value that is set off the hot path.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Counts of values by upper bound, and their sum.
class Histogram {
 public:
  /// `bounds` ascend and have static storage; values over the last fall into "+Inf".
  Histogram(uint32_t loops, std::span<const double> bounds);
  void observe(uint32_t shard, double value);

  struct Snapshot {
    std::vector<uint64_t> counts;  // per bucket, not cumulative; the last one is +Inf
    uint64_t total = 0;
    double sum = 0;
  };
  Snapshot snapshot() const;
  std::span<const double> bounds() const { return bounds_; }

 private:
  static constexpr size_t kCellsPerLine = kCacheLine / sizeof(std::atomic<uint64_t>);
  struct alignas(kCacheLine) Line {
    std::atomic<uint64_t> counts[kCellsPerLine] = {};
  };
  struct alignas(kCacheLine) SumCell {
    std::atomic<double> sum{0};
  };

  std::span<const double> bounds_;
  size_t lines_per_shard_;
  std::vector<Line> lines_;
  std::vector<SumCell> sums_;
};

}  // namespace slipway::metrics
