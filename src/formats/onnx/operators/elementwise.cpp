// Operators of ai.onnx that compute element by element.
#include <array>
#include <cmath>
#include <limits>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

using U = UnaryFunction;
using B = BinaryFunction;

template <U kFunction>
Result<Values> unary(Call& call) {
  const Value x = TRY(call.input(0));
  return one(call.lower.unary(kFunction, {}, x.type, x));
}

template <U kFunction>
Result<Values> test(Call& call) {
  const Value x = TRY(call.input(0));
  return one(call.lower.unary(kFunction, {}, DType::kBool, x));
}

Result<Values> with(Call& call, U function, double a, double b = 0) {
  const Value x = TRY(call.input(0));
  return one(call.lower.unary(function, {a, b}, x.type, x));
}

Result<Values> celu(Call& call) { return with(call, U::kCelu, call.real("alpha", 1)); }
Result<Values> elu(Call& call) { return with(call, U::kElu, call.real("alpha", 1)); }
Result<Values> swish(Call& call) { return with(call, U::kSwish, call.real("alpha", 1)); }
Result<Values> leaky_relu(Call& call) {
  return with(call, U::kLeakyRelu, call.real("alpha", static_cast<double>(0.01F)));
}
Result<Values> thresholded_relu(Call& call) {
  return with(call, U::kThresholdedRelu, call.real("alpha", 1));
}
Result<Values> hard_sigmoid(Call& call) {
  return with(call, U::kHardSigmoid, call.real("alpha", static_cast<double>(0.2F)),
              call.real("beta", 0.5));
}
Result<Values> selu(Call& call) {
  return with(call, U::kSelu, call.real("alpha", static_cast<double>(1.67326319217681884765625F)),
              call.real("gamma", static_cast<double>(1.05070102214813232421875F)));
}
Result<Values> shrink(Call& call) {
  return with(call, U::kShrink, call.real("bias", 0), call.real("lambd", 0.5));
}
Result<Values> gelu(Call& call) {
  const bool is_tanh = call.text("approximate", "none") == "tanh";
  return with(call, is_tanh ? U::kGeluTanh : U::kGelu, 0);
}
Result<Values> is_inf(Call& call) {
  const Value x = TRY(call.input(0));
  const UnaryParameters which{static_cast<double>(call.integer("detect_negative", 1)),
                              static_cast<double>(call.integer("detect_positive", 1))};
  return one(call.lower.unary(U::kIsInf, which, DType::kBool, x));
}

Result<Values> identity(Call& call) {
  if (!call.has_input(0)) return invalid_argument("its input 0 is missing");
  return Values{*call.raw_input(0)};
}

Result<Values> dropout(Call& call) {
  const auto training = call.version >= 12 ? TRY(call.constant_input(2)) : std::nullopt;
  if (training.has_value() && !training->empty() && (*training)[0] != 0) {
    const auto ratio = TRY(call.constant_input(1));
    if (!ratio.has_value() || ratio->empty() || (*ratio)[0] != 0) {
      return unimplemented("it is in training mode");
    }
  }
  const Value x = TRY(call.input(0));
  Values values = {x};
  if (call.node.outputs.size() > 1) {
    const Value all = TRY(call.lower.constant(DType::kBool, {}, {1}));
    values.push_back(TRY(call.lower.expand(all, x.dims)));
  }
  return values;
}

Result<Values> cast(Call& call) {
  const auto type = element_type(call.integer("to", 0));
  if (!type.has_value()) {
    return unimplemented("Slipway does not compute with elements of " +
                         element_type_name(call.integer("to", 0)));
  }
  return one(call.lower.cast(TRY(call.input(0)), *type));
}

Result<Values> cast_like(Call& call) {
  const Value x = TRY(call.input(0));
  const Value like = TRY(call.input(1));
  return one(call.lower.cast(x, like.type));
}

