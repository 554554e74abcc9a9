// Support vector machines of ai.onnx.ml, scored as ONNX Runtime does.
#include "graph/ops/svm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/onnx/internal/call.h"
#include "graph/ops/linear.h"

namespace slipway::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

Result<SvmOp::Parameters> kernel(Call& call) {
  using F = SvmOp::KernelFunction;
  SvmOp::Parameters parameters;
  const std::string_view type = call.text("kernel_type", "LINEAR");
  if (type == "LINEAR") {
    parameters.function = F::kLinear;
  } else if (type == "POLY") {
    parameters.function = F::kPoly;
  } else if (type == "RBF") {
    parameters.function = F::kRbf;
  } else if (type == "SIGMOID") {
    parameters.function = F::kSigmoid;
  } else {
    return invalid_argument(fmt::format("its kernel is unknown: {}", type));
  }
  const std::vector<double> given = call.reals("kernel_params");
  if (given.size() >= 3) {
    parameters.gamma = given[0];
    parameters.coef0 = given[1];
    if (!(given[2] >= 0 && given[2] <= 1000) || given[2] != std::floor(given[2])) {
      return unimplemented(fmt::format("its polynomial kernel's degree is {}", given[2]));
    }
    parameters.degree = static_cast<uint32_t>(given[2]);
  }
  return parameters;
}

Result<Value> rounded(Call& call, ValueId id, Dims dims) {
  const Value exact = TRY(call.lower.wrap(id, DType::kFloat64, std::move(dims)));
  return call.lower.unary(UnaryFunction::kIdentity, {}, DType::kFloat32, exact);
}

/// Coefficients without support vectors are a linear model's, with one intercept for all.
Result<Value> linear_scores(Call& call, ValueId x, uint32_t width, uint32_t outputs) {
  std::vector<double> weights = call.reals("coefficients");
  const std::vector<double> rho = call.reals("rho");
  if (rho.empty() || weights.size() != size_t{outputs} * width) {
    return invalid_argument("its coefficients do not fit its input");
  }
  const std::vector<double> intercepts(outputs, rho[0]);
  const ValueId id = TRY(call.lower.add(
      std::make_unique<LinearOp>(outputs, width, std::move(weights), intercepts), {x}));
  return rounded(call, id, {outputs});
}

Result<Values> svm_regressor(Call& call) {
  const Value x = TRY(call.lower.cast(TRY(call.input(0)), DType::kFloat32));
  const bool is_linear = call.integer("n_supports", 0) <= 0;
  const SvmOp::Parameters parameters = TRY(kernel(call));
  return per_sample(call, x, [&](ValueId id, uint32_t width) -> Result<Values> {
    Value score;
    if (is_linear) {
      score = TRY(linear_scores(call, id, width, 1));
    } else {
      SvmOp::Tables tables;
      tables.features = width;
      tables.vectors = call.reals("support_vectors");
      tables.dual = call.reals("coefficients");
      tables.intercepts = call.reals("rho");
      tables.intercepts.resize(1);
      const ValueId sum =
          TRY(call.lower.add(std::make_unique<SvmOp>(parameters, std::move(tables)), {id}));
      score = TRY(rounded(call, sum, {1}));
    }
    if (call.integer("one_class", 0) == 0) return Values{score};
    const Value above =
        TRY(call.lower.with_number(BinaryFunction::kGreater, DType::kFloat32, score, 0));
    const Value inside = TRY(call.lower.constant(DType::kFloat32, {1}, {1}));
    const Value outside = TRY(call.lower.constant(DType::kFloat32, {1}, {-1}));
    return one(call.lower.where(above, inside, outside));
  });
}

struct Classifier {
  std::shared_ptr<const LabelTable> labels;
  uint32_t classes = 0;
  SvmOp::Parameters parameters;
  std::vector<double> prob_a;
  std::vector<double> prob_b;
};

/// Without support vectors: the largest score; with two classes a sign or a half decides.
Result<Values> linear_classes(Call& call, const Classifier& model, ValueId x, uint32_t width) {
  const Value scores = TRY(linear_scores(call, x, width, model.classes));
  Value label = TRY(largest_label(call, scores, model.labels));
  if (model.classes == 2) {
    const std::vector<double> weights = call.reals("coefficients");
    const bool positive = std::ranges::all_of(weights, [](double w) { return w >= 0; });
    const Value most =
        TRY(call.lower.reduce(TensorReduceOp::Function::kMax, scores, {0}, true, DType::kFloat32));
    // Above the threshold it is the second class; below it the largest decides.
    const Value by_sign = TRY(call.lower.with_number(
        positive ? BinaryFunction::kGreaterOrEqual : BinaryFunction::kGreater, DType::kFloat32,
        most, positive ? 0.5 : 0));
    const Value plain = TRY(call.lower.plain(label));
    const Value second =
        model.labels->dtype == DType::kString
            ? TRY(call.lower.texts({}, {model.labels->strings[1]}))
            : TRY(call.lower.constant(DType::kInt64, {},
                                      {static_cast<double>(model.labels->ints[1])}));
    label = TRY(call.lower.where(TRY(call.lower.reshape(by_sign, {})), second, plain));
  }
  const Value transformed = TRY(post_transform(call, scores));
  return Values{label, transformed};
}

