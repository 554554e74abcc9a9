// Linear models, scaling of columns and rows, functions of elements, products of columns.
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/polynomial.h"
#include "graph/ops/scale.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

/// Rows and columns exchanged.
std::vector<double> transposed(std::span<const double> matrix, size_t rows) {
  const size_t columns = matrix.size() / std::max<size_t>(1, rows);
  std::vector<double> out(matrix.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) out[j * rows + i] = matrix[i * columns + j];
  }
  return out;
}

Result<Name> linear(Emission& e) {
  const auto& op = e.op<LinearOp>();
  const Name weights =
      e.m.numbers({int64_t{op.features}, int64_t{op.outputs}}, transposed(op.weights, op.outputs));
  return e.m.add(e.m.matmul(e.input(), weights), e.m.row(op.intercept));
}

Result<Name> scale(Emission& e) {
  const auto& op = e.op<ScaleOp>();
  Model& m = e.m;
  Name x = e.input();
  if (op.form == ScaleOp::Form::kSubtractDivide) {
    if (!op.shift.empty()) x = m.sub(x, m.row(op.shift));
    if (!op.factor.empty()) x = m.div(x, m.row(op.factor));
  } else {
    if (!op.factor.empty()) x = m.mul(x, m.row(op.factor));
    if (!op.shift.empty()) x = m.add(x, m.row(op.shift));
  }
  return op.clip.has_value() ? m.clip(x, op.clip->low, op.clip->high) : x;
}

Result<Name> normalize(Emission& e) {
  const auto& op = e.op<NormalizeOp>();
  Model& m = e.m;
  Name norm;
  switch (op.norm) {
    case NormalizeOp::Norm::kL1: norm = m.reduce("ReduceL1", e.input()); break;
    case NormalizeOp::Norm::kL2: norm = m.reduce("ReduceL2", e.input()); break;
    case NormalizeOp::Norm::kMax: norm = m.reduce("ReduceMax", m.abs(e.input())); break;
  }
  return m.div(e.input(), m.where(m.less(norm, m.number(op.norm_min)), m.number(1), norm));
}

Name infinite(Model& m, const Name& x) {
  return m.equal(m.abs(x), m.number(std::numeric_limits<double>::infinity()));
}

Name half_sum(Model& m, const Name& a, const Name& b) { return m.mul(m.number(0.5), m.add(a, b)); }

/// Functions that need the exponential, sine or logarithm only: ONNX Runtime has no others for
/// float64.
Result<Name> transcendental(Model& m, ElementwiseOp::Function function, const Name& x) {
  using Function = ElementwiseOp::Function;
  using std::numbers::pi;
  const Name one = m.number(1);
  switch (function) {
    case Function::kCos: return m.call("Sin", {m.add(x, m.number(pi / 2))});
    case Function::kSin: return m.call("Sin", {x});
    case Function::kTan:
      return m.div(m.call("Sin", {x}), m.call("Sin", {m.add(x, m.number(pi / 2))}));
    case Function::kCosh: return half_sum(m, m.exp(x), m.exp(m.neg(x)));
    case Function::kSinh: return half_sum(m, m.exp(x), m.neg(m.exp(m.neg(x))));
    case Function::kTanh: return m.call("Tanh", {x});
    case Function::kArcsinh: {
      const Name size = m.abs(x);
      return m.mul(m.sign(x), m.log(m.add(size, m.sqrt(m.add(m.mul(x, x), one)))));
    }
    case Function::kArccosh: return m.log(m.add(x, m.sqrt(m.sub(m.mul(x, x), one))));
    case Function::kArctanh:
      return m.mul(m.number(0.5), m.log(m.div(m.add(one, x), m.sub(one, x))));
    case Function::kExp: return m.exp(x);
    case Function::kExp2: return m.pow(m.number(2), x);
    case Function::kExpit: return m.sigmoid(x);
    case Function::kExpm1: return m.sub(m.exp(x), one);
    case Function::kLog: return m.log(x);
    case Function::kLogPlusOne:
      return m.where(m.equal(x, m.number(0)), m.number(0), m.add(m.log(x), one));
    case Function::kLog10: return m.div(m.log(x), m.number(std::numbers::ln10));
    case Function::kLog1p: return m.log(m.add(one, x));
    case Function::kLog2: return m.div(m.log(x), m.number(std::numbers::ln2));
    case Function::kLogit: return m.log(m.div(x, m.sub(one, x)));
    case Function::kSqrt: return m.sqrt(x);
    case Function::kCbrt: return m.mul(m.sign(x), m.pow(m.abs(x), m.number(1.0 / 3)));
    case Function::kArccos:
    case Function::kArcsin:
    case Function::kArctan:
    default:
      return unimplemented("ONNX Runtime has no float64 " +
                           std::string(elementwise_name(function)));
  }
}

