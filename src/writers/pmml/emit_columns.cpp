// Choosing, scaling, combining: what works column by column.
#include <array>
#include <cfloat>
#include <cmath>
#include <numbers>

#include "graph/ops/boosting.h"
#include "graph/ops/column_functions.h"
#include "graph/ops/combine.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/linear.h"
#include "graph/ops/polynomial.h"
#include "graph/ops/scale.h"
#include "graph/ops/score_link.h"
#include "writers/pmml/internal/emission.h"

namespace slipway::writers::pmml {
namespace {

template <typename T>
Result<Columns> select(Emission& e) {
  Columns out;
  for (const ColumnPick& pick : e.op<T>().picks) out.push_back(e.column(pick));
  return out;
}

Result<Columns> select_sparse(Emission& e) {
  Columns out;
  for (const uint32_t column : e.op<SelectSparseOp>().columns) out.push_back(e.input()[column]);
  return out;
}

/// PMML cannot refuse rows for what scikit-learn refuses: they are computed with.
Result<Columns> pass(Emission& e) { return e.input(); }

Result<Columns> round_float32(Emission& e) { return e.keep(e.input(), FieldType::kFloat); }

Result<Columns> concat(Emission& e) {
  Columns out;
  for (size_t i = 0; i < e.node.inputs.size(); ++i) {
    out.insert(out.end(), e.input(i).begin(), e.input(i).end());
  }
  return out;
}

Result<Columns> linear_model(Emission& e) {
  const auto& op = e.op<LinearOp>();
  Columns out;
  for (size_t k = 0; k < op.outputs; ++k) {
    const auto weights = std::span(op.weights).subspan(k * op.features, op.features);
    out.push_back(linear(e.input(), weights, op.intercept[k]));
  }
  return e.keep(std::move(out));
}

Result<Columns> scale(Emission& e) {
  const auto& op = e.op<ScaleOp>();
  Columns out;
  for (size_t i = 0; i < op.width; ++i) {
    Expression x = e.input()[i];
    if (op.form == ScaleOp::Form::kSubtractDivide) {
      if (!op.shift.empty()) x = subtract(x, number(op.shift[i]));
      if (!op.factor.empty()) x = divide(x, number(op.factor[i]));
    } else {
      if (!op.factor.empty()) x = multiply(x, number(op.factor[i]));
      if (!op.shift.empty()) x = add(x, number(op.shift[i]));
    }
    if (op.clip.has_value()) x = clip(e.fields.define(x), op.clip->low, op.clip->high);
    out.push_back(x);
  }
  return e.keep(std::move(out));
}

Result<Columns> normalize(Emission& e) {
  const auto& op = e.op<NormalizeOp>();
  Columns sizes;
  for (const Expression& x : e.input()) {
    sizes.push_back(op.norm == NormalizeOp::Norm::kL2 ? multiply(x, x) : call("abs", {x}));
  }
  Expression norm = op.norm == NormalizeOp::Norm::kMax ? call("max", sizes) : sum_of(sizes);
  if (op.norm == NormalizeOp::Norm::kL2) norm = call("sqrt", {norm});
  norm = e.fields.define(norm);
  norm = e.fields.define(choose(call("lessThan", {norm, number(op.norm_min)}), number(1), norm));
  Columns out;
  for (const Expression& x : e.input()) out.push_back(divide(x, norm));
  return e.keep(std::move(out));
}

Result<Columns> constant(Emission& e) {
  Columns out;
  for (const double value : e.op<ConstantOp>().row) out.push_back(number(value));
  return out;
}

Result<Columns> lookup(Emission& e) {
  const auto& op = e.op<LookupOp>();
  const size_t rows = op.table.size() / op.width;
  Columns out;
  for (size_t k = 0; k < op.width; ++k) {
    std::vector<double> column;
    for (size_t i = 0; i < rows; ++i) column.push_back(op.table[i * op.width + k]);
    out.push_back(look_up(e.input()[0], column));
  }
  return e.keep(std::move(out));
}

Result<Columns> select_index(Emission& e) {
  return Columns{e.input()[e.op<SelectIndexOp>().column]};
}

Result<Columns> place_columns(Emission& e) {
  const auto& op = e.op<PlaceColumnsOp>();
  Columns out(op.width, number(op.fill));
  for (size_t i = 0; i < op.places.size(); ++i) out[op.places[i]] = e.input()[i];
  return out;
}

Result<Columns> combine(Emission& e) {
  const auto& op = e.op<CombineOp>();
  if (op.function != CombineOp::Function::kSum) {
    return unimplemented("sums of logarithms are not written to PMML");
  }
  Columns out;
  for (size_t k = 0; k < e.input().size(); ++k) {
    Columns terms;
    for (size_t i = 0; i < e.node.inputs.size(); ++i) {
      const double weight = op.weights.empty() ? 1 : op.weights[i];
      terms.push_back(weight == 1 ? e.input(i)[k] : multiply(e.input(i)[k], number(weight)));
    }
    const Expression sum = sum_of(terms);
    out.push_back(op.divisor == 1 ? sum : divide(sum, number(op.divisor)));
  }
  return e.keep(std::move(out));
}

Result<Columns> row_function(Emission& e) {
  using Function = RowFunctionOp::Function;
  const Columns& x = e.input();
  const auto width = static_cast<double>(x.size());
  switch (e.op<RowFunctionOp>().function) {
    case Function::kSum: return e.keep(Columns{sum_of(x)});
    case Function::kMinimum: return e.keep({call("min", x)});
    case Function::kNormalize: {
      const Expression sum = e.fields.define(sum_of(x));
      Columns out;
      for (const Expression& one : x) out.push_back(divide(one, sum));
      return e.keep(std::move(out));
    }
    case Function::kLogNotZero: {
      Columns out;
      for (const Expression& one : x) {
        const Expression is_zero = call("equal", {one, number(0)});
        out.push_back(call("ln", {choose(is_zero, number(DBL_MIN), one)}));
      }
      return e.keep(std::move(out));
    }
    case Function::kNormalizeOrKeep: {
      const Expression sum = e.fields.define(sum_of(x));
      const Expression divisor =
          e.fields.define(choose(call("equal", {sum, number(0)}), number(1), sum));
      Columns out;
      for (const Expression& one : x) out.push_back(divide(one, divisor));
      return e.keep(std::move(out));
    }
    case Function::kSubtractMean: {
      const Expression mean = e.fields.define(divide(sum_of(x), number(width)));
      Columns out;
      for (const Expression& one : x) out.push_back(subtract(one, mean));
      return e.keep(std::move(out));
    }
    case Function::kLogSumExp: break;
  }
  return unimplemented("a logarithm of a sum of exponentials is not written to PMML");
}

Result<Columns> polynomial(Emission& e) {
  const auto& op = e.op<PolynomialOp>();
  Columns out;
  for (size_t t = 0; t + 1 < op.starts.size(); ++t) {
    Expression product;
    for (uint32_t k = op.starts[t + 1]; k-- > op.starts[t];) {
      const Expression& x = e.input()[op.factors[k]];
      product = product.empty() ? x : multiply(product, x);
    }
    out.push_back(product.empty() ? number(1) : product);
  }
  return e.keep(std::move(out));
}

Result<Expression> element(Emission& e, const ElementwiseOp& op, const Expression& x) {
  using Function = ElementwiseOp::Function;
  const ElementwiseOp::Parameters& p = op.parameters;
  switch (op.function) {
    case Function::kBinarize:
      return choose(call("greaterThan", {x, number(p.a)}), number(1), number(0));
    case Function::kClip: return clip(x, p.a, p.b);
    case Function::kDegrees: return multiply(x, number(180 / std::numbers::pi));
    case Function::kRadians: return multiply(x, number(std::numbers::pi / 180));
    case Function::kExp2: return call("pow", {number(2), x});
    case Function::kExpit: return logistic(x);
    case Function::kIsNan: return choose(is_missing(x), number(1), number(0));
    case Function::kLog2: return divide(call("ln", {x}), number(std::numbers::ln2));
    case Function::kNegative: return multiply(number(-1), x);
    case Function::kPositive: return x;
    case Function::kReciprocal: return divide(number(1), x);
    case Function::kSquare: return multiply(x, x);
    case Function::kAbsolute: return call("abs", {x});
    case Function::kCeil: return whole_number(e.fields, "ceil", x);
    case Function::kExp: return call("exp", {x});
    case Function::kExpm1: return call("expm1", {x});
    case Function::kFloor: return whole_number(e.fields, "floor", x);
    case Function::kLog: return call("ln", {x});
    case Function::kLog10: return call("log10", {x});
    case Function::kLog1p: return call("ln1p", {x});
    case Function::kRint: return call("rint", {x});
    case Function::kSqrt: return call("sqrt", {x});
    case Function::kSin: return call("sin", {x});
    case Function::kCos: return call("cos", {x});
    case Function::kTan: return call("tan", {x});
    case Function::kSinh: return call("sinh", {x});
    case Function::kCosh: return call("cosh", {x});
    case Function::kTanh: return call("tanh", {x});
    case Function::kArcsin: return call("asin", {x});
    case Function::kArccos: return call("acos", {x});
    case Function::kArctan: return call("atan", {x});
    default: break;
  }
  return unimplemented("PMML has no function for " + std::string(elementwise_name(op.function)));
}

Result<Columns> elementwise(Emission& e) {
  Columns out;
  for (const Expression& x : e.input()) out.push_back(TRY(element(e, e.op<ElementwiseOp>(), x)));
  return e.keep(std::move(out));
}

Result<Columns> bins(Emission& e) {
  const auto& op = e.op<BinsOp>();
  Columns out;
  for (size_t i = 0; i < op.edges.size(); ++i) {
    Columns terms;
    for (const double edge : op.edges[i]) {
      terms.push_back(
          choose(call("greaterOrEqual", {e.input()[i], number(edge)}), number(1), number(0)));
    }
    out.push_back(sum_of(terms));
  }
  return e.keep(std::move(out));
}

/// NormContinuous is a line through points.
Result<Columns> interpolate(Emission& e) {
  const auto& op = e.op<InterpolateOp>();
  const std::vector<std::string> fields = fields_in(e.input()[0]);
  if (op.x.size() == 1) return Columns{number(op.y[0])};
  if (fields.size() != 1) return unimplemented("its input is a constant");
  const std::string outside =
      op.outside == InterpolateOp::Outside::kClip ? "asExtremeValues" : "asMissingValues";
  std::string xml = "<NormContinuous field=\"" + fields[0] + "\" outliers=\"" + outside + "\">";
  for (size_t i = 0; i < op.x.size(); ++i) {
    xml += "<LinearNorm orig=\"" + spelled(op.x[i]) + "\" norm=\"" + spelled(op.y[i]) + "\"/>";
  }
  return e.keep({xml + "</NormContinuous>"});
}

Result<Columns> zero_as_missing(Emission& e) {
  const auto& op = e.op<ZeroAsMissingOp>();
  Columns out;
  for (const ZeroAsMissingOp::Pick& pick : op.picks) {
    const Expression& x = e.input()[pick.column];
    const Expression is_zero = call("lessOrEqual", {call("abs", {x}), number(op.zero)});
    out.push_back(pick.zero_is_missing ? choose(is_missing(x), missing_number(),
                                                choose(is_zero, missing_number(), x))
                                       : x);
  }
  return e.keep(std::move(out));
}

Result<Columns> float32_linear(Emission& e) {
  const auto& op = e.op<Float32LinearOp>();
  const size_t outputs = op.start.size();
  Columns known;
  for (const Expression& x : e.input()) known.push_back(choose(is_missing(x), number(0), x));
  known = e.keep(std::move(known), FieldType::kFloat);
  Columns out;
  for (size_t k = 0; k < outputs; ++k) {
    std::vector<double> weights;
    for (size_t i = 0; i < op.features; ++i) weights.push_back(double{op.weights[i * outputs + k]});
    out.push_back(linear(known, weights, double{op.start[k]}));
  }
  return e.keep(std::move(out));
}

}  // namespace

Expression look_up(const Expression& index, std::span<const double> table) {
  Expression out = number(table.back());
  for (size_t i = table.size() - 1; i-- > 0;) {
    out = choose(call("equal", {index, number(static_cast<double>(i))}), number(table[i]), out);
  }
  return out;
}

std::span<const Emitter> column_emitters() {
  static constexpr std::array kTable = {
      Emitter{"select", select<SelectOp>},
      Emitter{"select_strings", select<SelectStringsOp>},
      Emitter{"select_sparse", select_sparse},
      Emitter{"require_finite", pass},
      Emitter{"require_above", pass},
      Emitter{"cast_float32", round_float32},
      Emitter{"round_float32", round_float32},
      Emitter{"concat_index", concat},
      Emitter{"concat_sparse", concat},
      Emitter{"linear", linear_model},
      Emitter{"scale", scale},
      Emitter{"normalize", normalize},
      Emitter{"constant", constant},
      Emitter{"lookup", lookup},
      Emitter{"select_index", select_index},
      Emitter{"place_columns", place_columns},
      Emitter{"combine", combine},
      Emitter{"row_function", row_function},
      Emitter{"polynomial", polynomial},
      Emitter{"elementwise", elementwise},
      Emitter{"bins", bins},
      Emitter{"interpolate", interpolate},
      Emitter{"zero_as_missing", zero_as_missing},
      Emitter{"float32_linear", float32_linear},
  };
  return kTable;
}

}  // namespace slipway::writers::pmml
