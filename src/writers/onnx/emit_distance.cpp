// What compares rows with stored points: naive Bayes, neighbours, clusters, kernel functions.
//
// Distances whose zero matters are sums over differences, [rows, points, features]; those that only
// go into an exponential are matrix products.
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "graph/ops/naive_bayes.h"
#include "graph/ops/neighbors.h"
#include "graph/ops/pairwise.h"
#include "writers/onnx/internal/emission.h"
#include "writers/onnx/internal/matrices.h"

namespace slipway::writers::onnx {
namespace {

Result<Name> gaussian_bayes(Emission& e) {
  const GaussianBayesOp::Tables& tables = e.op<GaussianBayesOp>().tables;
  Model& m = e.m;
  const size_t features = tables.features;
  const size_t classes = tables.priors.size();
  std::vector<double> constants;
  for (size_t k = 0; k < classes; ++k) {
    double sum = 0;
    for (size_t j = 0; j < features; ++j) {
      sum += std::log(2 * std::numbers::pi * tables.variances[k * features + j]);
    }
    constants.push_back(std::log(tables.priors[k]) - 0.5 * sum);
  }
  const Name distance = differences(m, e.input(), tables.means, features);
  const Dims dims = {1, static_cast<int64_t>(classes), static_cast<int64_t>(features)};
  const Name terms = m.div(m.mul(distance, distance), m.numbers(dims, tables.variances));
  const Name sums = m.reduce("ReduceSum", terms, 2, false);
  return m.sub(m.row(constants), m.mul(m.number(0.5), sums));
}

Result<Name> log_normalize(Emission& e) {
  return e.m.sub(e.input(), e.m.reduce("ReduceLogSumExp", e.input()));
}

/// [rows, points]
Result<Name> neighbor_distances(Emission& e, const NeighborsOp& op) {
  using Metric = NeighborsOp::Metric;
  Model& m = e.m;
  const NeighborsOp::Distance& distance = op.distance;
  const Name apart = differences(m, e.input(), op.points, op.features);
  const Dims row = {1, 1, int64_t{op.features}};
  const auto sum = [&](const Name& terms) { return m.reduce("ReduceSum", terms, 2, false); };
  switch (distance.metric) {
    case Metric::kEuclidean: return m.sqrt(sum(m.mul(apart, apart)));
    case Metric::kSquaredEuclidean: return sum(m.mul(apart, apart));
    case Metric::kManhattan: return sum(m.abs(apart));
    case Metric::kChebyshev: return m.reduce("ReduceMax", m.abs(apart), 2, false);
    case Metric::kMinkowski: {
      Name terms = m.pow(m.abs(apart), m.number(distance.p));
      if (!distance.weights.empty()) terms = m.mul(terms, m.numbers(row, distance.weights));
      return m.pow(sum(terms), m.number(1 / distance.p));
    }
    case Metric::kStandardized:
      return m.sqrt(sum(m.div(m.mul(apart, apart), m.numbers(row, distance.weights))));
    default: return unimplemented("of its metrics, only the Minkowski family is written to ONNX");
  }
}

/// 1 / distance; where some distance is zero, those points weigh 1 and all others nothing.
Name neighbor_weights(Model& m, const Name& distances) {
  const Name is_zero = m.to_number(m.equal(distances, m.number(0)));
  const Name exact = m.greater(m.reduce("ReduceMax", is_zero), m.number(0));
  return m.where(exact, is_zero, m.div(m.number(1), distances));
}

Result<Name> neighbors(Emission& e) {
  const auto& op = e.op<NeighborsOp>();
  Model& m = e.m;
  const Name all = TRY(neighbor_distances(e, op));
  const auto [distances, places] = m.top(all, int64_t{op.options.neighbors}, false);
  // What each point says, as rows of a table: its values, or 1 in the columns of its classes.
  std::vector<double> table;
  const NeighborsOp::Targets& targets = op.targets;
  if (targets.class_counts.empty() && targets.value_count == 0) {
    return unimplemented("the neighbours themselves are not written to ONNX");
  }
  const size_t target_count =
      targets.class_counts.empty() ? targets.value_count : targets.class_counts.size();
  size_t width = targets.value_count;
  if (targets.class_counts.empty()) {
    table = targets.values;
  } else {
    width = 0;
    for (const uint32_t count : targets.class_counts) width += count;
    table.assign(width * op.point_count(), 0.0);
    for (size_t i = 0; i < op.point_count(); ++i) {
      size_t first = 0;
      for (size_t target = 0; target < target_count; ++target) {
        table[i * width + first + targets.labels[i * target_count + target]] = 1;
        first += targets.class_counts[target];
      }
    }
  }
  const Dims dims = {int64_t{op.point_count()}, static_cast<int64_t>(width)};
  Name said = m.look_up(m.numbers(dims, table), places);  // [rows, neighbours, width]
  Name total = m.number(op.options.neighbors);
  if (op.options.distance_weights) {
    const Name weights = neighbor_weights(m, distances);
    said = m.mul(said, m.unsqueeze(weights, 2));
    total = m.reduce("ReduceSum", weights);
  }
  const Name sums = m.reduce("ReduceSum", said, 1, false);
  if (targets.class_counts.empty()) return m.div(sums, total);
  if (!op.options.distance_weights) return sums;
  const std::array twice = {sums, sums};
  return m.concat(twice);
}

/// |x| of each row, [rows, 1]; 1 where that is 0, as the cosine takes it.
Name lengths(Model& m, const Name& x) {
  const Name length = m.reduce("ReduceL2", x);
  return m.where(m.equal(length, m.number(0)), m.number(1), length);
}

Result<Name> pairwise_function(Emission& e, const PairwiseStep& step) {
  using Function = PairwiseFunction;
  const auto& op = e.op<PairwiseOp>();
  Model& m = e.m;
  const size_t features = op.features;
  Name x = e.input();
  std::vector<double> points = op.points;
  if (!step.lengths.empty()) {
    x = m.div(x, m.row(step.lengths));
    for (size_t i = 0; i < points.size(); ++i) points[i] /= step.lengths[i % features];
  }
  const auto sum = [&](const Name& terms) { return m.reduce("ReduceSum", terms, 2, false); };
  const auto affine = [&] {
    return m.add(m.mul(m.number(step.a), products(m, x, points, features)), m.number(step.b));
  };
  const auto euclidean = [&] {
    const Name apart = differences(m, x, points, features);
    return m.sqrt(sum(m.mul(apart, apart)));
  };
  switch (step.function) {
    case Function::kEuclidean: return euclidean();
    case Function::kSquaredEuclidean: {
      const Name apart = differences(m, x, points, features);
      return sum(m.mul(apart, apart));
    }
    case Function::kManhattan: return sum(m.abs(differences(m, x, points, features)));
    case Function::kLinear: return m.add(products(m, x, points, features), m.number(step.a));
    case Function::kPolynomial: return m.pow(affine(), m.number(step.c));
    case Function::kSigmoid: return m.call("Tanh", {affine()});
    case Function::kRbf:
      return m.exp(m.mul(m.number(-step.a), squared_distances(m, x, points, features)));
    case Function::kLaplacian:
      return m.exp(m.mul(m.number(-step.a), sum(m.abs(differences(m, x, points, features)))));
    case Function::kCosine: {
      std::vector<double> sizes;
      for (size_t i = 0; i < points.size(); i += features) {
        double square = 0;
        for (size_t j = 0; j < features; ++j) square += points[i + j] * points[i + j];
        sizes.push_back(square == 0 ? 1 : std::sqrt(square));
      }
      return m.div(products(m, x, points, features), m.mul(lengths(m, x), m.row(sizes)));
    }
    case Function::kMatern: {
      if (std::isinf(step.a)) {
        return m.exp(m.mul(m.number(-0.5), squared_distances(m, x, points, features)));
      }
      const Name one = m.number(1);
      if (step.a == 0.5) return m.exp(m.neg(euclidean()));
      const Name k = m.mul(euclidean(), m.number(std::sqrt(2 * step.a)));
      if (step.a == 1.5) return m.mul(m.add(one, k), m.exp(m.neg(k)));
      if (step.a == 2.5) {
        const Name square = m.div(m.mul(k, k), m.number(3));
        return m.mul(m.add(m.add(one, k), square), m.exp(m.neg(k)));
      }
      return unimplemented("ONNX has no Bessel function, which a Matern kernel needs");
    }
    case Function::kRationalQuadratic: {
      const Name share =
          m.div(squared_distances(m, x, points, features), m.number(2 * step.a * step.b * step.b));
      return m.pow(m.add(m.number(1), share), m.number(-step.a));
    }
    case Function::kExpSineSquared: {
      const Name angle = m.mul(euclidean(), m.number(std::numbers::pi / step.b));
      const Name sine = m.div(m.call("Sin", {angle}), m.number(step.a));
      return m.exp(m.mul(m.number(-2), m.mul(sine, sine)));
    }
    case Function::kAdditiveChi2:
    case Function::kChi2: break;
  }
  return unimplemented("its kernel function is not written to ONNX");
}

Result<Name> pairwise(Emission& e) {
  using Kind = PairwiseStep::Kind;
  const auto& op = e.op<PairwiseOp>();
  if (op.diagonal)
    return unimplemented("the variance of a Gaussian process is not written to ONNX");
  Model& m = e.m;
  const auto constant = [&](double value) {
    return e.values.repeated(std::vector<double>(op.point_count(), value));
  };
  std::vector<Name> stack;
  for (const PairwiseStep& step : op.program.steps) {
    if (step.kind == Kind::kFunction) {
      stack.push_back(TRY(pairwise_function(e, step)));
    } else if (step.kind == Kind::kConstant) {
      stack.push_back(constant(step.a));
    } else if (step.kind == Kind::kNoise) {
      stack.push_back(constant(0));
    } else if (step.kind == Kind::kPower) {
      stack.back() = m.pow(stack.back(), m.number(step.a));
    } else {
      const Name right = stack.back();
      stack.pop_back();
      stack.back() =
          step.kind == Kind::kSum ? m.add(stack.back(), right) : m.mul(stack.back(), right);
    }
  }
  return stack.back();
}

}  // namespace

std::span<const Emitter> distance_emitters() {
  static constexpr std::array kTable = {
      Emitter{"gaussian_bayes", gaussian_bayes},
      Emitter{"log_normalize", log_normalize},
      Emitter{"neighbors", neighbors},
      Emitter{"pairwise", pairwise},
  };
  return kTable;
}

}  // namespace slipway::writers::onnx
