// Ensembles of oblivious trees, whose nodes of one depth all ask the same question (CatBoost).
//
// A tree is a list of splits; the answers are the bits of a number, which names the leaf. Instead
// of comparing numbers again for each tree, a row's numbers are turned into bins once: the bin is
// how many of its feature's borders lie below the number.
//
// The comparisons are those of float32, as in the training: a number is rounded first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

struct ObliviousEnsemble {
  /// More borders than that do not occur; it bounds the type of a bin.
  static constexpr uint32_t kBordersMax = UINT16_MAX;
  /// 2^depth leaves.
  static constexpr uint32_t kDepthMax = 16;

  struct Feature {
    uint32_t column = 0;
    uint32_t first_border = 0;  // in `borders`
    uint32_t border_count = 0;
    bool nan_above = false;  // NaN lies above all borders, else below
  };
  /// Answers 1 where the feature's bin is at least this one.
  struct Split {
    uint32_t feature = 0;  // index into `features`
    uint32_t bin = 1;      // 1 to border_count
  };

  uint32_t columns = 0;  // of the input
  uint32_t outputs = 1;
  std::vector<float> borders;  // per feature: ascending, no NaN
  std::vector<Feature> features;
  std::vector<uint8_t> depths;      // per tree
  std::vector<Split> splits;        // tree after tree; the first gives the lowest bit
  std::vector<double> leaf_values;  // tree after tree, leaf after leaf: `outputs` numbers each
};

/// Takes a dense matrix of float64; gives the sums over all trees, in their order, from 0.
class ObliviousEnsembleOp final : public Op {
 public:
  explicit ObliviousEnsembleOp(ObliviousEnsemble ensemble) : ensemble(std::move(ensemble)) {}
  std::string_view name() const override { return "oblivious_ensemble"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const ObliviousEnsemble ensemble;
};

}  // namespace slipway
