#include "graph/ops/tensor_math.h"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace slipway {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;

double logistic(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

double celu(double x, double alpha) {
  return std::fmax(0.0, x) + std::fmin(0.0, alpha * std::expm1(x / alpha));
}

double gelu_tanh(double x) {
  const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1 + std::tanh(inner));
}

double shrink(double x, double bias, double lambda) {
  if (x < -lambda) return x + bias;
  return x > lambda ? x - bias : 0;
}

/// The approximation of the inverse error function by A. Winitzki, in float32 with the constants
/// that ONNX Runtime has.
double probit(double x) {
  const auto y = static_cast<float>(2 * x - 1);
  const float log = std::log((1 - y) * (1 + y));
  const float v = 2 / (3.14159F * 0.147F) + 0.5F * log;
  const float inner = -v + std::sqrt(v * v - 1 / 0.147F * log);
  return static_cast<double>(1.41421356F * (y < 0 ? -1.0F : 1.0F) * std::sqrt(inner));
}

double selu(double x, UnaryParameters p) { return x > 0 ? p.b * x : p.b * (p.a * std::expm1(x)); }

/// A whole number as its bits; what does not fit is the least.
int64_t to_bits(double x) {
  return x >= -kTwo63 && x < kTwo63 ? static_cast<int64_t>(x) : std::numeric_limits<int64_t>::min();
}

double wrap(double x, unsigned bits, bool is_signed) {
  const auto whole = static_cast<uint64_t>(to_bits(x));
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  const uint64_t low = whole & mask;
  const bool negative = is_signed && (low >> (bits - 1)) != 0;
  return static_cast<double>(negative ? static_cast<int64_t>(low | ~mask)
                                      : static_cast<int64_t>(low));
}

double whole_pow(double a, double b) {
  const double result = std::pow(a, b);
  return std::isfinite(result) ? std::trunc(result) : 0;
}

double floor_mod(double a, double b, bool whole) {
  if (whole && b == 0) return 0;
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

bool is_signed(DType dtype) {
  return dtype == DType::kInt8 || dtype == DType::kInt16 || dtype == DType::kInt32 ||
         dtype == DType::kInt64;
}

/// A shift by more than there are bits, or by less than none, moves all of them out; what comes in
/// from the left is the sign.
double shift(DType dtype, double a, double b, bool left) {
  const int64_t x = to_bits(a);
  const int64_t by = to_bits(b);
  const bool all = by < 0 || by > 63;
  const auto bits = static_cast<uint64_t>(x);
  if (is_signed(dtype)) {
    if (!left) return static_cast<double>(x >> (all ? 63 : by));
    return all ? 0 : static_cast<double>(static_cast<int64_t>(bits << by));
  }
  return all ? 0 : static_cast<double>(left ? bits << by : bits >> by);
}

double minimum(double a, double b) { return std::isnan(a) || a < b ? a : b; }
double maximum(double a, double b) { return std::isnan(a) || a > b ? a : b; }

/// To the nearest number of so many binary digits behind the leading one, even ones first; small
/// numbers are spaced as those of the smallest exponent are.
double round_binary(double x, int digits, int exponent_min, double max) {
  if (x == 0 || !std::isfinite(x)) return x;
  const double step = std::ldexp(1.0, std::max(std::ilogb(x), exponent_min) - digits);
  const double rounded = std::nearbyint(x / step) * step;
  return std::fabs(rounded) > max ? std::copysign(HUGE_VAL, x) : rounded;
}

}  // namespace

bool is_whole(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kInt64:
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
    case DType::kUint64: return true;
    default: return false;
  }
}

bool is_number(DType dtype) { return dtype != DType::kString; }

