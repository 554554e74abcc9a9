// Transformers of kernels and of distances between rows and training rows: KernelCenterer,
// KernelPCA, Nystroem, Isomap, LocallyLinearEmbedding.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/kernel_program.h"
#include "formats/sklearn/families/members.h"
#include "formats/sklearn/families/neighbor_search.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/manifold.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

std::vector<std::string> numbered(std::string_view stem, uint32_t count) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", stem, i));
  return names;
}

/// What centring a kernel's row adds to each column beside subtracting the row's mean.
Result<std::vector<double>> centre_shifts(pickle::Value centerer, uint32_t columns) {
  std::vector<double> shifts = TRY(f64_attr(centerer, "K_fit_rows_")).values;
  const double all = TRY(TRY(centerer.attr("K_fit_all_")).as_double());
  if (shifts.size() != columns) {
    return invalid_argument(
        fmt::format("K_fit_rows_: expected {} numbers, got {}", columns, shifts.size()));
  }
  for (double& shift : shifts) shift = all - shift;
  return shifts;
}

Result<Step> lower_centerer(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t columns = lowering.type(x).width;
  const ValueId even = TRY(row_function(lowering, x, RowFunctionOp::Function::kSubtractMean));
  const ValueId y = TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, columns,
                                                               TRY(centre_shifts(self, columns)),
                                                               std::vector<double>(columns, 1.0)),
                                     {even}));
  return transformed(y, columns, numbered("kernelcenterer", columns));
}

/// A kernel's columns, one for each training row, to KernelPCA's components.
Result<ValueId> kernel_components(Lowering& lowering, pickle::Value self, ValueId columns) {
  // Values that were too large for the kernel are refused where it is centred.
  const ValueId kernel =
      TRY(lowering.finite_part(self, all_columns(columns, lowering.type(columns).width)));
  const uint32_t rows = lowering.type(kernel).width;
  // Renamed in 1.0.
  const bool renamed = self.find_attr("eigenvectors_").has_value();
  const pickle::Array<double> vectors =
      TRY(matrix_attr(self, renamed ? "eigenvectors_" : "alphas_"));
  const std::vector<double> values =
      TRY(f64_attr(self, renamed ? "eigenvalues_" : "lambdas_")).values;
  const uint64_t outputs = values.size();
  if (vectors.rows() != rows || vectors.columns() != outputs || outputs == 0 ||
      outputs > kWidthMax) {
    return invalid_argument(fmt::format("{}.eigenvectors_: no usable shape", self.name()));
  }
  const std::vector<double> shifts = TRY(centre_shifts(TRY(self.attr("_centerer")), rows));
  std::vector<double> weights(uint64_t{rows} * outputs, 0.0);
  std::vector<double> intercept(outputs, 0.0);
  for (size_t k = 0; k < outputs; ++k) {
    if (values[k] == 0) continue;
    for (size_t i = 0; i < rows; ++i) {
      weights[k * rows + i] = vectors.values[i * outputs + k] / std::sqrt(values[k]);
      intercept[k] += shifts[i] * weights[k * rows + i];
    }
  }
  const ValueId even = TRY(row_function(lowering, kernel, RowFunctionOp::Function::kSubtractMean));
  return lowering.add(std::make_unique<LinearOp>(static_cast<uint32_t>(outputs), rows,
                                                 std::move(weights), std::move(intercept)),
                      {even});
}

/// The kernel between rows and the rows of an attribute.
Result<ValueId> kernel_columns(Lowering& lowering, pickle::Value self, ValueId x,
                               const MetricKernel& metric, std::string_view rows) {
  const uint32_t features = lowering.type(x).width;
  PairwiseProgram program = TRY(metric_program(metric, features));
  return lowering.add(std::make_unique<PairwiseOp>(std::move(program), features,
                                                   TRY(training_rows(self, rows, features))),
                      {x});
}

