// Gaussian processes, KernelRidge, LabelPropagation and LabelSpreading: sums over training rows,
// each weighed by a kernel.
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/kernel_program.h"
#include "formats/sklearn/families/members.h"
#include "formats/sklearn/families/neighbor_search.h"
#include "graph/ops/gaussian_process.h"
#include "graph/ops/linear.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

/// Weights of training rows, rows x targets, and whether they were stored as a vector.
struct Dual {
  uint32_t targets = 1;
  bool is_vector = true;
  std::vector<double> weights;  // targets x rows, as LinearOp takes them
};

Result<Dual> dual_weights(pickle::Value self, std::string_view name, uint32_t rows) {
  const pickle::Array<double> stored = TRY(f64_attr(self, name));
  Dual dual;
  dual.is_vector = stored.shape.size() < 2;
  dual.targets = dual.is_vector ? 1 : static_cast<uint32_t>(stored.columns());
  if (stored.shape.size() > 2 || stored.values.size() != uint64_t{rows} * dual.targets) {
    return invalid_argument(fmt::format("{}.{}: no usable shape", self.name(), name));
  }
  dual.weights.resize(stored.values.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t k = 0; k < dual.targets; ++k) {
      dual.weights[k * rows + i] = stored.values[i * dual.targets + k];
    }
  }
  return dual;
}

Result<ValueId> weighted_sum(Lowering& lowering, ValueId kernel, Dual dual) {
  const uint32_t rows = lowering.type(kernel).width;
  return lowering.add(std::make_unique<LinearOp>(dual.targets, rows, std::move(dual.weights),
                                                 std::vector<double>(dual.targets)),
                      {kernel});
}

/// A number for each target: one stands for all.
Result<std::vector<double>> per_target(pickle::Value self, std::string_view name,
                                       uint32_t targets) {
  std::vector<double> values = TRY(f64_attr(self, name)).values;
  if (values.size() == 1) values.resize(targets, values[0]);
  if (values.size() != targets) {
    return invalid_argument(fmt::format("{}.{}: no usable shape", self.name(), name));
  }
  return values;
}

Result<Step> lower_process_regressor(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  PairwiseProgram program = TRY(process_program(TRY(self.attr("kernel_")), features));
  const ValueId kernel =
      TRY(lowering.add(std::make_unique<PairwiseOp>(std::move(program), features,
                                                    TRY(training_rows(self, "X_train_", features))),
                       {x}));
  Dual dual = TRY(dual_weights(self, "alpha_", lowering.type(kernel).width));
  const uint32_t targets = dual.targets;
  const ValueId sum = TRY(weighted_sum(lowering, kernel, std::move(dual)));
  const ValueId y =
      TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, targets,
                                                 TRY(per_target(self, "_y_train_mean", targets)),
                                                 TRY(per_target(self, "_y_train_std", targets))),
                       {sum}));
  return regressor(y, targets, targets == 1);
}

/// _BinaryGaussianProcessClassifierLaplace: two classes.
Result<Step> lower_laplace(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.dense(input));
  const uint32_t features = lowering.type(x).width;
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  if (labels.size() != 2) return invalid_argument("it is not for two classes");
  const PairwiseProgram program = TRY(process_program(TRY(self.attr("kernel_")), features));
  const ValueId kernel =
      TRY(lowering.add(std::make_unique<PairwiseOp>(program, features,
                                                    TRY(training_rows(self, "X_train_", features))),
                       {x}));
  const ValueId own = TRY(lowering.add(
      std::make_unique<PairwiseOp>(program, features, std::vector<double>{}, true), {x}));
  LaplaceOp::Tables tables;
  tables.rows = lowering.type(kernel).width;
  tables.residuals = TRY(f64_attr(self, "y_train_")).values;
  const std::vector<double> pi = TRY(f64_attr(self, "pi_")).values;
  if (tables.residuals.size() != tables.rows || pi.size() != tables.rows) {
    return invalid_argument("pi_: another number of rows");
  }
  for (size_t i = 0; i < pi.size(); ++i) tables.residuals[i] -= pi[i];
  tables.roots = TRY(f64_attr(self, "W_sr_")).values;
  tables.triangle = TRY(f64_attr(self, "L_")).values;
  const ValueId mean = TRY(lowering.add(
      std::make_unique<LinearOp>(1, tables.rows, tables.residuals, std::vector<double>{0}),
      {kernel}));
  const ValueId proba =
      TRY(lowering.add(std::make_unique<LaplaceOp>(std::move(tables)), {kernel, own}));
  Step step;
  step.methods.push_back(
      label_method(TRY(lowering.add(std::make_unique<ArgMaxOp>(), {mean})), labels));
  step.methods.push_back(number_method("predict_proba", proba, 2, false, label_names(labels)));
  return step;
}

