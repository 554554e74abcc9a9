// Meta-estimators: constants, look-ups, sums, votes, medians.
#include <array>
#include <cfloat>
#include <cmath>

#include "graph/ops/combine.h"
#include "writers/onnx/internal/emission.h"
#include "writers/onnx/internal/matrices.h"

namespace slipway::writers::onnx {
namespace {

Result<Name> constant(Emission& e) { return e.values.repeated(e.op<ConstantOp>().row); }

Result<Name> lookup(Emission& e) {
  const auto& op = e.op<LookupOp>();
  Model& m = e.m;
  const auto rows = static_cast<int64_t>(op.table.size() / op.width);
  const Name place = m.call("Min", {m.squeeze(e.input(), 1), m.integer(rows - 1)});
  return m.look_up(m.numbers({rows, int64_t{op.width}}, op.table), place);
}

Result<Name> select_index(Emission& e) { return e.column({0, e.op<SelectIndexOp>().column}); }

Result<Name> place_columns(Emission& e) {
  const auto& op = e.op<PlaceColumnsOp>();
  std::vector<int64_t> sources(op.width, e.width());  // the column behind the last holds `fill`
  for (size_t i = 0; i < op.places.size(); ++i) {
    sources[op.places[i]] = static_cast<int64_t>(i);
  }
  const std::array parts = {e.input(), e.values.repeated(std::span(&op.fill, 1))};
  return e.m.gather(e.m.concat(parts), sources);
}

/// log(exp(a) + exp(b))
Name log_add_exp(Model& m, const Name& a, const Name& b) {
  const Name larger = m.where(m.greater(a, b), a, b);
  const Name distance = m.neg(m.abs(m.sub(a, b)));
  const Name sum = m.add(larger, m.log(m.add(m.number(1), m.exp(distance))));
  return m.where(m.equal(a, b), m.add(a, m.number(std::log(2.0))), sum);
}

Result<Name> combine(Emission& e) {
  const auto& op = e.op<CombineOp>();
  Model& m = e.m;
  Name sum;
  for (size_t i = 0; i < e.node.inputs.size(); ++i) {
    const double weight = op.weights.empty() ? 1 : op.weights[i];
    const Name term = weight == 1 ? e.input(i) : m.mul(e.input(i), m.number(weight));
    if (i == 0) {
      sum = term;
    } else if (op.function == CombineOp::Function::kSum) {
      sum = m.add(sum, term);
    } else {
      sum = log_add_exp(m, sum, term);
    }
  }
  return op.divisor == 1 ? sum : m.div(sum, m.number(op.divisor));
}

Result<Name> row_function(Emission& e) {
  using Function = RowFunctionOp::Function;
  Model& m = e.m;
  const Name x = e.input();
  switch (e.op<RowFunctionOp>().function) {
    case Function::kSum: return m.reduce("ReduceSum", x);
    case Function::kLogSumExp: return m.reduce("ReduceLogSumExp", x);
    case Function::kMinimum: return m.reduce("ReduceMin", x);
    case Function::kNormalize: return m.div(x, m.reduce("ReduceSum", x));
    case Function::kLogNotZero:
      return m.log(m.where(m.equal(x, m.number(0)), m.number(DBL_MIN), x));
    case Function::kNormalizeOrKeep: {
      const Name sum = m.reduce("ReduceSum", x);
      return m.div(x, m.where(m.equal(sum, m.number(0)), m.number(1), sum));
    }
    case Function::kSubtractMean: return m.sub(x, m.reduce("ReduceMean", x));
  }
  return unimplemented("it is not known here");
}

Result<Name> weighted_median(Emission& e) {
  const auto& op = e.op<WeightedMedianOp>();
  Model& m = e.m;
  const auto [sorted, places] = m.top(e.input(), e.width(), false);
  const Name weights = m.look_up(m.numbers({e.width()}, op.weights), places);
  const Name reached = m.call("CumSum", {weights, m.integer(1)});
  const Name half = m.mul(m.number(0.5), m.reduce("ReduceSum", weights));
  const Name chosen = m.argmax(m.cast(m.at_least(reached, half), Element::kInt64));
  return m.call("GatherElements", {sorted, chosen}, {Attribute::integer("axis", 1)});
}

Result<Name> pair_votes(Emission& e) {
  const uint32_t classes = e.op<PairVotesOp>().classes;
  Model& m = e.m;
  const Name zero = m.to_number(m.equal(e.input(0), m.number(0)));
  const Name one = m.to_number(m.equal(e.input(0), m.number(1)));
  const Name votes =
      m.add(pairs_to_classes(m, zero, classes, 1, 0), pairs_to_classes(m, one, classes, 0, 1));
  return m.add(votes, squeezed(m, pairs_to_classes(m, e.input(1), classes, -1, 1)));
}

}  // namespace

std::span<const Emitter> combine_emitters() {
  static constexpr std::array kTable = {
      Emitter{"constant", constant},
      Emitter{"lookup", lookup},
      Emitter{"select_index", select_index},
      Emitter{"place_columns", place_columns},
      Emitter{"combine", combine},
      Emitter{"row_function", row_function},
      Emitter{"weighted_median", weighted_median},
      Emitter{"pair_votes", pair_votes},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
