// Kernels of graph/ops/oblivious_ensemble.h.
//
// "scalar" compares numbers with borders, split by split. "binned" first finds the bin of each
// number, for a block of rows, feature after feature; then each split is one comparison of small
// whole numbers that the compiler does for many rows at once. Both add the trees' leaves to a row's
// sums in the order of the trees: the same bits.
#include "graph/ops/oblivious_ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernel_table.h"

namespace slipway::engine {
namespace {

using Feature = ObliviousEnsemble::Feature;
using Split = ObliviousEnsemble::Split;

float rounded(double number) { return static_cast<float>(number); }

/// How many of a feature's borders lie below the number.
uint32_t bin_of(const ObliviousEnsemble& ensemble, const Feature& feature, float number) {
  if (std::isnan(number)) return feature.nan_above ? feature.border_count : 0;
  const float* borders = ensemble.borders.data() + feature.first_border;
  const float* found = std::lower_bound(borders, borders + feature.border_count, number);
  return static_cast<uint32_t>(found - borders);
}

void add_leaf(const double* leaf, uint32_t outputs, double* sums) {
  for (uint32_t i = 0; i < outputs; ++i) sums[i] += leaf[i];
}

class ScalarOblivious final : public Kernel {
 public:
  explicit ScalarOblivious(const ObliviousEnsembleOp& op) : ensemble_(op.ensemble) {}
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; ++row) {
      const double* x = args.input(0).dense(row);
      double* sums = args.output.dense(row);
      std::fill_n(sums, ensemble_.outputs, 0.0);
      const Split* split = ensemble_.splits.data();
      const double* leaves = ensemble_.leaf_values.data();
      for (const uint8_t depth : ensemble_.depths) {
        size_t leaf = 0;
        for (uint8_t bit = 0; bit < depth; ++bit) {
          leaf |= size_t{is_above(*split++, x)} << bit;
        }
        add_leaf(leaves + leaf * ensemble_.outputs, ensemble_.outputs, sums);
        leaves += (size_t{1} << depth) * ensemble_.outputs;
      }
    }
    return {};
  }

 private:
  bool is_above(const Split& split, const double* x) const {
    const Feature& feature = ensemble_.features[split.feature];
    const float number = rounded(x[feature.column]);
    if (std::isnan(number)) return feature.nan_above;
    return number > ensemble_.borders[feature.first_border + split.bin - 1];
  }

  const ObliviousEnsemble& ensemble_;
};

template <typename Bin>
class BinnedOblivious final : public Kernel {
 public:
  explicit BinnedOblivious(const ObliviousEnsembleOp& op) : ensemble_(op.ensemble) {}
  size_t workspace_bytes(size_t rows) const override {
    const size_t block = std::min(rows, kBlockRows);
    return kLeavesBytes + ensemble_.features.size() * block * sizeof(Bin);
  }
  Status run(const KernelArgs& args) const override {
    for (size_t row = 0; row < args.rows; row += kBlockRows) {
      const size_t rows = std::min(kBlockRows, args.rows - row);
      auto* bins = reinterpret_cast<Bin*>(args.workspace + kLeavesBytes);
      find_bins(args.input(0), row, rows, bins);
      double* sums = args.output.dense(row);
      std::fill_n(sums, rows * ensemble_.outputs, 0.0);
      if (rows == 1) {
        run_one(bins, sums);
      } else {
        run_block(bins, rows, reinterpret_cast<uint16_t*>(args.workspace), sums);
      }
    }
    return {};
  }

 private:
  static constexpr size_t kBlockRows = 128;
  static constexpr size_t kLeavesBytes = kBlockRows * sizeof(uint16_t);

  /// bins[feature * rows + row]
  void find_bins(const ValueBuffer& input, size_t first, size_t rows, Bin* bins) const {
    for (const Feature& feature : ensemble_.features) {
      for (size_t row = 0; row < rows; ++row) {
        const float number = rounded(input.dense(first + row)[feature.column]);
        *bins++ = static_cast<Bin>(bin_of(ensemble_, feature, number));
      }
    }
  }

  void run_one(const Bin* bins, double* sums) const {
    const Split* split = ensemble_.splits.data();
    const double* leaves = ensemble_.leaf_values.data();
    for (const uint8_t depth : ensemble_.depths) {
      size_t leaf = 0;
      for (uint8_t bit = 0; bit < depth; ++bit, ++split) {
        leaf |= size_t{bins[split->feature] >= split->bin} << bit;
      }
      add_leaf(leaves + leaf * ensemble_.outputs, ensemble_.outputs, sums);
      leaves += (size_t{1} << depth) * ensemble_.outputs;
    }
  }

  void run_block(const Bin* bins, size_t rows, uint16_t* leaf, double* sums) const {
    const uint32_t outputs = ensemble_.outputs;
    const Split* split = ensemble_.splits.data();
    const double* leaves = ensemble_.leaf_values.data();
    for (const uint8_t depth : ensemble_.depths) {
      std::fill_n(leaf, rows, uint16_t{0});
      for (uint8_t bit = 0; bit < depth; ++bit, ++split) {
        const Bin* column = bins + split->feature * rows;
        const auto least = static_cast<Bin>(split->bin);
        const auto mask = static_cast<uint16_t>(1U << bit);
        for (size_t row = 0; row < rows; ++row) {
          leaf[row] = static_cast<uint16_t>(leaf[row] | (column[row] >= least ? mask : 0));
        }
      }
      for (size_t row = 0; row < rows; ++row) {
        add_leaf(leaves + size_t{leaf[row]} * outputs, outputs, sums + row * outputs);
      }
      leaves += (size_t{1} << depth) * outputs;
    }
  }

  const ObliviousEnsemble& ensemble_;
};

}  // namespace

std::span<const KernelEntry> oblivious_ensemble_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"oblivious_ensemble", "binned", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    const auto& trees = static_cast<const ObliviousEnsembleOp&>(op);
                    const bool small = std::all_of(
                        trees.ensemble.features.begin(), trees.ensemble.features.end(),
                        [](const Feature& feature) { return feature.border_count <= UINT8_MAX; });
                    if (small) return std::make_unique<BinnedOblivious<uint8_t>>(trees);
                    return std::make_unique<BinnedOblivious<uint16_t>>(trees);
                  }},
      KernelEntry{"oblivious_ensemble", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarOblivious>(
                        static_cast<const ObliviousEnsembleOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
