#include "graph/ops/combine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway {
namespace {

Status expect_dense(std::span<const ValueType> inputs, size_t count) {
  const bool dense = std::ranges::all_of(
      inputs, [](const ValueType& type) { return type.kind == ValueKind::kDense; });
  if (!dense || inputs.size() != count) {
    return invalid_argument(fmt::format("expected {} dense inputs", count));
  }
  return {};
}

ValueType dense(size_t width) { return {ValueKind::kDense, static_cast<uint32_t>(width)}; }

}  // namespace

Result<ValueType> ConstantOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, 0));
  if (row.empty() || row.size() > kWidthMax) return invalid_argument("no usable width");
  return dense(row.size());
}

std::string ConstantOp::describe() const { return fmt::format("{} columns", row.size()); }

Result<ValueType> LookupOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kIndex || inputs[0].width != 1) {
    return invalid_argument("expected one column of indices");
  }
  if (width == 0 || width > kWidthMax || table.empty() || table.size() % width != 0) {
    return invalid_argument(
        fmt::format("a table of {} numbers has no rows of {}", table.size(), width));
  }
  return dense(width);
}

std::string LookupOp::describe() const { return fmt::format("{}x{}", table.size() / width, width); }

Result<ValueType> SelectIndexOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kIndex || column >= inputs[0].width) {
    return invalid_argument(fmt::format("expected indices with a column {}", column));
  }
  return ValueType{ValueKind::kIndex, 1};
}

std::string SelectIndexOp::describe() const { return fmt::format("column {}", column); }

Result<ValueType> PlaceColumnsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, 1));
  if (inputs[0].width != places.size() || width == 0 || width > kWidthMax) {
    return invalid_argument(
        fmt::format("{} places for {} columns", places.size(), inputs[0].width));
  }
  std::vector<bool> taken(width, false);
  for (const uint32_t place : places) {
    if (place >= width || taken[place]) {
      return invalid_argument(fmt::format("place {} of {} is taken or not there", place, width));
    }
    taken[place] = true;
  }
  return dense(width);
}

std::string PlaceColumnsOp::describe() const {
  return fmt::format("{} of {}", places.size(), width);
}

Result<ValueType> CombineOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, inputs.size()));
  if (inputs.empty() || (!weights.empty() && weights.size() != inputs.size())) {
    return invalid_argument(fmt::format("{} weights for {} inputs", weights.size(), inputs.size()));
  }
  for (const ValueType& input : inputs) {
    if (input.width != inputs[0].width) return invalid_argument("inputs of different widths");
  }
  return inputs[0];
}

std::string CombineOp::describe() const {
  return fmt::format("{}{}", function == Function::kSum ? "sum" : "logaddexp",
                     weights.empty() ? "" : ", weighted");
}

Result<ValueType> RowFunctionOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, 1));
  if (inputs[0].width == 0) return invalid_argument("expected at least one column");
  const bool keeps_width =
      function == Function::kNormalizeOrKeep || function == Function::kSubtractMean;
  return keeps_width ? inputs[0] : dense(1);
}

std::string RowFunctionOp::describe() const {
  switch (function) {
    case Function::kSum: return "sum";
    case Function::kLogSumExp: return "logsumexp";
    case Function::kMinimum: return "minimum";
    case Function::kNormalizeOrKeep: return "normalize or keep";
    case Function::kSubtractMean: return "subtract mean";
  }
  return "";
}

Result<ValueType> WeightedMedianOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, 1));
  if (weights.empty() || inputs[0].width != weights.size()) {
    return invalid_argument(
        fmt::format("{} weights for {} columns", weights.size(), inputs[0].width));
  }
  return dense(1);
}

std::string WeightedMedianOp::describe() const { return fmt::format("{} columns", weights.size()); }

Result<ValueType> PairVotesOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(expect_dense(inputs, 2));
  constexpr uint32_t kClassesMax = 2048;  // pairs grow with the square
  if (classes < 2 || classes > kClassesMax) {
    return invalid_argument(fmt::format("no usable number of classes, {}", classes));
  }
  const uint32_t pairs = classes * (classes - 1) / 2;
  if (inputs[0].width != pairs || inputs[1].width != pairs) {
    return invalid_argument(fmt::format("expected {} pairs", pairs));
  }
  return dense(classes);
}

std::string PairVotesOp::describe() const { return fmt::format("{} classes", classes); }

}  // namespace slipway