/// Decision values of two classes as ONNX Runtime writes them.
Result<Value> binary_scores(Call& call, const Value& score) {
  const bool none = call.text("post_transform", "NONE") == "NONE";
  if (call.text("post_transform", "NONE") == "PROBIT") {
    return unimplemented("two classes with post_transform PROBIT");
  }
  Value other;
  if (none) {
    other = TRY(call.lower.unary(UnaryFunction::kNeg, {}, DType::kFloat32, score));
  } else {
    const Value one_constant = TRY(call.lower.constant(DType::kFloat32, {1}, {1}));
    other = TRY(call.lower.binary(BinaryFunction::kSub, DType::kFloat32, one_constant, score));
  }
  const std::array<Value, 2> both = {other, score};
  return call.lower.concat(both, 0);
}

Result<Values> classes_of_votes(Call& call, const Classifier& model, ValueId x, uint32_t width) {
  SvmOp::Tables tables;
  tables.features = width;
  tables.vectors = call.reals("support_vectors");
  for (const int64_t count : call.integers("vectors_per_class")) {
    if (count < 0 || count > kWidthMax) return invalid_argument("its classes have no vectors");
    tables.counts.push_back(static_cast<uint32_t>(count));
  }
  if (tables.counts.size() != model.classes || model.classes < 2 ||
      model.classes > kSvmClassesMax) {
    return invalid_argument("it has another number of labels than of classes");
  }
  tables.dual = call.reals("coefficients");
  tables.intercepts = call.reals("rho");
  const uint32_t pairs = svm_pairs(model.classes);
  if (tables.intercepts.size() < pairs) return invalid_argument("it has too few intercepts");
  tables.intercepts.resize(pairs);
  const ValueId decision =
      TRY(call.lower.add(std::make_unique<SvmOp>(model.parameters, std::move(tables)), {x}));
  const ValueId vote = TRY(call.lower.add(std::make_unique<SvmVoteOp>(model.classes), {decision}));
  Value label = TRY(call.lower.wrap(vote, model.labels->dtype, {}));
  label.labels = model.labels;
  if (!model.prob_a.empty()) {
    const ValueId coupled = TRY(call.lower.add(
        std::make_unique<SvmProbabilityOp>(model.classes, model.prob_a, model.prob_b), {decision}));
    const Value scores = TRY(rounded(call, coupled, {model.classes}));
    const Value transformed = TRY(post_transform(call, scores));
    return Values{label, transformed};
  }
  const Value scores = TRY(rounded(call, decision, {pairs}));
  const Value transformed =
      model.classes == 2 ? TRY(binary_scores(call, scores)) : TRY(post_transform(call, scores));
  return Values{label, transformed};
}

Result<Values> svm_classifier(Call& call) {
  const Value x = TRY(call.lower.cast(TRY(call.input(0)), DType::kFloat32));
  Classifier model;
  model.labels = TRY(class_labels(call, "classlabels_ints", "classlabels_strings"));
  if (model.labels->size() > kSvmClassesMax) return unimplemented("it has too many classes");
  model.classes = static_cast<uint32_t>(model.labels->size());
  model.parameters = TRY(kernel(call));
  model.prob_a = call.reals("prob_a");
  model.prob_b = call.reals("prob_b");
  int64_t vectors = 0;
  for (const int64_t count : call.integers("vectors_per_class")) {
    if (count > 0) vectors = 1;
  }
  return per_sample(call, x, [&](ValueId id, uint32_t width) {
    return vectors == 0 ? linear_classes(call, model, id, width)
                        : classes_of_votes(call, model, id, width);
  });
}

}  // namespace

std::span<const Operator> svm_operators() {
  static constexpr std::array kTable = {
      Operator{kMl, "SVMRegressor", 1, 5, svm_regressor},
      Operator{kMl, "SVMClassifier", 1, 5, svm_classifier},
  };
  return kTable;
}

}  // namespace slipway::onnx