double round_to(DType dtype, double x) {
  switch (dtype) {
    case DType::kFloat32: return static_cast<double>(static_cast<float>(x));
    case DType::kFloat16: return round_binary(x, 10, -14, 65504);
    case DType::kBfloat16: return round_binary(x, 7, -126, 0x1.FEp127);
    case DType::kBool: return x != 0 ? 1 : 0;
    case DType::kInt8: return wrap(x, 8, true);
    case DType::kInt16: return wrap(x, 16, true);
    case DType::kInt32: return wrap(x, 32, true);
    case DType::kUint8: return wrap(x, 8, false);
    case DType::kUint16: return wrap(x, 16, false);
    case DType::kUint32: return wrap(x, 32, false);
    case DType::kInt64:
      return std::isnan(x) || x < -kTwo63 ? -kTwo63 : std::fmin(std::trunc(x), kTwo63);
    case DType::kUint64: return std::isnan(x) || x < 0 ? 0 : std::fmin(std::trunc(x), 2 * kTwo63);
    default: return x;
  }
}

double apply(UnaryFunction function, UnaryParameters p, double x) {
  switch (function) {
    case UnaryFunction::kIdentity: return x;
    case UnaryFunction::kToBool: return x != 0 ? 1 : 0;
    case UnaryFunction::kAbs: return std::fabs(x);
    case UnaryFunction::kAcos: return std::acos(x);
    case UnaryFunction::kAcosh: return std::acosh(x);
    case UnaryFunction::kAsin: return std::asin(x);
    case UnaryFunction::kAsinh: return std::asinh(x);
    case UnaryFunction::kAtan: return std::atan(x);
    case UnaryFunction::kAtanh: return std::atanh(x);
    case UnaryFunction::kCeil: return std::ceil(x);
    case UnaryFunction::kCelu: return celu(x, p.a);
    case UnaryFunction::kClip: return x < p.a ? p.a : x > p.b ? p.b : x;
    case UnaryFunction::kCos: return std::cos(x);
    case UnaryFunction::kCosh: return std::cosh(x);
    case UnaryFunction::kElu: return x < 0 ? p.a * std::expm1(x) : x;
    case UnaryFunction::kErf: return std::erf(x);
    case UnaryFunction::kExp: return std::exp(x);
    case UnaryFunction::kFloor: return std::floor(x);
    case UnaryFunction::kGelu: return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case UnaryFunction::kGeluTanh: return gelu_tanh(x);
    case UnaryFunction::kGreaterThan: return x > p.a ? 1 : 0;
    case UnaryFunction::kHardSigmoid: return std::fmax(0.0, std::fmin(1.0, p.a * x + p.b));
    case UnaryFunction::kHardSwish: return x * std::fmax(0.0, std::fmin(1.0, x / 6 + 0.5));
    case UnaryFunction::kIsInf: return std::isinf(x) && (x < 0 ? p.a : p.b) != 0 ? 1 : 0;
    case UnaryFunction::kIsNan: return std::isnan(x) ? 1 : 0;
    case UnaryFunction::kLeakyRelu: return x < 0 ? p.a * x : x;
    case UnaryFunction::kLog: return std::log(x);
    case UnaryFunction::kLogistic: return logistic(x);
    case UnaryFunction::kMish: return x * std::tanh(softplus(x));
    case UnaryFunction::kNeg: return -x;
    case UnaryFunction::kNot: return x == 0 ? 1 : 0;
    case UnaryFunction::kProbit: return probit(x);
    case UnaryFunction::kReciprocal: return 1 / x;
    case UnaryFunction::kRelu: return x < 0 ? 0 : x;
    case UnaryFunction::kRound: return std::nearbyint(x);
    case UnaryFunction::kSelu: return selu(x, p);
    case UnaryFunction::kShrink: return shrink(x, p.a, p.b);
    case UnaryFunction::kSign: return sign(x);
    case UnaryFunction::kSin: return std::sin(x);
    case UnaryFunction::kSinh: return std::sinh(x);
    case UnaryFunction::kSoftplus: return softplus(x);
    case UnaryFunction::kSoftsign: return x / (1 + std::fabs(x));
    case UnaryFunction::kSqrt: return std::sqrt(x);
    case UnaryFunction::kSwish: return x * logistic(p.a * x);
    case UnaryFunction::kTan: return std::tan(x);
    case UnaryFunction::kTanh: return std::tanh(x);
    case UnaryFunction::kThresholdedRelu: return x > p.a ? x : 0;
  }
  return x;
}

double apply(UnaryFunction function, UnaryParameters p, DType dtype, double x) {
  return round_to(dtype, apply(function, p, x));
}

