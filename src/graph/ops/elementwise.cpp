#include "graph/ops/elementwise.h"

#include <fmt/format.h>

#include <cmath>

namespace slipway {

std::string_view elementwise_name(ElementwiseOp::Function function) {
  using Function = ElementwiseOp::Function;
  switch (function) {
    case Function::kAbsolute: return "absolute";
    case Function::kArccos: return "arccos";
    case Function::kArccosh: return "arccosh";
    case Function::kArcsin: return "arcsin";
    case Function::kArcsinh: return "arcsinh";
    case Function::kArctan: return "arctan";
    case Function::kArctanh: return "arctanh";
    case Function::kBinarize: return "binarize";
    case Function::kCbrt: return "cbrt";
    case Function::kCeil: return "ceil";
    case Function::kClip: return "clip";
    case Function::kCos: return "cos";
    case Function::kCosh: return "cosh";
    case Function::kDegrees: return "degrees";
    case Function::kExp: return "exp";
    case Function::kExp2: return "exp2";
    case Function::kExpit: return "expit";
    case Function::kExpm1: return "expm1";
    case Function::kFloor: return "floor";
    case Function::kIsFinite: return "isfinite";
    case Function::kIsInfinite: return "isinf";
    case Function::kIsNan: return "isnan";
    case Function::kLog: return "log";
    case Function::kLogPlusOne: return "log_plus_one";
    case Function::kLog10: return "log10";
    case Function::kLog1p: return "log1p";
    case Function::kLog2: return "log2";
    case Function::kLogicalNot: return "logical_not";
    case Function::kLogit: return "logit";
    case Function::kNanToNum: return "nan_to_num";
    case Function::kNegative: return "negative";
    case Function::kPositive: return "positive";
    case Function::kRadians: return "radians";
    case Function::kReciprocal: return "reciprocal";
    case Function::kRint: return "rint";
    case Function::kRound: return "round";
    case Function::kSign: return "sign";
    case Function::kSignBit: return "signbit";
    case Function::kSin: return "sin";
    case Function::kSinh: return "sinh";
    case Function::kSqrt: return "sqrt";
    case Function::kSquare: return "square";
    case Function::kTan: return "tan";
    case Function::kTanh: return "tanh";
    case Function::kTrunc: return "trunc";
  }
  return "?";
}

bool keeps_zeros(const ElementwiseOp& op) {
  using Function = ElementwiseOp::Function;
  switch (op.function) {
    case Function::kAbsolute:
    case Function::kCbrt:
    case Function::kExpm1:
    case Function::kLog1p:
    case Function::kLogPlusOne:
    case Function::kNegative:
    case Function::kPositive:
    case Function::kSign:
    case Function::kSqrt:
    case Function::kSquare:
    case Function::kTanh: return true;
    case Function::kBinarize: return op.parameters.a >= 0;
    default: return false;
  }
}

Result<ValueType> ElementwiseOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || (inputs[0].kind != ValueKind::kDense &&
                             (inputs[0].kind != ValueKind::kSparse || !keeps_zeros(*this)))) {
    return invalid_argument("expected one dense input");
  }
  if (function == Function::kRound &&
      (parameters.a != std::nearbyint(parameters.a) || std::fabs(parameters.a) > 300)) {
    return invalid_argument(
        fmt::format("expected -300 to 300 whole decimals, got {}", parameters.a));
  }
  return inputs[0];
}

std::string ElementwiseOp::describe() const {
  switch (function) {
    case Function::kBinarize:
    case Function::kRound: return fmt::format("{} {}", elementwise_name(function), parameters.a);
    case Function::kClip: return fmt::format("clip {}..{}", parameters.a, parameters.b);
    default: return std::string(elementwise_name(function));
  }
}

}  // namespace slipway
