// Transformers that are one matrix product, or two, perhaps of centred columns: TruncatedSVD,
// IncrementalPCA's kin apart (decomposition.cpp), factor analysis, ICA, sparse PCA, random
// projections, neighbourhood components, partial least squares.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/symmetric_matrix.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

constexpr size_t kInverseMax = 2'000;  // rows of a matrix that is inverted at load

struct Matrix {
  size_t rows = 0;
  size_t columns = 0;
  std::vector<double> values;

  const double* row(size_t i) const { return values.data() + i * columns; }
};

/// An attribute that is a matrix, dense or sparse.
Result<Matrix> read_matrix(pickle::Value self, std::string_view name) {
  const pickle::Value value = TRY(self.attr(name));
  pickle::Array<double> array =
      pickle::is_sparse(value) ? TRY(pickle::to_dense(value)) : TRY(matrix_attr(self, name));
  const size_t rows = array.rows();
  const size_t columns = array.columns();
  if (rows > kWidthMax || columns > kWidthMax) {
    return resource_exhausted(fmt::format("{}.{}: too large", self.name(), name));
  }
  return Matrix{rows, columns, std::move(array.values)};
}

Matrix transposed(const Matrix& matrix) {
  Matrix made{matrix.columns, matrix.rows, std::vector<double>(matrix.values.size())};
  for (size_t i = 0; i < matrix.rows; ++i) {
    for (size_t j = 0; j < matrix.columns; ++j)
      made.values[j * made.columns + i] = matrix.row(i)[j];
  }
  return made;
}

/// a b^T
Matrix product(const Matrix& a, const Matrix& b) {
  Matrix made{a.rows, b.rows, std::vector<double>(a.rows * b.rows, 0.0)};
  for (size_t i = 0; i < a.rows; ++i) {
    for (size_t j = 0; j < b.rows; ++j) {
      double sum = 0;
      for (size_t k = 0; k < a.columns; ++k) sum += a.row(i)[k] * b.row(j)[k];
      made.values[i * made.columns + j] = sum;
    }
  }
  return made;
}

Status check_columns(pickle::Value self, std::string_view name, const Matrix& matrix,
                     uint32_t features) {
  if (matrix.columns == features) return {};
  return invalid_argument(fmt::format("{}.{}: expected {} columns, got {}", self.name(), name,
                                      features, matrix.columns));
}

Result<std::vector<double>> vector_attr(pickle::Value self, std::string_view name, size_t size) {
  std::vector<double> values = TRY(f64_attr(self, name)).values;
  if (values.size() == size) return values;
  return invalid_argument(
      fmt::format("{}.{}: expected {} numbers, got {}", self.name(), name, size, values.size()));
}

/// x minus an attribute's numbers.
Result<ValueId> centered(Lowering& lowering, pickle::Value self, std::string_view name, ValueId x) {
  const uint32_t width = lowering.type(x).width;
  return lowering.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width,
                                TRY(vector_attr(self, name, width)), std::vector<double>{}),
      {x});
}

/// x times the matrix transposed.
Result<ValueId> project(Lowering& lowering, Matrix matrix, ValueId x,
                        std::vector<double> intercept = {}) {
  const auto outputs = static_cast<uint32_t>(matrix.rows);
  const auto features = static_cast<uint32_t>(matrix.columns);
  intercept.resize(outputs, 0.0);
  return lowering.add(
      std::make_unique<LinearOp>(outputs, features, std::move(matrix.values), std::move(intercept)),
      {x});
}

/// The columns' names are the class's and a number: "truncatedsvd0".
Step named(Lowering& lowering, pickle::Value self, ValueId y) {
  const uint32_t width = lowering.type(y).width;
  std::string prefix(self.name());
  for (char& c : prefix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < width; ++i) names.push_back(fmt::format("{}{}", prefix, i));
  return transformed(y, width, std::move(names));
}

/// x components^T
Result<Step> lower_plain(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  Matrix components = TRY(read_matrix(self, "components_"));
  TRY_STATUS(check_columns(self, "components_", components, lowering.type(x).width));
  return named(lowering, self, TRY(project(lowering, std::move(components), x)));
}