Result<Step> lower_kernel_pca(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId kernel = TRY(lowering.finite(self, input));
  MetricKernel metric = TRY(metric_kernel(self));
  // What gamma=None stands for is kept since 1.2.
  const auto gamma = self.find_attr("gamma_");
  if (gamma.has_value() && !gamma->is_none()) metric.gamma = TRY(gamma->as_double());
  if (metric.name != "precomputed") {
    kernel = TRY(kernel_columns(lowering, self, kernel, metric, "X_fit_"));
  }
  const ValueId y = TRY(kernel_components(lowering, self, kernel));
  const uint32_t outputs = lowering.type(y).width;
  return transformed(y, outputs, numbered("kernelpca", outputs));
}

Result<Step> lower_nystroem(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const MetricKernel metric = TRY(metric_kernel(self));
  const ValueId kernel = TRY(kernel_columns(lowering, self, x, metric, "components_"));
  pickle::Array<double> weights = TRY(matrix_attr(self, "normalization_"));
  const auto outputs = static_cast<uint32_t>(weights.rows());
  const ValueId y = TRY(lowering.add(
      std::make_unique<LinearOp>(outputs, lowering.type(kernel).width, std::move(weights.values),
                                 std::vector<double>(outputs)),
      {kernel}));
  return transformed(y, outputs, numbered("nystroem", outputs));
}

Result<Step> lower_isomap(Lowering& lowering, pickle::Value self, const Features& input) {
  const auto wanted = self.find_attr("n_neighbors");
  if (!wanted.has_value() || wanted->is_none()) {
    return unimplemented("Isomap with neighbours by radius is not supported");
  }
  const ValueId x = TRY(lowering.finite(self, input));
  const pickle::Value search = TRY(self.attr("nbrs_"));
  const int64_t k = TRY(int_attr_or(search, "n_neighbors", 5));
  const ValueId list = TRY(neighbor_list(lowering, x, TRY(fitted_neighbors(search)), k));
  pickle::Array<double> distances = TRY(matrix_attr(self, "dist_matrix_"));
  const auto points = static_cast<uint32_t>(distances.columns());
  const ValueId ways =
      TRY(lowering.add(std::make_unique<GeodesicOp>(points, std::move(distances.values)), {list}));
  const ValueId squares =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kSquare), {ways}));
  const ValueId kernel = TRY(scaled(lowering, squares, -0.5));
  const ValueId y = TRY(kernel_components(lowering, TRY(self.attr("kernel_pca_")), kernel));
  const uint32_t outputs = lowering.type(y).width;
  return transformed(y, outputs, numbered("isomap", outputs));
}

Result<Step> lower_locally_linear(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const int64_t k = TRY(int_attr_or(self, "n_neighbors", 5));
  FittedNeighbors fitted = TRY(fitted_neighbors(TRY(self.attr("nbrs_"))));
  BarycenterOp::Tables tables;
  tables.features = lowering.type(x).width;
  tables.regularization = TRY(double_attr_or(self, "reg", 1e-3));
  tables.points = fitted.points;
  pickle::Array<double> embedding = TRY(matrix_attr(self, "embedding_"));
  tables.outputs = static_cast<uint32_t>(embedding.columns());
  tables.embeddings = std::move(embedding.values);
  const uint32_t outputs = tables.outputs;
  const ValueId list = TRY(neighbor_list(lowering, x, std::move(fitted), k));
  const ValueId y = TRY(lowering.add(std::make_unique<BarycenterOp>(std::move(tables)), {x, list}));
  return transformed(y, outputs, numbered("locallylinearembedding", outputs));
}

}  // namespace

std::span<const EstimatorEntry> kernel_map_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"KernelCenterer", lower_centerer},
      EstimatorEntry{"KernelPCA", lower_kernel_pca},
      EstimatorEntry{"Nystroem", lower_nystroem},
      EstimatorEntry{"Isomap", lower_isomap},
      EstimatorEntry{"LocallyLinearEmbedding", lower_locally_linear},
  };
  return kTable;
}

}  // namespace slipway::sklearn