Result<Values> clip(Call& call) {
  Value x = TRY(call.input(0));
  if (call.version < 11) {
    return with(call, U::kClip, call.real("min", -std::numeric_limits<double>::infinity()),
                call.real("max", std::numeric_limits<double>::infinity()));
  }
  if (call.has_input(1)) x = TRY(call.lower.binary(B::kMax, x.type, x, TRY(call.input(1))));
  if (call.has_input(2)) x = TRY(call.lower.binary(B::kMin, x.type, x, TRY(call.input(2))));
  return one(std::move(x));
}

/// Before version 7 the second shape lay in the first from `axis` on.
Result<Value> second_operand(Call& call, const Value& a) {
  Value b = TRY(call.input(1));
  if (call.version >= 7 || call.integer("broadcast", 0) == 0) return b;
  const auto at = call.has("axis") ? TRY(call.axis(call.integer("axis", 0), a.dims.size()))
                                   : a.dims.size() - std::min(a.dims.size(), b.dims.size());
  Dims dims = b.dims;
  while (at + dims.size() < a.dims.size()) dims.push_back(1);
  return call.lower.reshape(b, std::move(dims));
}

template <B kFunction>
Result<Values> binary(Call& call) {
  const Value a = TRY(call.input(0));
  const Value b = TRY(second_operand(call, a));
  return one(call.lower.binary(kFunction, a.type, a, b));
}

Result<Values> mod(Call& call) {
  const Value a = TRY(call.input(0));
  const B function = call.integer("fmod", 0) != 0 ? B::kFmod : B::kMod;
  return one(call.lower.binary(function, a.type, a, TRY(call.input(1))));
}

Result<Values> bit_shift(Call& call) {
  const Value a = TRY(call.input(0));
  const B function = call.text("direction", "LEFT") == "LEFT" ? B::kShiftLeft : B::kShiftRight;
  return one(call.lower.binary(function, a.type, a, TRY(call.input(1))));
}

template <B kFunction>
Result<Value> fold_inputs(Call& call) {
  Value total = TRY(call.input(0));
  for (size_t i = 1; i < call.input_count(); ++i) {
    total = TRY(call.lower.binary(kFunction, total.type, total, TRY(call.input(i))));
  }
  return total;
}

template <B kFunction>
Result<Values> variadic(Call& call) {
  return one(fold_inputs<kFunction>(call));
}

Result<Values> mean(Call& call) {
  const Value sum = TRY(fold_inputs<B::kAdd>(call));
  return one(
      call.lower.with_number(B::kDiv, sum.type, sum, static_cast<double>(call.input_count())));
}

Result<Values> where(Call& call) {
  const Value condition = TRY(call.input(0));
  const Value yes = TRY(call.input(1));
  const Value no = TRY(call.input(2));
  return one(call.lower.where(condition, yes, no));
}

}  // namespace

