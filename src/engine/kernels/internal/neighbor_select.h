// Choosing the k nearest among many, in the ways that scikit-learn does, which differ where
// distances are equal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace slipway::engine {

/// A max-heap of the k nearest so far, over memory of the caller. A point as far as the farthest
/// one is not taken; which of several farthest ones gives way follows from the heap's shape, as in
/// sklearn.utils._heap.
class NeighborHeap {
 public:
  NeighborHeap(double* distances, uint32_t* points, size_t size)
      : distances_(distances), points_(points), size_(size) {}

  void reset();
  double largest() const { return distances_[0]; }
  void push(double distance, uint32_t point) {
    if (!(distance >= distances_[0])) replace_root(distance, point);
  }

  double* distances() { return distances_; }
  uint32_t* points() { return points_; }
  size_t size() const { return size_; }

 private:
  void replace_root(double distance, uint32_t point);

  double* distances_;
  uint32_t* points_;
  size_t size_;
};

/// Reorders `order` (a permutation of 0 .. count - 1) so that the first k are the nearest:
/// numpy.argpartition(values, k - 1) in its portable form. NaN is farthest.
void arg_partition(const double* values, uint32_t* order, size_t count, size_t k);

/// Sorts both arrays by (distance, point).
void sort_neighbors(double* distances, uint32_t* points, size_t count);

/// numpy.sum of a contiguous array: pairwise over blocks of 128, eight sums side by side.
double numpy_sum(const double* values, size_t count);

}  // namespace slipway::engine
