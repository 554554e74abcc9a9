// Linear models of ai.onnx.ml.
#include <fmt/format.h>

#include <array>

#include "formats/onnx/internal/call.h"
#include "graph/ops/linear.h"

namespace slipway::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

/// Scores of shape [targets] for one sample.
Result<Value> linear_scores(Call& call, ValueId x, uint32_t width, uint32_t targets) {
  std::vector<double> weights = call.reals("coefficients");
  std::vector<double> intercepts = call.reals("intercepts");
  if (intercepts.empty()) intercepts.assign(targets, 0.0);
  if (targets == 0 || weights.size() != size_t{targets} * width || intercepts.size() != targets) {
    return invalid_argument(
        fmt::format("its {} coefficients and {} intercepts do not fit {} targets of {} features",
                    weights.size(), intercepts.size(), targets, width));
  }
  const ValueId sums = TRY(call.lower.add(
      std::make_unique<LinearOp>(targets, width, std::move(weights), std::move(intercepts)), {x}));
  const Value scores = TRY(call.lower.wrap(sums, DType::kFloat64, {targets}));
  return call.lower.unary(UnaryFunction::kIdentity, {}, DType::kFloat32, scores);
}

Result<Values> linear_regressor(Call& call) {
  const Value x = TRY(call.lower.cast(TRY(call.input(0)), DType::kFloat32));
  const int64_t targets = call.integer("targets", 1);
  if (targets < 1 || targets > kWidthMax) return invalid_argument("its targets are no number");
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    const Value scores = TRY(linear_scores(call, id, width, static_cast<uint32_t>(targets)));
    return one(post_transform(call, scores));
  });
}

/// One score stands for two classes.
Result<Value> two_scores(Call& call, const Value& score) {
  const std::string_view transform = call.text("post_transform", "NONE");
  if (transform == "PROBIT") return unimplemented("one score with post_transform PROBIT");
  const Value one_constant = TRY(call.lower.constant(DType::kFloat32, {1}, {1}));
  const Value other =
      TRY(call.lower.binary(BinaryFunction::kSub, DType::kFloat32, one_constant, score));
  const std::array<Value, 2> both = {other, score};
  return call.lower.concat(both, 0);
}

Result<Values> linear_classifier(Call& call) {
  const Value x = TRY(call.lower.cast(TRY(call.input(0)), DType::kFloat32));
  const auto labels = TRY(class_labels(call, "classlabels_ints", "classlabels_strings"));
  size_t targets = call.reals("intercepts").size();
  if (targets == 0) targets = labels->size();
  if (targets > kWidthMax) return invalid_argument("it has too many intercepts");
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    const Value scores = TRY(linear_scores(call, id, width, static_cast<uint32_t>(targets)));
    if (targets == 1 && labels->size() == 2) {
      const Value label = TRY(label_above(call, scores, 0, false, labels));
      const Value both = TRY(two_scores(call, scores));
      return Values{label, both};
    }
    const Value label = TRY(largest_label(call, scores, labels));
    const Value transformed = TRY(post_transform(call, scores));
    return Values{label, transformed};
  });
}

}  // namespace

std::span<const Operator> linear_operators() {
  static constexpr std::array kTable = {
      Operator{kMl, "LinearRegressor", 1, 5, linear_regressor},
      Operator{kMl, "LinearClassifier", 1, 5, linear_classifier},
  };
  return kTable;
}

}  // namespace slipway::onnx