/// (x - mean) components^T
Result<Step> lower_ica(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId x = TRY(lowering.finite(self, input));
  Matrix components = TRY(read_matrix(self, "components_"));
  TRY_STATUS(check_columns(self, "components_", components, lowering.type(x).width));
  // whiten=False has no mean.
  if (self.find_attr("mean_").has_value()) x = TRY(centered(lowering, self, "mean_", x));
  return named(lowering, self, TRY(project(lowering, std::move(components), x)));
}

/// Factor analysis: the posterior mean of the latent variables, and the log-likelihood. With
/// W = components / noise, both come from the inverse of I + W components^T.
Result<Step> lower_factor_analysis(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const Matrix components = TRY(read_matrix(self, "components_"));
  TRY_STATUS(check_columns(self, "components_", components, features));
  const std::vector<double> noise = TRY(vector_attr(self, "noise_variance_", features));
  if (components.rows > kInverseMax) return resource_exhausted("too many components");
  Matrix weighted = components;
  for (size_t i = 0; i < weighted.values.size(); ++i) weighted.values[i] /= noise[i % features];
  Matrix inner = product(weighted, components);
  const size_t count = components.rows;
  for (size_t i = 0; i < count; ++i) inner.values[i * count + i] += 1;
  const std::vector<double> lower = TRY(cholesky(inner.values, count));
  Matrix inverse{count, count, inverse_of(lower, count)};

  const ValueId deviation = TRY(centered(lowering, self, "mean_", x));
  const ValueId latent = TRY(project(lowering, std::move(weighted), deviation));
  // y = inverse(lower) latent has latent^T inverse latent as its square.
  Matrix whitening{count, count, std::vector<double>(count * count, 0.0)};
  double log_determinant = 0;  // of the covariance
  for (size_t i = 0; i < count; ++i) {
    log_determinant += 2 * std::log(lower[i * count + i]);
    for (size_t unit = 0; unit <= i; ++unit) {
      double rest = i == unit ? 1 : 0;
      for (size_t k = unit; k < i; ++k) {
        rest -= lower[i * count + k] * whitening.values[k * count + unit];
      }
      whitening.values[i * count + unit] = rest / lower[i * count + i];
    }
  }
  Step step = named(lowering, self, TRY(project(lowering, std::move(inverse), latent)));

  const ValueId white = TRY(project(lowering, std::move(whitening), latent));
  std::vector<ColumnPick> picks;
  std::vector<double> weights(count, 0.5);
  for (uint32_t k = 0; k < count; ++k) picks.push_back({0, k});
  for (uint32_t i = 0; i < features; ++i) {
    picks.push_back({1, i});
    weights.push_back(-0.5 / noise[i]);
    log_determinant += std::log(noise[i]);
  }
  ValueId terms =
      TRY(lowering.add(std::make_unique<SelectOp>(std::move(picks)), {white, deviation}));
  terms =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kSquare), {terms}));
  const double constant = -0.5 * (features * std::log(2 * std::numbers::pi) + log_determinant);
  const ValueId sum =
      TRY(project(lowering, Matrix{1, weights.size(), std::move(weights)}, terms, {constant}));
  step.methods.push_back(number_method("score_samples", sum, 1, true));
  return step;
}

/// Sparse PCA: the ridge regression of a centred row on the components.
Result<Step> lower_sparse_pca(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const Matrix components = TRY(read_matrix(self, "components_"));
  TRY_STATUS(check_columns(self, "components_", components, lowering.type(x).width));
  const double alpha = TRY(double_attr_or(self, "ridge_alpha", 0.01));
  const size_t count = components.rows;
  if (count > kInverseMax) return resource_exhausted("too many components");
  Matrix gram = product(components, components);
  for (size_t i = 0; i < count; ++i) gram.values[i * count + i] += alpha;
  const auto factor = TRY(cholesky(gram.values, count));
  const Matrix inverse{count, count, inverse_of(factor, count)};
  Matrix solution = product(inverse, transposed(components));
  const ValueId deviation = TRY(centered(lowering, self, "mean_", x));
  return named(lowering, self, TRY(project(lowering, std::move(solution), deviation)));
}

