#include "graph/ops/impute.h"

#include <fmt/format.h>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

Result<ValueType> check(std::span<const ValueType> inputs, ValueKind kind,
                        const std::vector<uint32_t>& columns, ValueKind output) {
  if (inputs.size() != 1 || inputs[0].kind != kind) {
    return invalid_argument(fmt::format("expected one {} input", value_kind_name(kind)));
  }
  for (const uint32_t column : columns) {
    if (column >= inputs[0].width) {
      return invalid_argument(
          fmt::format("column {} is not in the input of {}", column, inputs[0].width));
    }
  }
  if (columns.size() > kWidthMax) return resource_exhausted("too many columns");
  return ValueType{output, static_cast<uint32_t>(columns.size())};
}

}  // namespace

Result<ValueType> ImputeOp::infer(std::span<const ValueType> inputs) const {
  if (fills.size() != columns.size()) {
    return invalid_argument(fmt::format("{} fills for {} columns", fills.size(), columns.size()));
  }
  return check(inputs, ValueKind::kDense, columns, ValueKind::kDense);
}

std::string ImputeOp::describe() const { return fmt::format("{} columns", columns.size()); }

Result<ValueType> ImputeStringsOp::infer(std::span<const ValueType> inputs) const {
  if (fills.size() != columns.size()) {
    return invalid_argument(fmt::format("{} fills for {} columns", fills.size(), columns.size()));
  }
  return check(inputs, ValueKind::kString, columns, ValueKind::kString);
}

std::string ImputeStringsOp::describe() const { return fmt::format("{} columns", columns.size()); }

size_t ImputeStringsOp::size_bytes() const { return heap_bytes(columns) + heap_bytes(fills); }

Result<ValueType> MissingIndicatorOp::infer(std::span<const ValueType> inputs) const {
  return check(inputs, ValueKind::kDense, columns, ValueKind::kDense);
}

std::string MissingIndicatorOp::describe() const {
  return fmt::format("{} columns", columns.size());
}

Result<ValueType> MissingStringsIndicatorOp::infer(std::span<const ValueType> inputs) const {
  return check(inputs, ValueKind::kString, columns, ValueKind::kDense);
}

std::string MissingStringsIndicatorOp::describe() const {
  return fmt::format("{} columns", columns.size());
}

}  // namespace slipway