double apply(BinaryFunction function, DType dtype, double a, double b) {
  const bool whole = is_whole(dtype);
  switch (function) {
    case BinaryFunction::kAdd: return round_to(dtype, a + b);
    case BinaryFunction::kSub: return round_to(dtype, a - b);
    case BinaryFunction::kMul: return round_to(dtype, a * b);
    case BinaryFunction::kDiv: return whole && b == 0 ? 0 : round_to(dtype, a / b);
    case BinaryFunction::kPow: return round_to(dtype, whole ? whole_pow(a, b) : std::pow(a, b));
    case BinaryFunction::kMod: return round_to(dtype, floor_mod(a, b, whole));
    case BinaryFunction::kFmod: return whole && b == 0 ? 0 : round_to(dtype, std::fmod(a, b));
    case BinaryFunction::kMin: return minimum(a, b);
    case BinaryFunction::kMax: return maximum(a, b);
    case BinaryFunction::kPRelu: return a < 0 ? round_to(dtype, a * b) : a;
    case BinaryFunction::kEqual: return a == b ? 1 : 0;
    case BinaryFunction::kLess: return a < b ? 1 : 0;
    case BinaryFunction::kLessOrEqual: return a <= b ? 1 : 0;
    case BinaryFunction::kGreater: return a > b ? 1 : 0;
    case BinaryFunction::kGreaterOrEqual: return a >= b ? 1 : 0;
    case BinaryFunction::kAnd: return a != 0 && b != 0 ? 1 : 0;
    case BinaryFunction::kOr: return a != 0 || b != 0 ? 1 : 0;
    case BinaryFunction::kXor: return (a != 0) != (b != 0) ? 1 : 0;
    case BinaryFunction::kBitAnd:
      return round_to(dtype, static_cast<double>(to_bits(a) & to_bits(b)));
    case BinaryFunction::kBitOr:
      return round_to(dtype, static_cast<double>(to_bits(a) | to_bits(b)));
    case BinaryFunction::kBitXor:
      return round_to(dtype, static_cast<double>(to_bits(a) ^ to_bits(b)));
    case BinaryFunction::kShiftLeft: return round_to(dtype, shift(dtype, a, b, true));
    case BinaryFunction::kShiftRight: return round_to(dtype, shift(dtype, a, b, false));
  }
  return a;
}

std::string_view function_name(UnaryFunction function) {
  static constexpr std::array<std::string_view, 47> kNames = {"identity",
                                                              "to_bool",
                                                              "abs",
                                                              "acos",
                                                              "acosh",
                                                              "asin",
                                                              "asinh",
                                                              "atan",
                                                              "atanh",
                                                              "ceil",
                                                              "celu",
                                                              "clip",
                                                              "cos",
                                                              "cosh",
                                                              "elu",
                                                              "erf",
                                                              "exp",
                                                              "floor",
                                                              "gelu",
                                                              "gelu_tanh",
                                                              "greater",
                                                              "hard_sigmoid",
                                                              "hard_swish",
                                                              "is_inf",
                                                              "is_nan",
                                                              "leaky_relu",
                                                              "log",
                                                              "logistic",
                                                              "mish",
                                                              "neg",
                                                              "not",
                                                              "probit",
                                                              "reciprocal",
                                                              "relu",
                                                              "round",
                                                              "selu",
                                                              "shrink",
                                                              "sign",
                                                              "sin",
                                                              "sinh",
                                                              "softplus",
                                                              "softsign",
                                                              "sqrt",
                                                              "swish",
                                                              "tan",
                                                              "tanh",
                                                              "thresholded_relu"};
  return kNames[static_cast<size_t>(function)];
}

std::string_view function_name(BinaryFunction function) {
  static constexpr std::array<std::string_view, 23> kNames = {
      "add",     "sub",        "mul",           "div",     "pow",
      "mod",     "fmod",       "min",           "max",     "prelu",
      "equal",   "less",       "less_or_equal", "greater", "greater_or_equal",
      "and",     "or",         "xor",           "bit_and", "bit_or",
      "bit_xor", "shift_left", "shift_right"};
  return kNames[static_cast<size_t>(function)];
}

}  // namespace slipway
