// Choosing columns, checks, activations, labels.
#include <array>
#include <limits>

#include "graph/ops/basic.h"
#include "graph/ops/boosting.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/score_link.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

template <typename T>
Result<Name> select(Emission& e) {
  return e.values.columns(e.node.inputs, e.op<T>().picks);
}

Result<Name> select_cells(Emission& e) {
  const bool texts = e.type().kind == ValueKind::kString;
  for (size_t i = 0; i < e.node.inputs.size(); ++i) {
    if (!texts || e.type(i).kind != ValueKind::kString) {
      return unimplemented("ONNX has no tensor of numbers and texts together");
    }
  }
  return select<SelectCellsOp>(e);
}

/// ONNX cannot refuse rows: what the source refuses is computed with.
Result<Name> pass(Emission& e) { return e.input(); }

Result<Name> round_float32(Emission& e) { return e.m.to_float32(e.input()); }

/// [1 - p, p]
Name complement_pair(Model& m, const Name& p) {
  const std::array parts = {m.sub(m.number(1), p), p};
  return m.concat(parts);
}

/// log(1 + exp(x)), also where exp(x) is too large.
Name softplus(Model& m, const Name& x) {
  const Name positive = m.where(m.greater(x, m.number(0)), x, m.number(0));
  return m.add(positive, m.log(m.add(m.number(1), m.exp(m.neg(m.abs(x))))));
}

Name softmax(Model& m, const Name& x) {
  return m.call("Softmax", {x}, {Attribute::integer("axis", 1)});
}

Result<Name> activation(Emission& e) {
  using Function = ActivationOp::Function;
  Model& m = e.m;
  const Name x = e.input();
  switch (e.op<ActivationOp>().function) {
    case Function::kSoftmax: return softmax(m, x);
    case Function::kLogistic: return m.sigmoid(x);
    case Function::kLogisticPair: return complement_pair(m, m.sigmoid(x));
    case Function::kComplementPair: return complement_pair(m, x);
    case Function::kNormalizeRows: {
      const Name sum = m.reduce("ReduceSum", x);
      const Name uniform = m.number(1.0 / static_cast<double>(e.width()));
      return m.where(m.equal(sum, m.number(0)), uniform, m.div(x, sum));
    }
    case Function::kModifiedHuber: return m.div(m.add(m.clip(x, -1, 1), m.number(1)), m.number(2));
    case Function::kExp: return m.exp(x);
    case Function::kLog: return m.log(x);
    case Function::kLogSoftmax: return m.call("LogSoftmax", {x}, {Attribute::integer("axis", 1)});
    case Function::kLogLogistic: return m.neg(softplus(m, m.neg(x)));
    case Function::kLogLogisticPair: {
      const std::array parts = {m.neg(softplus(m, x)), m.neg(softplus(m, m.neg(x)))};
      return m.concat(parts);
    }
    case Function::kIdentity: return x;
  }
  return unimplemented("it is not known here");
}

Result<Name> arg_max(Emission& e) {
  const auto& op = e.op<ArgMaxOp>();
  if (e.width() > 1) return e.m.argmax(e.input());
  const Name threshold = e.m.number(op.threshold);
  const Name above =
      op.inclusive ? e.m.at_least(e.input(), threshold) : e.m.greater(e.input(), threshold);
  return e.m.cast(above, Element::kInt64);
}

Result<Name> concat(Emission& e) {
  std::vector<Name> parts;
  for (size_t i = 0; i < e.node.inputs.size(); ++i) parts.push_back(e.input(i));
  return e.m.concat(parts);
}

Result<Name> select_sparse(Emission& e) {
  const auto& columns = e.op<SelectSparseOp>().columns;
  const std::vector<int64_t> places(columns.begin(), columns.end());
  return e.m.gather(e.input(), places);
}

Result<Name> boosting_start(Emission& e) {
  using Link = BoostingStartOp::Link;
  const auto& op = e.op<BoostingStartOp>();
  Model& m = e.m;
  if (op.link == Link::kLogit || op.link == Link::kHalfLogit) {
    const Name p = m.clip(e.column({0, 1}), op.margin, 1 - op.margin);
    const Name logit = m.log(m.div(p, m.sub(m.number(1), p)));
    return op.link == Link::kLogit ? logit : m.mul(m.number(0.5), logit);
  }
  const Name p = m.clip(e.input(), op.margin, 1 - op.margin);
  if (op.link == Link::kLog) return m.log(p);
  return m.log(m.div(p, m.exp(m.reduce("ReduceMean", m.log(p)))));
}

