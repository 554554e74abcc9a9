// Functions of one and two numbers, named after ONNX's operators: what kernels compute for every
// element and readers for constants, in one place so that both agree.
//
//   double y = apply(BinaryFunction::kAdd, DType::kFloat32, a, b);  // rounded to float32
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "tensor/dtype.h"

namespace slipway {

enum class UnaryFunction : uint8_t {
  kIdentity,  // only rounds: a cast
  kToBool,    // x != 0
  kAbs,
  kAcos,
  kAcosh,
  kAsin,
  kAsinh,
  kAtan,
  kAtanh,
  kCeil,
  kCelu,
  kClip,  // into a..b; NaN stays
  kCos,
  kCosh,
  kElu,
  kErf,
  kExp,
  kFloor,
  kGelu,
  kGeluTanh,
  kGreaterThan,  // x > a
  kHardSigmoid,  // clip(a x + b, 0, 1)
  kHardSwish,
  kIsInf,  // a: negative counts, b: positive counts
  kIsNan,
  kLeakyRelu,
  kLog,
  kLogistic,
  kMish,
  kNeg,
  kNot,
  kProbit,  // as ONNX Runtime approximates it
  kReciprocal,
  kRelu,
  kRound,  // half to even
  kSelu,
  kShrink,  // bias a, lambda b
  kSign,
  kSin,
  kSinh,
  kSoftplus,
  kSoftsign,
  kSqrt,
  kSwish,
  kTan,
  kTanh,
  kThresholdedRelu,
};

struct UnaryParameters {
  double a = 0;
  double b = 0;
};

enum class BinaryFunction : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,  // whole numbers: towards zero, by zero gives 0
  kPow,
  kMod,   // the sign of the divisor
  kFmod,  // the sign of the dividend
  kMin,   // NaN wins
  kMax,
  kPRelu,  // a < 0 ? a * b : a
  kEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kXor,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,
  kShiftRight,
};

/// True for the types that a float64 stands for here: floats, whole numbers, truth values.
bool is_number(DType dtype);
bool is_whole(DType dtype);

/// The nearest value of the type: float32 rounds; whole numbers lose their fraction and wrap around
/// (64 bits: saturate), NaN and infinity being the type's least; kBool is x != 0.
double round_to(DType dtype, double x);

double apply(UnaryFunction function, UnaryParameters p, double x);
double apply(UnaryFunction function, UnaryParameters p, DType dtype, double x);
/// `dtype` is the result's type; for comparisons kBool.
double apply(BinaryFunction function, DType dtype, double a, double b);

std::string_view function_name(UnaryFunction function);
std::string_view function_name(BinaryFunction function);

}  // namespace slipway
