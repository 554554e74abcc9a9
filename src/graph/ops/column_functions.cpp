#include "graph/ops/column_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway {
namespace {

Status check_columns(std::span<const ValueType> inputs, size_t columns) {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (inputs[0].width != columns) {
    return invalid_argument(fmt::format("expected {} columns, got {}", columns, inputs[0].width));
  }
  return {};
}

/// Ascending, and no NaN among them.
bool is_ascending(std::span<const double> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i]) || (i > 0 && values[i] < values[i - 1])) return false;
  }
  return true;
}

}  // namespace

Result<ValueType> BinsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_columns(inputs, edges.size()));
  for (const std::vector<double>& column : edges) {
    if (!is_ascending(column)) return invalid_argument("the edges of bins do not ascend");
  }
  return inputs[0];
}

std::string BinsOp::describe() const { return fmt::format("{} columns", edges.size()); }

size_t BinsOp::size_bytes() const {
  size_t total = heap_bytes(edges);
  for (const std::vector<double>& column : edges) total += heap_bytes(column);
  return total;
}

Result<ValueType> PowerOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_columns(inputs, lambdas.size()));
  return inputs[0];
}

std::string PowerOp::describe() const {
  return method == Method::kBoxCox ? "box-cox" : "yeo-johnson";
}

Result<ValueType> QuantileOp::infer(std::span<const ValueType> inputs) const {
  if (references.empty() || quantiles.size() % references.size() != 0 ||
      !is_ascending(references)) {
    return invalid_argument("the quantiles do not fit the references");
  }
  TRY_STATUS(check_columns(inputs, quantiles.size() / references.size()));
  for (size_t i = 0; i < quantiles.size(); i += references.size()) {
    // A column that had nothing but NaN has NaN for quantiles.
    const std::span<const double> column(quantiles.data() + i, references.size());
    if (!is_ascending(column) &&
        !std::ranges::all_of(column, [](double value) { return std::isnan(value); })) {
      return invalid_argument("the quantiles of a column do not ascend");
    }
  }
  return inputs[0];
}

std::string QuantileOp::describe() const {
  return fmt::format("{} quantiles{}", references.size(), normal ? ", normal" : "");
}

Result<ValueType> SplineOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_columns(inputs, columns.size()));
  if (options.degree > kDegreeMax) {
    return invalid_argument(fmt::format("degree {}, limit {}", options.degree, kDegreeMax));
  }
  const size_t ends = 2 * (size_t{options.degree} + 1);
  for (const Column& column : columns) {
    if (column.knots.size() < ends || !is_ascending(column.knots) ||
        std::isinf(column.knots.front()) || std::isinf(column.knots.back())) {
      return invalid_argument(fmt::format("expected at least {} ascending knots", ends));
    }
    const size_t basis = column.knots.size() - options.degree - 1;
    const bool fits = column.coefficients.empty()
                          ? basis == values
                          : column.coefficients.size() == basis * size_t{values};
    if (!fits || values == 0) {
      return invalid_argument("the coefficients of a spline do not fit its knots");
    }
  }
  const uint64_t width = uint64_t{inputs[0].width} * (values - (options.drop_last ? 1 : 0));
  if (width > kWidthMax) return resource_exhausted("splines give too many columns");
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(width)};
}

std::string SplineOp::describe() const {
  return fmt::format("degree {}, {} values a column", options.degree, values);
}

size_t SplineOp::size_bytes() const {
  size_t total = heap_bytes(columns);
  for (const Column& column : columns) {
    total += heap_bytes(column.knots) + heap_bytes(column.coefficients);
  }
  return total;
}

}  // namespace slipway
