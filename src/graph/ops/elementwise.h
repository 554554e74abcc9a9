// Functions of one number, applied to every element of a dense matrix; named after numpy's. Those
// that leave a zero alone also take a sparse matrix, and give one.
#pragma once

#include <string>

#include "graph/graph.h"

namespace slipway {

class ElementwiseOp final : public Op {
 public:
  enum class Function : uint8_t {
    kAbsolute,
    kArccos,
    kArccosh,
    kArcsin,
    kArcsinh,
    kArctan,
    kArctanh,
    kBinarize,  // x > a: 1, else 0
    kCbrt,
    kCeil,
    kClip,  // into a..b; NaN stays
    kCos,
    kCosh,
    kDegrees,
    kExp,
    kExp2,
    kExpit,
    kExpm1,
    kFloor,
    kIsFinite,  // 1 or 0, as the others that ask
    kIsInfinite,
    kIsNan,
    kLog,
    kLogPlusOne,  // log(x) + 1, and 0 where there is no value: the term frequencies of tf-idf
    kLog10,
    kLog1p,
    kLog2,
    kLogicalNot,
    kLogit,
    kNanToNum,  // NaN to a, infinity to b, -infinity to c
    kNegative,
    kPositive,
    kRadians,
    kReciprocal,
    kRint,
    kRound,  // to a decimals, half to even, by scaling as numpy does
    kSign,
    kSignBit,
    kSin,
    kSinh,
    kSqrt,
    kSquare,
    kTan,
    kTanh,
    kTrunc,
  };
  struct Parameters {
    double a;
    double b;
    double c;
  };
  explicit ElementwiseOp(Function function, Parameters parameters = {0, 0, 0})
      : function(function), parameters(parameters) {}
  std::string_view name() const override { return "elementwise"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
  const Parameters parameters;
};

/// True if a sparse matrix stays sparse.
bool keeps_zeros(const ElementwiseOp& op);

/// numpy's name of the function; for the printer.
std::string_view elementwise_name(ElementwiseOp::Function function);

}  // namespace slipway
