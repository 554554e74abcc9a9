// What gradient boosting needs beside its trees: the start of its sums from another estimator.
#pragma once

#include <span>
#include <string>

#include "graph/graph.h"

namespace slipway {

/// Probabilities of a first estimator to the raw scores that boosting starts from: each probability
/// is clipped to [margin, 1 - margin], then goes through the loss's link.
class BoostingStartOp final : public Op {
 public:
  enum class Link : uint8_t {
    kLogit,        // width 2 -> 1: log(p / (1 - p)) of the second column
    kHalfLogit,    // width 2 -> 1: half of that (exponential loss)
    kLog,          // log(p)
    kCenteredLog,  // log(p / g), g the row's geometric mean
  };
  BoostingStartOp(Link link, double margin) : link(link), margin(margin) {}
  std::string_view name() const override { return "boosting_start"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  /// Columns of the scores for so many probabilities.
  uint32_t score_width(uint32_t probabilities) const;
  /// The scores of one row; `scores` has room for score_width(). Also for constants at load.
  void compute(std::span<const double> probabilities, double* scores) const;

  const Link link;
  const double margin;
};

/// Rounds each number to float32 and back: what an estimator sees behind one that converts its
/// input.
class RoundFloat32Op final : public Op {
 public:
  std::string_view name() const override { return "round_float32"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

}  // namespace slipway
