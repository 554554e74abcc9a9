// Tree ensembles of ai.onnx.ml. What a classifier of two classes gives depends on which of them its
// leaves have weights for; the rules are ONNX Runtime's (docs/onnx.md).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/onnx/internal/call.h"
#include "formats/onnx/internal/forest.h"

namespace slipway::onnx {
namespace {

using B = BinaryFunction;

constexpr std::string_view kMl = "ai.onnx.ml";

struct Aggregate {
  TreeCombine combine = TreeCombine::kSum;
  bool averages = false;
};

Result<Aggregate> aggregate(std::string_view name) {
  if (name == "SUM") return Aggregate{};
  if (name == "AVERAGE") return Aggregate{TreeCombine::kSum, true};
  if (name == "MIN") return Aggregate{TreeCombine::kMin, false};
  if (name == "MAX") return Aggregate{TreeCombine::kMax, false};
  return invalid_argument(fmt::format("its aggregate function is unknown: {}", name));
}

/// Sums of float64 plus what they start from, rounded.
Result<Value> with_base(Call& call, const Value& sums, const std::vector<double>& base,
                        DType type) {
  Value result = sums;
  if (!base.empty()) {
    const Dims dims = {static_cast<int64_t>(base.size())};
    result = TRY(call.lower.binary(B::kAdd, DType::kFloat64, sums,
                                   TRY(call.lower.constant(DType::kFloat64, dims, base))));
  }
  return call.lower.unary(UnaryFunction::kIdentity, {}, type, result);
}

struct Regression {
  uint32_t targets = 1;
  Aggregate aggregate;
  std::vector<double> base;
  DType type = DType::kFloat32;
};

Result<Value> regression_scores(Call& call, const Forest& forest, const Regression& model,
                                ValueId x, uint32_t width) {
  Value sums = TRY(lower_forest(call, forest, model.targets, model.aggregate.combine, x, width));
  if (model.aggregate.averages) {
    sums = TRY(call.lower.with_number(B::kDiv, DType::kFloat64, sums,
                                      static_cast<double>(forest.roots.size())));
  }
  return with_base(call, sums, model.base, model.type);
}

Result<uint32_t> target_count(Call& call) {
  const int64_t targets = call.integer("n_targets", 1);
  if (targets < 1 || targets > kWidthMax) return invalid_argument("its targets are no number");
  return static_cast<uint32_t>(targets);
}

/// Trees compare float64 with float64 thresholds; other numbers come as float32.
Result<Value> tree_input(Call& call) {
  const Value x = TRY(call.input(0));
  if (x.type == DType::kFloat64) return x;
  return call.lower.cast(x, DType::kFloat32);
}

Result<Values> regressor(Call& call) {
  const Value x = TRY(tree_input(call));
  const Forest forest = TRY(read_flat_forest(call, "target"));
  Regression model;
  model.targets = TRY(target_count(call));
  model.aggregate = TRY(aggregate(call.text("aggregate_function", "SUM")));
  model.base = TRY(call.numbers("base_values"));
  if (model.base.size() != model.targets) model.base.clear();
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    const Value scores = TRY(regression_scores(call, forest, model, id, width));
    // One target: ONNX Runtime knows no other transform.
    if (model.targets == 1 && call.text("post_transform", "NONE") != "PROBIT")
      return Values{scores};
    return one(post_transform(call, scores));
  });
}

Result<Values> tree_ensemble(Call& call) {
  const Value x = TRY(call.input(0));
  const Forest forest = TRY(read_rooted_forest(call));
  static constexpr std::array<std::string_view, 4> kAggregates = {"AVERAGE", "SUM", "MIN", "MAX"};
  const int64_t which = call.integer("aggregate_function", 1);
  if (which < 0 || which > 3) return invalid_argument("its aggregate function is unknown");
  Regression model;
  model.targets = TRY(target_count(call));
  model.aggregate = TRY(aggregate(kAggregates[static_cast<size_t>(which)]));
  model.type = x.type;
  using G = TensorGroupOp::Function;
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    const Value scores = TRY(regression_scores(call, forest, model, id, width));
    switch (call.integer("post_transform", 0)) {
      case 0: return Values{scores};
      case 1: return one(call.lower.group(G::kSoftmax, scores, 0, model.targets, x.type));
      case 2: return one(call.lower.unary(UnaryFunction::kLogistic, {}, x.type, scores));
      case 3: return one(call.lower.group(G::kSoftmaxZero, scores, 0, model.targets, x.type));
      case 4: return one(call.lower.unary(UnaryFunction::kProbit, {}, x.type, scores));
      default: return invalid_argument("its post_transform is unknown");
    }
  });
}