std::span<const Operator> elementwise_operators() {
  static constexpr std::array kTable = {
      Operator{"", "Identity", 1, 99, identity},
      Operator{"", "Dropout", 7, 99, dropout},
      Operator{"", "Cast", 6, 99, cast},
      Operator{"", "CastLike", 15, 99, cast_like},
      Operator{"", "Clip", 6, 99, clip},
      Operator{"", "Where", 9, 99, where},
      Operator{"", "Abs", 6, 99, unary<U::kAbs>},
      Operator{"", "Acos", 7, 99, unary<U::kAcos>},
      Operator{"", "Acosh", 9, 99, unary<U::kAcosh>},
      Operator{"", "Asin", 7, 99, unary<U::kAsin>},
      Operator{"", "Asinh", 9, 99, unary<U::kAsinh>},
      Operator{"", "Atan", 7, 99, unary<U::kAtan>},
      Operator{"", "Atanh", 9, 99, unary<U::kAtanh>},
      Operator{"", "Ceil", 6, 99, unary<U::kCeil>},
      Operator{"", "Celu", 12, 99, celu},
      Operator{"", "Cos", 7, 99, unary<U::kCos>},
      Operator{"", "Cosh", 9, 99, unary<U::kCosh>},
      Operator{"", "Elu", 6, 99, elu},
      Operator{"", "Erf", 9, 99, unary<U::kErf>},
      Operator{"", "Exp", 6, 99, unary<U::kExp>},
      Operator{"", "Floor", 6, 99, unary<U::kFloor>},
      Operator{"", "Gelu", 20, 99, gelu},
      Operator{"", "HardSigmoid", 6, 99, hard_sigmoid},
      Operator{"", "HardSwish", 14, 99, unary<U::kHardSwish>},
      Operator{"", "IsInf", 10, 99, is_inf},
      Operator{"", "IsNaN", 9, 99, test<U::kIsNan>},
      Operator{"", "LeakyRelu", 6, 99, leaky_relu},
      Operator{"", "Log", 6, 99, unary<U::kLog>},
      Operator{"", "Mish", 18, 99, unary<U::kMish>},
      Operator{"", "Neg", 6, 99, unary<U::kNeg>},
      Operator{"", "Not", 1, 99, test<U::kNot>},
      Operator{"", "Reciprocal", 6, 99, unary<U::kReciprocal>},
      Operator{"", "Relu", 6, 99, unary<U::kRelu>},
      Operator{"", "Round", 11, 99, unary<U::kRound>},
      Operator{"", "Selu", 6, 99, selu},
      Operator{"", "Shrink", 9, 99, shrink},
      Operator{"", "Sigmoid", 6, 99, unary<U::kLogistic>},
      Operator{"", "Sign", 9, 99, unary<U::kSign>},
      Operator{"", "Sin", 7, 99, unary<U::kSin>},
      Operator{"", "Sinh", 9, 99, unary<U::kSinh>},
      Operator{"", "Softplus", 1, 99, unary<U::kSoftplus>},
      Operator{"", "Softsign", 1, 99, unary<U::kSoftsign>},
      Operator{"", "Sqrt", 6, 99, unary<U::kSqrt>},
      Operator{"", "Swish", 24, 99, swish},
      Operator{"", "Tan", 7, 99, unary<U::kTan>},
      Operator{"", "Tanh", 6, 99, unary<U::kTanh>},
      Operator{"", "ThresholdedRelu", 10, 99, thresholded_relu},
      Operator{"", "Add", 1, 99, binary<B::kAdd>},
      Operator{"", "Sub", 1, 99, binary<B::kSub>},
      Operator{"", "Mul", 1, 99, binary<B::kMul>},
      Operator{"", "Div", 1, 99, binary<B::kDiv>},
      Operator{"", "Pow", 1, 99, binary<B::kPow>},
      Operator{"", "PRelu", 7, 99, binary<B::kPRelu>},
      Operator{"", "Mod", 10, 99, mod},
      Operator{"", "Equal", 1, 99, binary<B::kEqual>},
      Operator{"", "Less", 1, 99, binary<B::kLess>},
      Operator{"", "LessOrEqual", 12, 99, binary<B::kLessOrEqual>},
      Operator{"", "Greater", 1, 99, binary<B::kGreater>},
      Operator{"", "GreaterOrEqual", 12, 99, binary<B::kGreaterOrEqual>},
      Operator{"", "And", 1, 99, binary<B::kAnd>},
      Operator{"", "Or", 1, 99, binary<B::kOr>},
      Operator{"", "Xor", 1, 99, binary<B::kXor>},
      Operator{"", "BitwiseAnd", 18, 99, binary<B::kBitAnd>},
      Operator{"", "BitwiseOr", 18, 99, binary<B::kBitOr>},
      Operator{"", "BitwiseXor", 18, 99, binary<B::kBitXor>},
      Operator{"", "BitShift", 11, 99, bit_shift},
      Operator{"", "Min", 6, 99, variadic<B::kMin>},
      Operator{"", "Max", 6, 99, variadic<B::kMax>},
      Operator{"", "Sum", 6, 99, variadic<B::kAdd>},
      Operator{"", "Mean", 6, 99, mean},
  };
  return kTable;
}

}  // namespace slipway::onnx
