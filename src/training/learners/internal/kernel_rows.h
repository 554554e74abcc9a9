// Rows of the kernel matrix of some points, computed when they are asked for, and kept while there
// is room: what a support vector machine's solver looks at.
//
// Values are float32, as libsvm keeps them; products are added in float64. For kernels of distances
// the points are moved to their mean first, which keeps digits where columns lie far from zero.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/ops/svm.h"
#include "training/learners/internal/vector_math.h"

namespace slipway::training {

class KernelRows {
 public:
  /// `points`: rows x columns. At least two rows of the matrix are kept, whatever `cache_bytes`.
  KernelRows(std::span<const double> points, uint32_t columns, const SvmOp::Parameters& kernel,
             size_t cache_bytes);

  size_t size() const { return size_; }
  /// K(i, i) of all points.
  const std::vector<double>& diagonal() const { return diagonal_; }
  /// K(i, t) for all t, padded to whole vectors; good until the call after the next one.
  const float* row(size_t i);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  /// A row that is kept, in a list from the last used to the least.
  struct Slot {
    std::unique_ptr<float[]> values;
    uint32_t row = kNone;
    uint32_t newer = kNone;
    uint32_t older = kNone;
  };

  uint32_t take_slot();
  void unlink(uint32_t slot);
  void make_newest(uint32_t slot);
  void compute(size_t i, float* values) const;

  const SvmOp::Parameters kernel_;
  const uint32_t columns_;
  const size_t size_;
  const size_t padded_;
  const VectorTarget target_;
  std::vector<double> points_;  // size x columns, as the kernel wants them
  std::vector<double> blocks_;  // blocks x columns x kRowBlock
  std::vector<double> norms_;   // |x|^2, padded
  std::vector<double> diagonal_;
  mutable std::vector<double> products_;  // of one row, padded
  std::vector<uint32_t> slot_of_;
  std::vector<Slot> slots_;
  size_t slots_max_;
  uint32_t newest_ = kNone;
  uint32_t oldest_ = kNone;
};

}  // namespace slipway::training
