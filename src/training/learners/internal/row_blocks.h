// Loss and gradient of linear models over all rows, in one pass through memory.
//
// The rows are copied once into blocks of kRows rows, each block column by column and small enough
// for the first-level cache: scores, losses and the block's part of the gradient are computed while
// it is there. Columns are centred and scaled on the way, which makes L-BFGS need a fraction of the
// iterations; the caller turns weights back.
//
// Thread rule: immutable once made; loss() is reentrant with a Scratch of the caller's own.
#pragma once

#include <cstdint>
#include <vector>

#include "training/learners/learner.h"

namespace slipway::training {

class RowBlocks {
 public:
  static constexpr size_t kRows = 128;

  enum class Loss : uint8_t {
    kLogistic,      // one output; log(1 + exp(-s z)) with s = 1 for `positive`, else -1
    kMultinomial,   // an output per class; logsumexp(z) - z[class]
    kSquaredHinge,  // one output; max(0, 1 - s z)^2
  };

  struct Scratch {
    std::vector<double> scores;     // outputs x kRows, then the loss's derivatives
    std::vector<double> exponents;  // kRows
  };

  /// Column j of a block holds (x[j] - shift[j]) / scale[j].
  RowBlocks(const TrainingData& data, const std::vector<double>& shift,
            const std::vector<double>& scale);

  /// The sum over the rows of weight * loss at `theta` (outputs x columns weights, then a bias per
  /// output), and its gradient. `positive` is the class that counts as +1 where there is one
  /// output.
  double loss(Loss loss, uint32_t outputs, int32_t positive, const double* theta, double* gradient,
              Scratch& scratch) const;

 private:
  uint32_t columns_;
  size_t blocks_;
  bool is_weighted_;
  std::vector<double> values_;    // blocks x columns x kRows; rows beyond the last are 0
  std::vector<int32_t> classes_;  // blocks x kRows
  std::vector<double> weights_;   // likewise; 0 beyond the last row
};

}  // namespace slipway::training
