// From scores to answers: activations, labels, votes; support vector machines, naive Bayes.
#include <array>
#include <cmath>
#include <numbers>

#include "graph/ops/boosting.h"
#include "graph/ops/combine.h"
#include "graph/ops/float32_scores.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/score_link.h"
#include "graph/ops/svm.h"
#include "writers/pmml/internal/emission.h"

namespace slipway::writers::pmml {
namespace {

Expression negated(const Expression& x) { return multiply(number(-1), x); }

Expression one_minus(const Expression& x) { return subtract(number(1), x); }

/// log(1 + exp(x))
Expression softplus(const Expression& x) {
  const Expression tail = call("ln1p", {call("exp", {negated(call("abs", {x}))})});
  return add(choose(call("greaterThan", {x, number(0)}), x, number(0)), tail);
}

/// Each column minus the row's maximum.
Columns shifted(Emission& e, const Columns& x) {
  const Expression most = e.fields.define(call("max", x));
  Columns out;
  for (const Expression& one : x) out.push_back(subtract(one, most));
  return e.keep(std::move(out));
}

Columns softmax(Emission& e, const Columns& x) {
  Columns powers;
  for (const Expression& one : shifted(e, x)) powers.push_back(call("exp", {one}));
  powers = e.keep(std::move(powers));
  const Expression sum = e.fields.define(sum_of(powers));
  Columns out;
  for (const Expression& power : powers) out.push_back(divide(power, sum));
  return e.keep(std::move(out));
}

Columns each(Emission& e, const Columns& x, Expression (*function)(const Expression&)) {
  Columns out;
  for (const Expression& one : x) out.push_back(function(one));
  return e.keep(std::move(out));
}

Columns pair(Emission& e, const Expression& second) {
  const Expression p = e.fields.define(second);
  return e.keep({one_minus(p), p});
}

Result<Columns> activation(Emission& e) {
  using Function = ActivationOp::Function;
  const Columns& x = e.input();
  switch (e.op<ActivationOp>().function) {
    case Function::kSoftmax: return softmax(e, x);
    case Function::kLogistic: return each(e, x, logistic);
    case Function::kLogisticPair: return pair(e, logistic(x[0]));
    case Function::kComplementPair: return pair(e, x[0]);
    case Function::kNormalizeRows: {
      const Expression sum = e.fields.define(sum_of(x));
      const Expression uniform = number(1.0 / static_cast<double>(x.size()));
      Columns out;
      for (const Expression& one : x) {
        out.push_back(choose(call("equal", {sum, number(0)}), uniform, divide(one, sum)));
      }
      return e.keep(std::move(out));
    }
    case Function::kModifiedHuber: {
      Columns out;
      for (const Expression& one : x) {
        out.push_back(divide(add(clip(one, -1, 1), number(1)), number(2)));
      }
      return e.keep(std::move(out));
    }
    case Function::kExp:
      return each(e, x, [](const Expression& one) { return call("exp", {one}); });
    case Function::kLog: return each(e, x, [](const Expression& one) { return call("ln", {one}); });
    case Function::kLogSoftmax: {
      const Columns near = shifted(e, x);
      Columns powers;
      for (const Expression& one : near) powers.push_back(call("exp", {one}));
      const Expression log = e.fields.define(call("ln", {sum_of(powers)}));
      Columns out;
      for (const Expression& one : near) out.push_back(subtract(one, log));
      return e.keep(std::move(out));
    }
    case Function::kLogLogistic:
      return each(e, x, [](const Expression& one) { return negated(softplus(negated(one))); });
    case Function::kLogLogisticPair:
      return e.keep({negated(softplus(x[0])), negated(softplus(negated(x[0])))});
    case Function::kIdentity: return x;
  }
  return unimplemented("it is not known here");
}

Result<Columns> argmax(Emission& e) {
  const auto& op = e.op<ArgMaxOp>();
  if (e.input().size() > 1) return Columns{arg_max(e, e.input())};
  const Expression above =
      call(op.inclusive ? "greaterOrEqual" : "greaterThan", {e.input()[0], number(op.threshold)});
  return e.keep({choose(above, number(1), number(0))});
}

Result<Columns> boosting_start(Emission& e) {
  using Link = BoostingStartOp::Link;
  const auto& op = e.op<BoostingStartOp>();
  Columns p;
  for (const Expression& x : e.input()) p.push_back(clip(x, op.margin, 1 - op.margin));
  p = e.keep(std::move(p));
  if (op.link == Link::kLogit || op.link == Link::kHalfLogit) {
    const Expression logit = call("ln", {divide(p[1], one_minus(p[1]))});
    return e.keep({op.link == Link::kLogit ? logit : multiply(number(0.5), logit)});
  }
  Columns logs;
  for (const Expression& one : p) logs.push_back(call("ln", {one}));
  logs = e.keep(std::move(logs));
  if (op.link == Link::kLog) return logs;
  const Expression mean =
      e.fields.define(divide(sum_of(logs), number(static_cast<double>(logs.size()))));
  Columns out;
  for (const Expression& log : logs) out.push_back(subtract(log, mean));
  return e.keep(std::move(out));
}

Result<Columns> score_link(Emission& e) {
  using Function = ScoreLinkOp::Function;
  const auto& op = e.op<ScoreLinkOp>();
  Columns out;
  for (const Expression& x : e.input()) {
    switch (op.function) {
      case Function::kSigmoid: out.push_back(logistic(multiply(number(op.scale), x))); break;
      case Function::kSignedSquare: out.push_back(multiply(x, call("abs", {x}))); break;
      case Function::kSoftplus: out.push_back(softplus(x)); break;
      case Function::kDivide: out.push_back(divide(x, number(op.scale))); break;
    }
  }
  return e.keep(std::move(out));
}

Result<Columns> float32_link(Emission& e) {
  using Function = Float32LinkOp::Function;
  const Columns& x = e.input();
  switch (e.op<Float32LinkOp>().function) {
    case Function::kSigmoid: return each(e, x, logistic);
    case Function::kExp:
      return each(e, x, [](const Expression& one) { return call("exp", {one}); });
    case Function::kStep:
      return each(e, x, [](const Expression& one) {
        return choose(call("greaterThan", {one, number(0)}), number(1), number(0));
      });
    case Function::kSoftmax: return softmax(e, x);
    case Function::kComplementPair: return pair(e, x[0]);
    case Function::kSortRow:
    case Function::kRisingSteps: break;
  }
  return unimplemented("sorted scores are not written to PMML");
}

Expression power(const Expression& base, uint32_t exponent) {
  return call("pow", {base, number(exponent)});
}

Expression svm_kernel(const SvmOp::Parameters& p, const Columns& x, const double* vector) {
  Columns terms;
  for (size_t j = 0; j < x.size(); ++j) {
    const Expression apart = subtract(x[j], number(vector[j]));
    terms.push_back(p.function == SvmOp::KernelFunction::kRbf ? multiply(apart, apart)
                                                              : multiply(x[j], number(vector[j])));
  }
  Expression sum = sum_of(terms);
  const Expression affine = add(multiply(number(p.gamma), sum), number(p.coef0));
  switch (p.function) {
    case SvmOp::KernelFunction::kLinear: return sum;
    case SvmOp::KernelFunction::kPoly: return power(affine, p.degree);
    case SvmOp::KernelFunction::kRbf: return call("exp", {multiply(number(-p.gamma), sum)});
    case SvmOp::KernelFunction::kSigmoid: return call("tanh", {affine});
  }
  return sum;
}

Result<Columns> svm(Emission& e) {
  const auto& op = e.op<SvmOp>();
  const SvmOp::Tables& tables = op.tables;
  const size_t vectors = op.vector_count();
  Columns kernels;
  for (size_t i = 0; i < vectors; ++i) {
    const double* vector = tables.vectors.data() + i * tables.features;
    kernels.push_back(e.fields.define(svm_kernel(op.parameters, e.input(), vector)));
  }
  if (tables.counts.empty()) {
    return e.keep({linear(kernels, tables.dual, tables.intercepts[0])});
  }
  std::vector<size_t> starts = {0};
  for (const uint32_t count : tables.counts) starts.push_back(starts.back() + count);
  Columns out;
  size_t pair_number = 0;
  for (size_t i = 0; i < tables.counts.size(); ++i) {
    for (size_t j = i + 1; j < tables.counts.size(); ++j, ++pair_number) {
      Columns used;
      std::vector<double> weights;
      const auto use = [&](size_t of, size_t row) {
        for (size_t k = starts[of]; k < starts[of + 1]; ++k) {
          used.push_back(kernels[k]);
          weights.push_back(tables.dual[row * vectors + k]);
        }
      };
      use(i, j - 1);
      use(j, i);
      out.push_back(linear(used, weights, tables.intercepts[pair_number]));
    }
  }
  return e.keep(std::move(out));
}

/// Of each class: its votes; `first` and `second` say whether a pair's class gets the vote.
template <typename First, typename Second>
Columns votes_of(Emission& e, uint32_t classes, First first, Second second) {
  std::vector<Columns> terms(classes);
  size_t pair_number = 0;
  for (uint32_t i = 0; i < classes; ++i) {
    for (uint32_t j = i + 1; j < classes; ++j, ++pair_number) {
      const Expression& x = e.input()[pair_number];
      terms[i].push_back(choose(first(x), number(1), number(0)));
      terms[j].push_back(choose(second(x), number(1), number(0)));
    }
  }
  Columns out;
  for (const Columns& one : terms) out.push_back(sum_of(one));
  return e.keep(std::move(out));
}

/// A comparison with a number.
auto compared(const char* comparison, double with) {
  return [=](const Expression& x) { return call(comparison, {x, number(with)}); };
}

/// Votes and the confidences of `pairs`, squeezed into a third of a vote.
Columns with_confidence(Emission& e, uint32_t classes, const Columns& votes, const Columns& pairs,
                        double first) {
  std::vector<Columns> terms(classes);
  size_t pair_number = 0;
  for (uint32_t i = 0; i < classes; ++i) {
    for (uint32_t j = i + 1; j < classes; ++j, ++pair_number) {
      terms[i].push_back(multiply(number(first), pairs[pair_number]));
      terms[j].push_back(multiply(number(-first), pairs[pair_number]));
    }
  }
  Columns out;
  for (uint32_t i = 0; i < classes; ++i) {
    const Expression sum = e.fields.define(sum_of(terms[i]));
    const Expression size = add(call("abs", {sum}), number(1));
    out.push_back(add(votes[i], divide(sum, multiply(number(3), size))));
  }
  return e.keep(std::move(out));
}

Result<Columns> svm_vote(Emission& e) {
  const Columns votes = votes_of(e, e.op<SvmVoteOp>().classes, compared("greaterThan", 0),
                                 compared("lessOrEqual", 0));
  return Columns{arg_max(e, votes)};
}

Result<Columns> svm_one_vs_rest(Emission& e) {
  const uint32_t classes = e.op<SvmOneVsRestOp>().classes;
  const Columns votes =
      votes_of(e, classes, compared("greaterOrEqual", 0), compared("lessThan", 0));
  return with_confidence(e, classes, votes, e.input(), 1);
}

Result<Columns> pair_votes(Emission& e) {
  const uint32_t classes = e.op<PairVotesOp>().classes;
  const Columns votes = votes_of(e, classes, compared("equal", 0), compared("equal", 1));
  return with_confidence(e, classes, votes, e.input(1), -1);
}

Result<Columns> gaussian_bayes(Emission& e) {
  const GaussianBayesOp::Tables& tables = e.op<GaussianBayesOp>().tables;
  Columns out;
  for (size_t k = 0; k < tables.priors.size(); ++k) {
    Columns terms;
    double constant = std::log(tables.priors[k]);
    for (size_t j = 0; j < tables.features; ++j) {
      const double variance = tables.variances[k * tables.features + j];
      const Expression apart =
          subtract(e.input()[j], number(tables.means[k * tables.features + j]));
      terms.push_back(divide(multiply(apart, apart), number(variance)));
      constant -= 0.5 * std::log(2 * std::numbers::pi * variance);
    }
    out.push_back(subtract(number(constant), multiply(number(0.5), sum_of(terms))));
  }
  return e.keep(std::move(out));
}

Result<Columns> log_normalize(Emission& e) {
  const Columns near = shifted(e, e.input());
  Columns powers;
  for (const Expression& one : near) powers.push_back(call("exp", {one}));
  const Expression log = e.fields.define(call("ln", {sum_of(powers)}));
  Columns out;
  for (const Expression& one : near) out.push_back(subtract(one, log));
  return e.keep(std::move(out));
}

}  // namespace

Expression arg_max(Emission& e, const Columns& x) {
  const Expression most = e.fields.define(call("max", x));
  Expression place = number(static_cast<double>(x.size() - 1));
  for (size_t i = x.size() - 1; i-- > 0;) {
    place = choose(call("greaterOrEqual", {x[i], most}), number(static_cast<double>(i)), place);
  }
  return e.fields.define(place);
}

std::span<const Emitter> score_emitters() {
  static constexpr std::array kTable = {
      Emitter{"activation", activation},
      Emitter{"argmax", argmax},
      Emitter{"boosting_start", boosting_start},
      Emitter{"score_link", score_link},
      Emitter{"float32_link", float32_link},
      Emitter{"svm", svm},
      Emitter{"svm_vote", svm_vote},
      Emitter{"svm_one_vs_rest", svm_one_vs_rest},
      Emitter{"pair_votes", pair_votes},
      Emitter{"gaussian_bayes", gaussian_bayes},
      Emitter{"log_normalize", log_normalize},
  };
  return kTable;
}

}  // namespace slipway::writers::pmml
