#include "graph/ops/naive_bayes.h"

#include <fmt/format.h>

namespace slipway {

Result<ValueType> GaussianBayesOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (inputs[0].width != tables.features) {
    return invalid_argument(
        fmt::format("expected {} features, got {}", tables.features, inputs[0].width));
  }
  const uint64_t classes = tables.priors.size();
  if (classes == 0 || classes > kWidthMax || tables.means.size() != classes * tables.features ||
      tables.variances.size() != tables.means.size()) {
    return invalid_argument(fmt::format("means and variances do not fit {} classes of {} features",
                                        classes, tables.features));
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(classes)};
}

std::string GaussianBayesOp::describe() const {
  return fmt::format("{}x{}", tables.priors.size(), tables.features);
}

Result<ValueType> CategoricalBayesOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  const size_t classes = tables.priors.size();
  if (tables.features.size() != inputs[0].width || classes == 0 || classes > kWidthMax) {
    return invalid_argument(fmt::format("{} tables for {} columns, {} classes",
                                        tables.features.size(), inputs[0].width, classes));
  }
  for (const std::vector<double>& table : tables.features) {
    if (table.empty() || table.size() % classes != 0) {
      return invalid_argument("a column's table does not fit the classes");
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(classes)};
}

std::string CategoricalBayesOp::describe() const {
  return fmt::format("{}x{}", tables.priors.size(), tables.features.size());
}

size_t CategoricalBayesOp::size_bytes() const {
  size_t total = heap_bytes(tables.priors) + heap_bytes(tables.features);
  for (const std::vector<double>& table : tables.features) total += heap_bytes(table);
  return total;
}

Result<ValueType> LogNormalizeOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width == 0) {
    return invalid_argument("expected one dense input with columns");
  }
  return inputs[0];
}

}  // namespace slipway
