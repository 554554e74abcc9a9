// Functions of a column with constants of its own.
#include <array>
#include <cfloat>
#include <cmath>
#include <limits>

#include "graph/ops/column_functions.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/unwarp.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// [rows, columns]: how many of its column's numbers an element is not below; lists shorter than
/// the longest end in NaN, which nothing reaches.
Name count_reached(Model& m, const Name& x, std::span<const std::vector<double>> lists) {
  size_t longest = 0;
  for (const auto& list : lists) longest = std::max(longest, list.size());
  std::vector<double> table;
  for (const auto& list : lists) {
    table.insert(table.end(), list.begin(), list.end());
    table.resize(table.size() + longest - list.size(), kNan);
  }
  const Dims dims = {1, size_of(lists), static_cast<int64_t>(longest)};
  const Name reached = m.at_least(m.unsqueeze(x, 2), m.numbers(dims, table));
  return m.reduce("ReduceSum", m.to_number(reached), 2, false);
}

Result<Name> bins(Emission& e) {
  const auto& op = e.op<BinsOp>();
  std::vector<double> counts;
  counts.reserve(op.edges.size());
  for (const auto& edges : op.edges) counts.push_back(static_cast<double>(edges.size()));
  const Name x = e.input();
  return e.m.where(e.m.is_nan(x), e.m.row(counts), count_reached(e.m, x, op.edges));
}

/// (exp(z l) - 1) / l by column; z itself where l is 0.
Name box_cox_of_log(Model& m, const Name& z, std::vector<double> lambdas, double zero_below) {
  std::vector<double> is_zero;
  for (double& lambda : lambdas) {
    is_zero.push_back(std::fabs(lambda) <= zero_below ? 1 : 0);
    if (is_zero.back() == 1) lambda = 1;
  }
  const Name power = m.div(m.sub(m.exp(m.mul(z, m.row(lambdas))), m.number(1)), m.row(lambdas));
  return m.where(m.greater(m.row(is_zero), m.number(0)), z, power);
}

Result<Name> power(Emission& e) {
  const auto& op = e.op<PowerOp>();
  Model& m = e.m;
  const Name x = e.input();
  if (op.method == PowerOp::Method::kBoxCox) return box_cox_of_log(m, m.log(x), op.lambdas, 0);
  std::vector<double> others;
  others.reserve(op.lambdas.size());
  for (const double lambda : op.lambdas) others.push_back(2 - lambda);
  const Name z = m.log(m.add(m.number(1), m.abs(x)));
  const Name above = box_cox_of_log(m, z, op.lambdas, DBL_EPSILON);
  const Name below = m.neg(box_cox_of_log(m, z, others, DBL_EPSILON));
  return m.where(m.less(x, m.number(0)), below, above);
}

/// (x l + 1) ^ (1 / l) by column; exp(x) where l is 0.
Name from_box_cox(Model& m, const Name& x, std::vector<double> lambdas, double zero_below) {
  std::vector<double> is_zero;
  std::vector<double> inverse;
  for (double& lambda : lambdas) {
    is_zero.push_back(std::fabs(lambda) <= zero_below ? 1 : 0);
    if (is_zero.back() == 1) lambda = 1;
    inverse.push_back(1 / lambda);
  }
  const Name root = m.pow(m.add(m.mul(x, m.row(lambdas)), m.number(1)), m.row(inverse));
  return m.where(m.greater(m.row(is_zero), m.number(0)), m.exp(x), root);
}

Result<Name> unwarp(Emission& e) {
  const auto& op = e.op<UnwarpOp>();
  Model& m = e.m;
  const Name x = e.input();
  if (op.function == UnwarpOp::Function::kNormalCdf) {
    return unimplemented("ONNX Runtime has no float64 Erf");
  }
  if (op.function == UnwarpOp::Function::kBoxCox) return from_box_cox(m, x, op.exponents, 0);
  std::vector<double> others;
  others.reserve(op.exponents.size());
  for (const double exponent : op.exponents) others.push_back(2 - exponent);
  const Name size = m.abs(x);
  const Name one = m.number(1);
  const Name above = m.sub(from_box_cox(m, size, op.exponents, DBL_EPSILON), one);
  const Name below = m.sub(one, from_box_cox(m, size, others, DBL_EPSILON));
  return m.where(m.less(x, m.number(0)), below, above);
}

Result<Name> interpolate(Emission& e) {
  using Outside = InterpolateOp::Outside;
  const auto& op = e.op<InterpolateOp>();
  Model& m = e.m;
  const Name x = e.input();
  if (op.x.size() == 1) return e.values.repeated(op.y);
  const Name y = line_through(m, x, op.x, op.y, false);
  if (op.outside == Outside::kClip) return y;
  const Name outside =
      m.either(m.less(x, m.number(op.x.front())), m.greater(x, m.number(op.x.back())));
  return m.where(outside, m.number(kNan), y);
}

}  // namespace

/// Each stretch's slope and start, found by counting.
Name line_through(Model& m, const Name& x, std::span<const double> xs, std::span<const double> ys,
                  bool extends) {
  const auto slope_to = [&](size_t i) { return (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]); };
  const size_t last = xs.size() - 1;
  // Stretch i begins at the point i - 1.
  std::vector<double> starts = {xs.front()};
  std::vector<double> values = {ys.front()};
  std::vector<double> slopes = {extends && last > 0 ? slope_to(0) : 0};
  for (size_t i = 0; i <= last; ++i) {
    starts.push_back(xs[i]);
    values.push_back(ys[i]);
    if (i < last) slopes.push_back(slope_to(i));
  }
  slopes.push_back(extends && last > 0 ? slope_to(last - 1) : 0);
  const std::vector<std::vector<double>> list = {{xs.begin(), xs.end()}};
  const Name stretch = m.cast(count_reached(m, x, list), Element::kInt64);
  const auto at = [&](std::span<const double> table) {
    return m.look_up(m.numbers({size_of(table)}, table), stretch);
  };
  // A flat stretch gives its value for infinity too.
  const Name slope = at(slopes);
  const Name rise = m.mul(slope, m.sub(x, at(starts)));
  const Name flat = m.equal(slope, m.number(0));
  const Name y = m.add(at(values), m.where(flat, m.number(0), rise));
  return m.where(m.is_nan(x), x, y);
}

std::span<const Emitter> column_emitters() {
  static constexpr std::array kTable = {
      Emitter{"bins", bins},
      Emitter{"power", power},
      Emitter{"unwarp", unwarp},
      Emitter{"interpolate", interpolate},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