Name rounded(Model& m, const Name& x, double decimals) {
  const Name power = m.number(std::pow(10.0, std::fabs(decimals)));
  if (decimals >= 0) return m.div(m.call("Round", {m.mul(x, power)}), power);
  return m.mul(m.call("Round", {m.div(x, power)}), power);
}

Result<Name> elementwise(Emission& e) {
  using Function = ElementwiseOp::Function;
  const auto& op = e.op<ElementwiseOp>();
  Model& m = e.m;
  const Name x = e.input();
  const Name zero = m.number(0);
  switch (op.function) {
    case Function::kAbsolute: return m.abs(x);
    case Function::kBinarize: return m.to_number(m.greater(x, m.number(op.parameters.a)));
    case Function::kCeil: return m.call("Ceil", {x});
    case Function::kClip: return m.clip(x, op.parameters.a, op.parameters.b);
    case Function::kDegrees: return m.mul(x, m.number(180 / std::numbers::pi));
    case Function::kFloor: return m.floor(x);
    case Function::kIsFinite: return m.to_number(m.negated(m.either(m.is_nan(x), infinite(m, x))));
    case Function::kIsInfinite: return m.to_number(infinite(m, x));
    case Function::kIsNan: return m.to_number(m.is_nan(x));
    case Function::kLogicalNot: return m.to_number(m.equal(x, zero));
    case Function::kNanToNum: {
      const Name ends =
          m.where(m.greater(x, zero), m.number(op.parameters.b), m.number(op.parameters.c));
      return m.where(m.is_nan(x), m.number(op.parameters.a), m.where(infinite(m, x), ends, x));
    }
    case Function::kNegative: return m.neg(x);
    case Function::kPositive: return x;
    case Function::kRadians: return m.mul(x, m.number(std::numbers::pi / 180));
    case Function::kReciprocal: return m.div(m.number(1), x);
    case Function::kRint: return m.call("Round", {x});
    case Function::kRound: return rounded(m, x, op.parameters.a);
    case Function::kSign: return m.sign(x);
    case Function::kSignBit: return m.to_number(m.less(m.div(m.number(1), x), zero));
    case Function::kSquare: return m.mul(x, x);
    case Function::kTrunc: return m.truncate(x);
    default: return transcendental(m, op.function, x);
  }
}

Result<Name> polynomial(Emission& e) {
  const auto& op = e.op<PolynomialOp>();
  Model& m = e.m;
  size_t degree = 0;
  for (size_t t = 0; t + 1 < op.starts.size(); ++t) {
    degree = std::max<size_t>(degree, op.starts[t + 1] - op.starts[t]);
  }
  // A column of ones stands for the factors that a term lacks.
  const double one = 1;
  const std::array parts = {e.input(), e.values.repeated(std::span(&one, 1))};
  const Name x = m.concat(parts);
  Name product;
  for (size_t k = 0; k < std::max<size_t>(1, degree); ++k) {
    std::vector<int64_t> places;
    for (size_t t = 0; t + 1 < op.starts.size(); ++t) {
      const size_t last = op.starts[t + 1];
      places.push_back(op.starts[t] + k < last ? int64_t{op.factors[last - 1 - k]}
                                               : int64_t{op.features});
    }
    const Name factor = m.gather(x, places);
    product = k == 0 ? factor : m.mul(product, factor);
  }
  return product;
}

}  // namespace

std::span<const Emitter> linear_emitters() {
  static constexpr std::array kTable = {
      Emitter{"linear", linear},         Emitter{"scale", scale},
      Emitter{"normalize", normalize},   Emitter{"elementwise", elementwise},
      Emitter{"polynomial", polynomial},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
