// PCA.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
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

Result<Step> lower_pca(Lowering& lowering, pickle::Value self, const Features& input) {
  ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  pickle::Array<double> components = TRY(matrix_attr(self, "components_"));
  if (components.columns() != features || components.rows() > kWidthMax) {
    return invalid_argument(fmt::format("PCA.components_: expected {} columns, got {}", features,
                                        components.columns()));
  }
  const auto outputs = static_cast<uint32_t>(components.rows());
  std::vector<double> mean;
  if (!TRY(self.attr("mean_")).is_none()) mean = std::move(TRY(f64_attr(self, "mean_")).values);
  if (!mean.empty() && mean.size() != features) {
    return invalid_argument(
        fmt::format("PCA.mean_: expected {} numbers, got {}", features, mean.size()));
  }
  // Since 1.5 scikit-learn centers after the projection. The two differ in the last digits.
  const bool centers_last = written_since(self, 1, 5);
  std::vector<double> intercept(outputs, 0.0);
  if (!mean.empty() && centers_last) {
    for (size_t k = 0; k < outputs; ++k) {
      double sum = 0;
      for (size_t i = 0; i < features; ++i) sum += mean[i] * components.values[k * features + i];
      intercept[k] = -sum;
    }
  } else if (!mean.empty()) {
    x = TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, features,
                                                   std::move(mean), std::vector<double>{}),
                         {x}));
  }
  ValueId y =
      TRY(lowering.add(std::make_unique<LinearOp>(outputs, features, std::move(components.values),
                                                  std::move(intercept)),
                       {x}));
  if (TRY(bool_attr_or(self, "whiten", false))) {
    y = TRY(lowering.add(
        std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, outputs, std::vector<double>{},
                                  TRY(whitening(self, centers_last))),
        {y}));
  }
  std::vector<std::string> names;
  for (uint32_t k = 0; k < outputs; ++k) names.push_back(fmt::format("pca{}", k));
  return transformed(y, outputs, std::move(names));
}

}  // namespace

std::span<const EstimatorEntry> decomposition_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"PCA", lower_pca},
  };
  return kTable;
}

}  // namespace slipway::sklearn
