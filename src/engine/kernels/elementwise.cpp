// Kernel of graph/ops/elementwise.h: the C library's functions, element by element.
#include "graph/ops/elementwise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/kernel_table.h"
#include "engine/kernels/sparse_pattern.h"

namespace slipway::engine {
namespace {

using Function = ElementwiseOp::Function;
using Parameters = ElementwiseOp::Parameters;

/// scipy.special.expit: two forms, so that exp never overflows.
double expit(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }

double clip(double x, const Parameters& p) {
  if (x < p.a) x = p.a;
  if (x > p.b) x = p.b;
  return x;
}

double nan_to_num(double x, const Parameters& p) {
  if (std::isnan(x)) return p.a;
  if (std::isinf(x)) return x > 0 ? p.b : p.c;
  return x;
}

class ScalarElementwise final : public Kernel {
 public:
  explicit ScalarElementwise(const ElementwiseOp& op)
      : op_(op),
        round_power_(op.function == Function::kRound ? std::pow(10.0, std::fabs(op.parameters.a))
                                                     : 1) {}

  Status run(const KernelArgs& args) const override {
    const ValueBuffer& input = args.input(0);
    const bool sparse = input.kind == ValueKind::kSparse;
    if (sparse) copy_pattern(input, args.output, args.rows);
    const auto* in = static_cast<const double*>(input.data);
    const double* end = in + (sparse ? input.row_starts[args.rows] : args.rows * input.width);
    auto* out = static_cast<double*>(args.output.data);
    const Parameters& p = op_.parameters;
    const auto apply = [&](auto function) { std::transform(in, end, out, function); };
    using std::numbers::pi;
    switch (op_.function) {
      case Function::kAbsolute: apply([](double x) { return std::fabs(x); }); break;
      case Function::kArccos: apply([](double x) { return std::acos(x); }); break;
      case Function::kArccosh: apply([](double x) { return std::acosh(x); }); break;
      case Function::kArcsin: apply([](double x) { return std::asin(x); }); break;
      case Function::kArcsinh: apply([](double x) { return std::asinh(x); }); break;
      case Function::kArctan: apply([](double x) { return std::atan(x); }); break;
      case Function::kArctanh: apply([](double x) { return std::atanh(x); }); break;
      case Function::kBinarize: apply([&](double x) { return x > p.a ? 1.0 : 0.0; }); break;
      case Function::kCbrt: apply([](double x) { return std::cbrt(x); }); break;
      case Function::kCeil: apply([](double x) { return std::ceil(x); }); break;
      case Function::kClip: apply([&](double x) { return clip(x, p); }); break;
      case Function::kCos: apply([](double x) { return std::cos(x); }); break;
      case Function::kCosh: apply([](double x) { return std::cosh(x); }); break;
      case Function::kDegrees: apply([](double x) { return x * (180 / pi); }); break;
      case Function::kExp: apply([](double x) { return std::exp(x); }); break;
      case Function::kExp2: apply([](double x) { return std::exp2(x); }); break;
      case Function::kExpit: apply(expit); break;
      case Function::kExpm1: apply([](double x) { return std::expm1(x); }); break;
      case Function::kFloor: apply([](double x) { return std::floor(x); }); break;
      case Function::kIsFinite: apply([](double x) { return std::isfinite(x) ? 1.0 : 0.0; }); break;
      case Function::kIsInfinite: apply([](double x) { return std::isinf(x) ? 1.0 : 0.0; }); break;
      case Function::kIsNan: apply([](double x) { return std::isnan(x) ? 1.0 : 0.0; }); break;
      case Function::kLog: apply([](double x) { return std::log(x); }); break;
      case Function::kLogPlusOne:
        apply([&](double x) { return x == 0 && !sparse ? 0.0 : std::log(x) + 1; });
        break;
      case Function::kLog10: apply([](double x) { return std::log10(x); }); break;
      case Function::kLog1p: apply([](double x) { return std::log1p(x); }); break;
      case Function::kLog2: apply([](double x) { return std::log2(x); }); break;
      case Function::kLogicalNot: apply([](double x) { return x == 0 ? 1.0 : 0.0; }); break;
      case Function::kLogit: apply([](double x) { return std::log(x / (1 - x)); }); break;
      case Function::kNanToNum: apply([&](double x) { return nan_to_num(x, p); }); break;
      case Function::kNegative: apply([](double x) { return -x; }); break;
      case Function::kPositive: apply([](double x) { return x; }); break;
      case Function::kRadians: apply([](double x) { return x * (pi / 180); }); break;
      case Function::kReciprocal: apply([](double x) { return 1 / x; }); break;
      case Function::kRint: apply([](double x) { return std::nearbyint(x); }); break;
      case Function::kRound: apply([&](double x) { return round(x); }); break;
      case Function::kSign: apply(sign); break;
      case Function::kSignBit: apply([](double x) { return std::signbit(x) ? 1.0 : 0.0; }); break;
      case Function::kSin: apply([](double x) { return std::sin(x); }); break;
      case Function::kSinh: apply([](double x) { return std::sinh(x); }); break;
      case Function::kSqrt: apply([](double x) { return std::sqrt(x); }); break;
      case Function::kSquare: apply([](double x) { return x * x; }); break;
      case Function::kTan: apply([](double x) { return std::tan(x); }); break;
      case Function::kTanh: apply([](double x) { return std::tanh(x); }); break;
      case Function::kTrunc: apply([](double x) { return std::trunc(x); }); break;
    }
    return {};
  }

 private:
  double round(double x) const {
    if (op_.parameters.a >= 0) return std::nearbyint(x * round_power_) / round_power_;
    return std::nearbyint(x / round_power_) * round_power_;
  }

  const ElementwiseOp& op_;
  const double round_power_;
};

}  // namespace

std::span<const KernelEntry> elementwise_kernels() {
  static constexpr std::array kTable = {
      KernelEntry{"elementwise", "scalar", on_every_cpu,
                  [](const Op& op, std::span<const ValueType>) -> std::unique_ptr<const Kernel> {
                    return std::make_unique<ScalarElementwise>(
                        static_cast<const ElementwiseOp&>(op));
                  }},
  };
  return kTable;
}

}  // namespace slipway::engine
