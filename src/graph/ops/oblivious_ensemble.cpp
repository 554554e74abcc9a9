#include "graph/ops/oblivious_ensemble.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

Status check_feature(const ObliviousEnsemble& ensemble, size_t index) {
  const ObliviousEnsemble::Feature& feature = ensemble.features[index];
  if (feature.column >= ensemble.columns) {
    return invalid_argument(
        fmt::format("feature {} reads column {} of {}", index, feature.column, ensemble.columns));
  }
  if (feature.border_count > ObliviousEnsemble::kBordersMax ||
      size_t{feature.first_border} + feature.border_count > ensemble.borders.size()) {
    return invalid_argument(fmt::format("feature {} has {} borders from {} of {}", index,
                                        feature.border_count, feature.first_border,
                                        ensemble.borders.size()));
  }
  const auto borders =
      std::span(ensemble.borders).subspan(feature.first_border, feature.border_count);
  // Written so that a NaN fails too.
  const auto in_order = [](float a, float b) { return a <= b; };
  const bool ordered = std::adjacent_find(borders.begin(), borders.end(), [&](float a, float b) {
                         return !in_order(a, b);
                       }) == borders.end();
  if (!ordered || (!borders.empty() && !in_order(borders[0], borders[0]))) {
    return invalid_argument(fmt::format("the borders of feature {} are not ascending", index));
  }
  return {};
}

Status check_splits(const ObliviousEnsemble& ensemble) {
  for (size_t i = 0; i < ensemble.splits.size(); ++i) {
    const auto& [feature, bin] = ensemble.splits[i];
    if (feature >= ensemble.features.size() || bin == 0 ||
        bin > ensemble.features[feature].border_count) {
      return invalid_argument(fmt::format(
          "split {} asks for bin {} of feature {}, which there is not", i, bin, feature));
    }
  }
  return {};
}

Status check_trees(const ObliviousEnsemble& ensemble) {
  size_t splits = 0;
  size_t leaves = 0;
  for (const uint8_t depth : ensemble.depths) {
    if (depth > ObliviousEnsemble::kDepthMax) {
      return invalid_argument(fmt::format("a tree of depth {}: at most {} can be computed", depth,
                                          ObliviousEnsemble::kDepthMax));
    }
    splits += depth;
    leaves += size_t{1} << depth;
  }
  if (splits != ensemble.splits.size() ||
      ensemble.leaf_values.size() / ensemble.outputs != leaves ||
      ensemble.leaf_values.size() % ensemble.outputs != 0) {
    return invalid_argument(fmt::format(
        "trees with {} splits and {} leaves of {} have {} splits and {} leaf values", splits,
        leaves, ensemble.outputs, ensemble.splits.size(), ensemble.leaf_values.size()));
  }
  return {};
}

}  // namespace

Result<ValueType> ObliviousEnsembleOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense ||
      inputs[0].width != ensemble.columns) {
    return invalid_argument(
        fmt::format("expected one dense input of {} columns", ensemble.columns));
  }
  if (ensemble.outputs == 0 || ensemble.outputs > kWidthMax) {
    return invalid_argument(fmt::format("an ensemble of {} outputs", ensemble.outputs));
  }
  for (size_t i = 0; i < ensemble.features.size(); ++i) TRY_STATUS(check_feature(ensemble, i));
  TRY_STATUS(check_splits(ensemble));
  TRY_STATUS(check_trees(ensemble));
  return ValueType{ValueKind::kDense, ensemble.outputs};
}

std::string ObliviousEnsembleOp::describe() const {
  return fmt::format("{} trees, {} features, {} to {}", ensemble.depths.size(),
                     ensemble.features.size(), ensemble.columns, ensemble.outputs);
}

size_t ObliviousEnsembleOp::size_bytes() const {
  return heap_bytes(ensemble.borders) + heap_bytes(ensemble.features) +
         heap_bytes(ensemble.depths) + heap_bytes(ensemble.splits) +
         heap_bytes(ensemble.leaf_values);
}

}  // namespace slipway