/// (x - mean) / standard deviation, of partial least squares.
Result<ValueId> standardized(Lowering& lowering, pickle::Value self, ValueId x) {
  const uint32_t width = lowering.type(x).width;
  return lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width,
                                                TRY(vector_attr(self, "_x_mean", width)),
                                                TRY(vector_attr(self, "_x_std", width))),
                      {x});
}

Result<Step> scores(Lowering& lowering, pickle::Value self, ValueId x, std::string_view name) {
  const Matrix rotations = transposed(TRY(read_matrix(self, name)));
  TRY_STATUS(check_columns(self, name, rotations, lowering.type(x).width));
  return named(lowering, self,
               TRY(project(lowering, rotations, TRY(standardized(lowering, self, x)))));
}

Result<Step> lower_pls_svd(Lowering& lowering, pickle::Value self, const Features& input) {
  return scores(lowering, self, TRY(lowering.finite(self, input)), "x_weights_");
}

/// PLSRegression, PLSCanonical and CCA: scores by the rotations, predictions by the coefficients.
Result<Step> lower_pls(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  Step step = TRY(scores(lowering, self, x, "x_rotations_"));
  // 1.1 and 1.2 kept them under this name; since 1.5 they include the division.
  const bool hidden = self.find_attr("_coef_").has_value();
  if (!hidden && !self.find_attr("intercept_").has_value()) {
    return unimplemented("partial least squares written before scikit-learn 1.1");
  }
  Matrix coefficients = TRY(read_matrix(self, hidden ? "_coef_" : "coef_"));
  TRY_STATUS(check_columns(self, "coef_", coefficients, features));
  std::vector<double> intercept = TRY(vector_attr(self, "intercept_", coefficients.rows));
  const ValueId ready = written_since(self, 1, 5) ? TRY(centered(lowering, self, "_x_mean", x))
                                                  : TRY(standardized(lowering, self, x));
  const auto targets = static_cast<uint32_t>(coefficients.rows);
  const ValueId y = TRY(project(lowering, std::move(coefficients), ready, std::move(intercept)));
  const bool is_vector = TRY(bool_attr_or(self, "_predict_1d", false)) && targets == 1;
  step.methods.push_back(number_method("predict", y, targets, is_vector));
  return step;
}

/// A restricted Boltzmann machine: the probabilities of its hidden units.
Result<Step> lower_boltzmann(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  Matrix components = TRY(read_matrix(self, "components_"));
  TRY_STATUS(check_columns(self, "components_", components, lowering.type(x).width));
  std::vector<double> intercept = TRY(vector_attr(self, "intercept_hidden_", components.rows));
  ValueId y = TRY(project(lowering, std::move(components), x, std::move(intercept)));
  y = TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kExpit), {y}));
  return named(lowering, self, y);
}

}  // namespace

std::span<const EstimatorEntry> projection_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"TruncatedSVD", lower_plain},
      EstimatorEntry{"GaussianRandomProjection", lower_plain},
      EstimatorEntry{"SparseRandomProjection", lower_plain},
      EstimatorEntry{"NeighborhoodComponentsAnalysis", lower_plain},
      EstimatorEntry{"FastICA", lower_ica},
      EstimatorEntry{"FactorAnalysis", lower_factor_analysis},
      EstimatorEntry{"SparsePCA", lower_sparse_pca},
      EstimatorEntry{"MiniBatchSparsePCA", lower_sparse_pca},
      EstimatorEntry{"PLSSVD", lower_pls_svd},
      EstimatorEntry{"PLSRegression", lower_pls},
      EstimatorEntry{"PLSCanonical", lower_pls},
      EstimatorEntry{"CCA", lower_pls},
      EstimatorEntry{"BernoulliRBM", lower_boltzmann},
  };
  return kTable;
}

}  // namespace slipway::sklearn
