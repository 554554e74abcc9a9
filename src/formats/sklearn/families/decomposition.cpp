// PCA and IncrementalPCA.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <numbers>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

/// whiten=True divides by the standard deviation of each component.
Result<std::vector<double>> whitening(pickle::Value self, bool clipped) {
  const pickle::Value variances = TRY(self.attr("explained_variance_"));
  const pickle::ArrayInfo info = TRY(pickle::array_info(variances));
  std::vector<double> scale = TRY(f64_attr(self, "explained_variance_")).values;
  // scikit-learn works in the dtype that it was fitted in.
  const bool is_float32 = info.dtype == "float32";
  const double smallest = is_float32 ? double{FLT_EPSILON} : DBL_EPSILON;
  for (double& value : scale) {
    value = is_float32 ? double{std::sqrt(static_cast<float>(value))} : std::sqrt(value);
    if (clipped) value = std::max(value, smallest);
  }
  return scale;
}

/// components_ and mean_ (zeros if there is none), with their shapes checked.
struct Projection {
  uint32_t outputs = 0;
  uint32_t features = 0;
  std::vector<double> components;
  std::vector<double> mean;
};

Result<Projection> read_projection(pickle::Value self, uint32_t features) {
  pickle::Array<double> components = TRY(matrix_attr(self, "components_"));
  if (components.columns() != features || components.rows() > kWidthMax) {
    return invalid_argument(fmt::format("PCA.components_: expected {} columns, got {}", features,
                                        components.columns()));
  }
  Projection made{static_cast<uint32_t>(components.rows()), features, std::move(components.values),
                  std::vector<double>(features, 0.0)};
  if (TRY(self.attr("mean_")).is_none()) return made;
  made.mean = TRY(f64_attr(self, "mean_")).values;
  if (made.mean.size() != features) {
    return invalid_argument(
        fmt::format("PCA.mean_: expected {} numbers, got {}", features, made.mean.size()));
  }
  return made;
}

Result<ValueId> center(Lowering& lowering, const Projection& projection, ValueId x) {
  return lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, projection.features,
                                                projection.mean, std::vector<double>{}),
                      {x});
}

Result<ValueId> project(Lowering& lowering, const Projection& projection, ValueId x,
                        std::vector<double> intercept) {
  return lowering.add(std::make_unique<LinearOp>(projection.outputs, projection.features,
                                                 projection.components, std::move(intercept)),
                      {x});
}

/// score_samples: the log-likelihood under the Gaussian whose covariance has the components as its
/// principal axes and the noise variance along all others. With z = components (x - mean) it is a
/// weighted sum of z squared and of (x - mean) squared, plus a constant.
Status add_likelihood(Lowering& lowering, pickle::Value self, const Projection& projection,
                      ValueId x, Step& step) {
  const bool whiten = TRY(bool_attr_or(self, "whiten", false));
  const double noise = TRY(double_attr_or(self, "noise_variance_", 0));
  const std::vector<double> variances = TRY(f64_attr(self, "explained_variance_")).values;
  const uint32_t others = projection.features - projection.outputs;
  if (variances.size() != projection.outputs || projection.outputs > projection.features) {
    return invalid_argument("PCA.explained_variance_: expected one number for each component");
  }
  if (noise == 0 && others != 0) return {};  // a singular covariance: scikit-learn fails
  std::vector<double> weights;
  double log_determinant = others == 0 ? 0 : others * std::log(noise);  // of the covariance
  for (const double variance : variances) {
    // scikit-learn scales whitened components by their variance once more.
    const double along = noise + (whiten ? variance : 1) * std::max(variance - noise, 0.0);
    weights.push_back(-0.5 * (1 / along - (others == 0 ? 0 : 1 / noise)));
    log_determinant += std::log(along);
  }
  const ValueId centered = TRY(center(lowering, projection, x));
  ValueId terms =
      TRY(project(lowering, projection, centered, std::vector<double>(projection.outputs, 0.0)));
  if (others != 0) {
    weights.insert(weights.end(), projection.features, -0.5 / noise);
    std::vector<ColumnPick> picks;
    for (uint32_t k = 0; k < projection.outputs; ++k) picks.push_back({0, k});
    for (uint32_t i = 0; i < projection.features; ++i) picks.push_back({1, i});
    terms = TRY(lowering.add(std::make_unique<SelectOp>(std::move(picks)), {terms, centered}));
  }
  terms =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kSquare), {terms}));
  const double constant =
      -0.5 * (projection.features * std::log(2 * std::numbers::pi) + log_determinant);
  const auto width = static_cast<uint32_t>(weights.size());
  const ValueId sum = TRY(lowering.add(
      std::make_unique<LinearOp>(1, width, std::move(weights), std::vector<double>{constant}),
      {terms}));
  step.methods.push_back(number_method("score_samples", sum, 1, true));
  return {};
}

/// What PCA and IncrementalPCA share.
Result<Step> principal_components(Lowering& lowering, pickle::Value self,
                                  const Projection& projection, ValueId x,
                                  std::string_view prefix) {
  const uint32_t outputs = projection.outputs;
  std::vector<double> intercept(outputs, 0.0);
  ValueId y = x;
  // Since 1.5 scikit-learn centers after the projection. The two differ in the last digits.
  const bool centers_last = written_since(self, 1, 5);
  if (centers_last) {
    for (size_t k = 0; k < outputs; ++k) {
      const double* component = projection.components.data() + k * projection.features;
      double sum = 0;
      for (size_t i = 0; i < projection.features; ++i) sum += projection.mean[i] * component[i];
      intercept[k] = -sum;
    }
  } else {
    y = TRY(center(lowering, projection, x));
  }
  y = TRY(project(lowering, projection, y, std::move(intercept)));
  if (TRY(bool_attr_or(self, "whiten", false))) {
    y = TRY(lowering.add(
        std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, outputs, std::vector<double>{},
                                  TRY(whitening(self, centers_last))),
        {y}));
  }
  std::vector<std::string> names;
  for (uint32_t k = 0; k < outputs; ++k) names.push_back(fmt::format("{}{}", prefix, k));
  return transformed(y, outputs, std::move(names));
}

Result<Step> lower_pca(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const Projection projection = TRY(read_projection(self, lowering.type(x).width));
  Step step = TRY(principal_components(lowering, self, projection, x, "pca"));
  TRY_STATUS(add_likelihood(lowering, self, projection, x, step));
  return step;
}

Result<Step> lower_incremental_pca(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const Projection projection = TRY(read_projection(self, lowering.type(x).width));
  return principal_components(lowering, self, projection, x, "incrementalpca");
}

}  // namespace

std::span<const EstimatorEntry> decomposition_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"PCA", lower_pca},
      EstimatorEntry{"IncrementalPCA", lower_incremental_pca},
  };
  return kTable;
}

}  // namespace slipway::sklearn