Result<Name> score_link(Emission& e) {
  using Function = ScoreLinkOp::Function;
  const auto& op = e.op<ScoreLinkOp>();
  Model& m = e.m;
  const Name x = e.input();
  switch (op.function) {
    case Function::kSigmoid: return m.sigmoid(m.mul(m.number(op.scale), x));
    case Function::kSignedSquare: return m.mul(x, m.abs(x));
    case Function::kSoftplus: return softplus(m, x);
    case Function::kDivide: return m.div(x, m.number(op.scale));
  }
  return unimplemented("it is not known here");
}

Result<Name> zero_as_missing(Emission& e) {
  const auto& op = e.op<ZeroAsMissingOp>();
  std::vector<ColumnPick> picks;
  std::vector<double> limits;  // |x| up to here is missing; of others nothing is
  for (const ZeroAsMissingOp::Pick& pick : op.picks) {
    picks.push_back({0, pick.column});
    limits.push_back(pick.zero_is_missing ? op.zero : -1);
  }
  Model& m = e.m;
  const Name x = e.values.columns(e.node.inputs, picks);
  const Name is_missing = m.call("LessOrEqual", {m.abs(x), m.row(limits)});
  return m.where(is_missing, m.number(std::numeric_limits<double>::quiet_NaN()), x);
}

/// x * w in float64: the sums of the source are float32.
Result<Name> float32_linear(Emission& e) {
  const auto& op = e.op<Float32LinearOp>();
  Model& m = e.m;
  const Name x = m.where(m.is_nan(e.input()), m.number(0), m.to_float32(e.input()));
  const std::vector<double> weights(op.weights.begin(), op.weights.end());
  const std::vector<double> start(op.start.begin(), op.start.end());
  const Name table = m.numbers({int64_t{op.features}, size_of(start)}, weights);
  return m.add(m.matmul(x, table), m.row(start));
}

Name rising_steps(Model& m, const Name& x, int64_t width) {
  // The first stays; each of the others adds its step.
  std::vector<Name> parts;
  const int64_t first = 0;
  parts.push_back(m.gather(x, std::span(&first, 1)));
  if (width > 1) {
    std::vector<int64_t> rest;
    for (int64_t i = 1; i < width; ++i) rest.push_back(i);
    parts.push_back(m.add(m.number(1e-6), softplus(m, m.gather(x, rest))));
  }
  return m.call("CumSum", {m.concat(parts), m.integer(1)});
}

Result<Name> float32_link(Emission& e) {
  using Function = Float32LinkOp::Function;
  Model& m = e.m;
  const Name x = e.input();
  switch (e.op<Float32LinkOp>().function) {
    case Function::kSigmoid: return m.sigmoid(x);
    case Function::kExp: return m.exp(x);
    case Function::kStep: return m.to_number(m.greater(x, m.number(0)));
    case Function::kSoftmax: return softmax(m, x);
    case Function::kComplementPair: return complement_pair(m, x);
    case Function::kSortRow: return m.top(x, e.width(), false).first;
    case Function::kRisingSteps: return rising_steps(m, x, e.width());
  }
  return unimplemented("it is not known here");
}

Result<Name> float32_missing(Emission& e) {
  Model& m = e.m;
  const Name x = e.input();
  const Name is_missing =
      m.equal(m.to_float32(x), m.number(double{e.op<Float32MissingOp>().missing}));
  return m.where(is_missing, m.number(std::numeric_limits<double>::quiet_NaN()), x);
}

}  // namespace

std::span<const Emitter> basic_emitters() {
  static constexpr std::array kTable = {
      Emitter{"select", select<SelectOp>},
      Emitter{"select_strings", select<SelectStringsOp>},
      Emitter{"select_cells", select_cells},
      Emitter{"require_finite", pass},
      Emitter{"require_above", pass},
      Emitter{"cast_float32", round_float32},
      Emitter{"round_float32", round_float32},
      Emitter{"activation", activation},
      Emitter{"argmax", arg_max},
      Emitter{"concat_index", concat},
      Emitter{"concat_sparse", concat},
      Emitter{"select_sparse", select_sparse},
      Emitter{"boosting_start", boosting_start},
      Emitter{"score_link", score_link},
      Emitter{"zero_as_missing", zero_as_missing},
      Emitter{"float32_linear", float32_linear},
      Emitter{"float32_link", float32_link},
      Emitter{"float32_missing", float32_missing},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