Result<Step> lower_process_classifier(Lowering& lowering, pickle::Value self,
                                      const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const Step inner = lowering.lower(TRY(self.attr("base_estimator_")),
                                    all_columns(x, lowering.type(x).width), "base_estimator_");
  if (inner.unknown) return unknown_step();
  Step step;
  for (const std::string_view name : {"predict", "predict_proba"}) {
    if (const Method* method = inner.find(name)) step.methods.push_back(*method);
  }
  return step;
}

Result<Step> lower_kernel_ridge(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  PairwiseProgram program = TRY(metric_program(TRY(metric_kernel(self)), features));
  const ValueId kernel =
      TRY(lowering.add(std::make_unique<PairwiseOp>(std::move(program), features,
                                                    TRY(training_rows(self, "X_fit_", features))),
                       {x}));
  Dual dual = TRY(dual_weights(self, "dual_coef_", lowering.type(kernel).width));
  const uint32_t targets = dual.targets;
  const bool is_vector = dual.is_vector;
  return regressor(TRY(weighted_sum(lowering, kernel, std::move(dual))), targets, is_vector);
}

/// knn: the sum of the neighbours' distributions, here their mean, which is normalised next.
Result<ValueId> neighbors_distribution(Lowering& lowering, pickle::Value self, ValueId x,
                                       pickle::Array<double> distributions) {
  FittedNeighbors fitted = TRY(fitted_neighbors(TRY(self.attr("nn_fit"))));
  NeighborsOp::Options options;
  options.search = fitted.search;
  const int64_t neighbors = TRY(int_attr_or(self, "n_neighbors", 7));
  if (neighbors < 1 || neighbors > int64_t{kWidthMax}) {
    return invalid_argument(fmt::format("n_neighbors: no usable value, {}", neighbors));
  }
  options.neighbors = static_cast<uint32_t>(neighbors);
  NeighborsOp::Targets targets;
  targets.value_count = static_cast<uint32_t>(distributions.columns());
  targets.values = std::move(distributions.values);
  return lowering.add(std::make_unique<NeighborsOp>(
                          options, lowering.type(x).width, std::move(fitted.points),
                          std::move(fitted.distance), std::move(fitted.tree), std::move(targets)),
                      {x});
}

Result<Step> lower_label_propagation(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const MetricKernel metric = TRY(metric_kernel(self));
  pickle::Array<double> distributions = TRY(matrix_attr(self, "label_distributions_"));
  if (distributions.columns() != labels.size()) {
    return invalid_argument("label_distributions_: another number of columns than of classes");
  }
  ValueId sums = 0;
  if (metric.name == "knn") {
    sums = TRY(neighbors_distribution(lowering, self, x, std::move(distributions)));
  } else {
    PairwiseProgram program = TRY(metric_program(metric, features));
    const ValueId kernel =
        TRY(lowering.add(std::make_unique<PairwiseOp>(std::move(program), features,
                                                      TRY(training_rows(self, "X_", features))),
                         {x}));
    sums = TRY(
        weighted_sum(lowering, kernel,
                     TRY(dual_weights(self, "label_distributions_", lowering.type(kernel).width))));
  }
  return plain_probability_classifier(
      lowering, TRY(row_function(lowering, sums, RowFunctionOp::Function::kNormalize)), labels);
}

}  // namespace

std::span<const EstimatorEntry> gaussian_process_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"GaussianProcessRegressor", lower_process_regressor},
      EstimatorEntry{"GaussianProcessClassifier", lower_process_classifier},
      EstimatorEntry{"_BinaryGaussianProcessClassifierLaplace", lower_laplace},
      EstimatorEntry{"KernelRidge", lower_kernel_ridge},
      EstimatorEntry{"LabelPropagation", lower_label_propagation},
      EstimatorEntry{"LabelSpreading", lower_label_propagation},
  };
  return kTable;
}

}  // namespace slipway::sklearn