struct Classification {
  std::shared_ptr<const LabelTable> labels;
  std::vector<double> base;
  std::vector<bool> has_weights;  // by class
  bool all_positive = true;
};

/// Weights for the first class only: one score s speaks for the second one.
Result<Values> one_score(Call& call, const Classification& model, const Value& score) {
  const std::string_view transform = call.text("post_transform", "NONE");
  if (transform == "PROBIT") return unimplemented("one score with post_transform PROBIT");
  Lowering& lower = call.lower;
  const Value label =
      TRY(label_above(call, score, model.all_positive ? 0.5 : 0, false, model.labels));
  Value first;
  Value second = score;
  if (model.all_positive) {
    const Value whole = TRY(lower.constant(DType::kFloat32, {1}, {1}));
    first = TRY(lower.binary(B::kSub, DType::kFloat32, whole, score));
  } else {
    first = TRY(lower.unary(UnaryFunction::kNeg, {}, DType::kFloat32, score));
    if (transform == "LOGISTIC") {
      first = TRY(lower.unary(UnaryFunction::kLogistic, {}, DType::kFloat32, first));
      second = TRY(lower.unary(UnaryFunction::kLogistic, {}, DType::kFloat32, score));
    }
  }
  const std::array<Value, 2> both = {first, second};
  const Value scores = TRY(lower.concat(both, 0));
  return Values{label, scores};
}

Result<Values> two_classes(Call& call, const Classification& model, const Value& sums) {
  if (model.base.size() > 1) return unimplemented("two classes with a base value for each");
  const Value first = TRY(call.lower.slice(sums, 0, 0, 1, 1));
  if (!model.has_weights[1]) {
    return one_score(call, model, TRY(with_base(call, first, model.base, DType::kFloat32)));
  }
  const bool only_second = !model.has_weights[0];
  std::vector<double> base;
  if (!model.base.empty() && !only_second) base = {model.base[0], 0};
  const Value scores = TRY(with_base(call, sums, base, DType::kFloat32));
  const Value second = TRY(call.lower.slice(scores, 0, 1, 1, 1));
  Value label =
      only_second
          ? TRY(label_above(call, second, model.all_positive ? 0.5 : 0, false, model.labels))
          : TRY(largest_label(call, scores, model.labels));
  const Value transformed = TRY(post_transform(call, scores));
  return Values{std::move(label), transformed};
}

Result<Values> classifier(Call& call) {
  const Value x = TRY(tree_input(call));
  const Forest forest = TRY(read_flat_forest(call, "class"));
  Classification model;
  model.labels = TRY(class_labels(call, "classlabels_int64s", "classlabels_strings"));
  model.base = TRY(call.numbers("base_values"));
  const size_t classes = model.labels->size();
  if (classes < 2 || classes > kWidthMax) return unimplemented("it has one class only");
  if (model.base.size() > classes) return invalid_argument("it has more base values than classes");
  model.has_weights.assign(classes, false);
  for (const ForestNode& node : forest.nodes) {
    for (const TreeWeight& weight : node.weights) {
      if (weight.target >= classes) return invalid_argument("a leaf's class does not exist");
      model.has_weights[weight.target] = true;
      model.all_positive = model.all_positive && weight.weight >= 0;
    }
  }
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    const Value sums = TRY(
        lower_forest(call, forest, static_cast<uint32_t>(classes), TreeCombine::kSum, id, width));
    if (classes == 2) return two_classes(call, model, sums);
    std::vector<double> base = model.base;
    if (!base.empty()) base.resize(classes, 0.0);
    const Value scores = TRY(with_base(call, sums, base, DType::kFloat32));
    const Value label = TRY(largest_label(call, scores, model.labels));
    const Value transformed = TRY(post_transform(call, scores));
    return Values{label, transformed};
  });
}

}  // namespace

std::span<const Operator> tree_operators() {
  static constexpr std::array kTable = {
      Operator{kMl, "TreeEnsembleRegressor", 1, 5, regressor},
      Operator{kMl, "TreeEnsembleClassifier", 1, 5, classifier},
      Operator{kMl, "TreeEnsemble", 5, 5, tree_ensemble},
  };
  return kTable;
}

}  // namespace slipway::onnx
