#include "graph/ops/basic.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway {
namespace {

bool is_matrix(ValueKind kind) { return kind == ValueKind::kDense || kind == ValueKind::kSparse; }

Status check_picks(std::span<const ColumnPick> picks, std::span<const ValueType> inputs) {
  for (const ColumnPick& pick : picks) {
    if (pick.input >= inputs.size() || pick.column >= inputs[pick.input].width) {
      return invalid_argument(
          fmt::format("column {} of input {} does not exist", pick.column, pick.input));
    }
  }
  return {};
}

Status check_one(std::span<const ValueType> inputs, bool accepted, std::string_view expected) {
  if (inputs.size() != 1 || !accepted) {
    return invalid_argument(fmt::format("expected one {} input", expected));
  }
  return {};
}

}  // namespace

Result<ValueType> SelectOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_picks(picks, inputs));
  for (const ValueType& input : inputs) {
    if (!is_matrix(input.kind)) return invalid_argument("expected dense or sparse inputs");
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(picks.size())};
}

std::string SelectOp::describe() const { return fmt::format("{} columns", picks.size()); }

Result<ValueType> SelectStringsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_picks(picks, inputs));
  for (const ValueType& input : inputs) {
    if (input.kind != ValueKind::kString) return invalid_argument("expected string inputs");
  }
  return ValueType{ValueKind::kString, static_cast<uint32_t>(picks.size())};
}

std::string SelectStringsOp::describe() const { return fmt::format("{} columns", picks.size()); }

Result<ValueType> SelectCellsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_picks(picks, inputs));
  for (const ValueType& input : inputs) {
    if (!is_matrix(input.kind) && input.kind != ValueKind::kString) {
      return invalid_argument("expected dense, sparse or string inputs");
    }
  }
  return ValueType{ValueKind::kString, static_cast<uint32_t>(picks.size())};
}

std::string SelectCellsOp::describe() const { return fmt::format("{} columns", picks.size()); }

Result<ValueType> RequireFiniteOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_one(inputs, inputs.size() == 1 && is_matrix(inputs[0].kind), "matrix"));
  if (!columns.empty() && columns.size() != inputs[0].width) {
    return invalid_argument("another number of column names than columns");
  }
  return inputs[0];
}

std::string RequireFiniteOp::describe() const {
  return fmt::format("{}{}", options.allow_nan ? "NaN allowed" : "no NaN",
                     options.float32_range ? ", float32 range" : "");
}

Result<ValueType> CastFloat32Op::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_one(inputs, inputs.size() == 1 && inputs[0].kind == ValueKind::kDense, "dense"));
  return ValueType{ValueKind::kDense32, inputs[0].width};
}

Result<ValueType> ActivationOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_one(inputs, inputs.size() == 1 && inputs[0].kind == ValueKind::kDense, "dense"));
  if (function == Function::kLogisticPair || function == Function::kComplementPair ||
      function == Function::kLogLogisticPair) {
    if (inputs[0].width != 1) return invalid_argument("expected one column");
    return ValueType{ValueKind::kDense, 2};
  }
  return inputs[0];
}

std::string ActivationOp::describe() const {
  switch (function) {
    case Function::kSoftmax: return "softmax";
    case Function::kLogistic: return "logistic";
    case Function::kLogisticPair: return "logistic pair";
    case Function::kComplementPair: return "complement pair";
    case Function::kNormalizeRows: return "normalize rows";
    case Function::kModifiedHuber: return "modified huber";
    case Function::kExp: return "exp";
    case Function::kLog: return "log";
    case Function::kLogSoftmax: return "log softmax";
    case Function::kLogLogistic: return "log logistic";
    case Function::kLogLogisticPair: return "log logistic pair";
    case Function::kIdentity: return "identity";
  }
  return "";
}

Result<ValueType> ArgMaxOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_one(inputs, inputs.size() == 1 && inputs[0].kind == ValueKind::kDense, "dense"));
  if (inputs[0].width == 0) return invalid_argument("expected at least one column");
  return ValueType{ValueKind::kIndex, 1};
}

std::string ArgMaxOp::describe() const {
  return threshold == 0 ? "" : fmt::format("threshold {}", threshold);
}

Result<ValueType> ConcatIndexOp::infer(std::span<const ValueType> inputs) const {
  uint32_t width = 0;
  for (const ValueType& input : inputs) {
    if (input.kind != ValueKind::kIndex) return invalid_argument("expected index inputs");
    width += input.width;
  }
  return ValueType{ValueKind::kIndex, width};
}

Result<ValueType> SelectSparseOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kSparse) {
    return invalid_argument("expected one sparse input");
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] >= inputs[0].width || (i > 0 && columns[i] <= columns[i - 1])) {
      return invalid_argument(fmt::format("column {} is not there, or out of order", columns[i]));
    }
  }
  const auto width = static_cast<uint32_t>(columns.size());
  return ValueType{ValueKind::kSparse, width, std::min(width, inputs[0].nonzeros_max)};
}

std::string SelectSparseOp::describe() const { return fmt::format("{} columns", columns.size()); }

Result<ValueType> ConcatSparseOp::infer(std::span<const ValueType> inputs) const {
  uint64_t width = 0;
  uint64_t nonzeros = 0;
  for (const ValueType& input : inputs) {
    if (!is_matrix(input.kind)) return invalid_argument("expected dense or sparse inputs");
    width += input.width;
    nonzeros += input.kind == ValueKind::kDense ? input.width : input.nonzeros_max;
  }
  if (width > kWidthMax) return resource_exhausted("too many columns side by side");
  return ValueType{ValueKind::kSparse, static_cast<uint32_t>(width),
                   static_cast<uint32_t>(nonzeros)};
}

}  // namespace slipway
