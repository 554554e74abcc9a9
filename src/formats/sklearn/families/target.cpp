// TransformedTargetRegressor: a regressor of a transformed target, and the way back.
#include <fmt/format.h>

#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/composition.h"
#include "formats/sklearn/families/members.h"
#include "formats/sklearn/families/numpy_function.h"
#include "graph/ops/interpolate.h"
#include "graph/ops/scale.h"
#include "graph/ops/unwarp.h"

namespace slipway::sklearn {
namespace {

/// One column's constants; empty where the transformer leaves that step out.
Result<std::vector<double>> constants(pickle::Value self, std::string_view name, bool wanted) {
  const auto attr = self.find_attr(name);
  if (!wanted || !attr.has_value() || attr->is_none()) return std::vector<double>{};
  return TRY(f64_attr(self, name)).values;
}

/// x * scale + shift, or (x - shift) / scale.
Result<ValueId> affine(Lowering& lowering, ValueId x, ScaleOp::Form form, std::vector<double> shift,
                       std::vector<double> scale) {
  return lowering.add(
      std::make_unique<ScaleOp>(form, lowering.type(x).width, std::move(shift), std::move(scale)),
      {x});
}

Result<ValueId> invert_standard(Lowering& lowering, pickle::Value self, ValueId x) {
  const bool with_mean = TRY(bool_attr_or(self, "with_mean", true));
  const bool with_std = TRY(bool_attr_or(self, "with_std", true));
  return affine(lowering, x, ScaleOp::Form::kMultiplyAdd, TRY(constants(self, "mean_", with_mean)),
                TRY(constants(self, "scale_", with_std)));
}

Result<ValueId> invert_robust(Lowering& lowering, pickle::Value self, ValueId x) {
  const bool centering = TRY(bool_attr_or(self, "with_centering", true));
  const bool scaling = TRY(bool_attr_or(self, "with_scaling", true));
  return affine(lowering, x, ScaleOp::Form::kMultiplyAdd,
                TRY(constants(self, "center_", centering)),
                TRY(constants(self, "scale_", scaling)));
}

Result<ValueId> invert_power(Lowering& lowering, pickle::Value self, ValueId x) {
  if (TRY(bool_attr_or(self, "standardize", true))) {
    x = TRY(invert_standard(lowering, TRY(self.attr("_scaler")), x));
  }
  const bool box_cox = string_attr_or(self, "method", "yeo-johnson") == "box-cox";
  return lowering.add(std::make_unique<UnwarpOp>(
                          box_cox ? UnwarpOp::Function::kBoxCox : UnwarpOp::Function::kYeoJohnson,
                          TRY(f64_attr(self, "lambdas_")).values),
                      {x});
}

/// The points of one column: references to quantiles. Where the output was normal, what lies within
/// 1e-7 of the ends counts as the ends.
std::unique_ptr<InterpolateOp> quantile_points(const std::vector<double>& references,
                                               const std::vector<double>& quantiles, bool normal) {
  constexpr double kMargin = 1e-7;
  if (!normal || references.size() < 2) {
    return std::make_unique<InterpolateOp>(references, quantiles, InterpolateOp::Outside::kClip);
  }
  const size_t last = references.size() - 1;
  const auto on_line = [&](size_t i, double x) {
    const double slope = (quantiles[i + 1] - quantiles[i]) / (references[i + 1] - references[i]);
    return slope * (x - references[i]) + quantiles[i];
  };
  std::vector<double> x = {references[0], kMargin, kMargin};
  std::vector<double> y = {quantiles[0], quantiles[0], on_line(0, kMargin)};
  x.insert(x.end(), references.begin() + 1, references.end() - 1);
  y.insert(y.end(), quantiles.begin() + 1, quantiles.end() - 1);
  x.insert(x.end(), {1 - kMargin, 1 - kMargin, references[last]});
  y.insert(y.end(), {on_line(last - 1, 1 - kMargin), quantiles[last], quantiles[last]});
  return std::make_unique<InterpolateOp>(std::move(x), std::move(y), InterpolateOp::Outside::kClip);
}

Result<ValueId> invert_quantile(Lowering& lowering, pickle::Value self, ValueId x) {
  const bool normal = string_attr_or(self, "output_distribution", "uniform") == "normal";
  const std::vector<double> references = TRY(f64_attr(self, "references_")).values;
  const pickle::Array<double> quantiles = TRY(matrix_attr(self, "quantiles_"));
  const uint32_t width = lowering.type(x).width;
  if (references.empty() || quantiles.columns() != width || quantiles.rows() != references.size()) {
    return invalid_argument("QuantileTransformer.quantiles_: no usable shape");
  }
  if (normal) {
    x = TRY(lowering.add(
        std::make_unique<UnwarpOp>(UnwarpOp::Function::kNormalCdf, std::vector<double>{}), {x}));
  }
  std::vector<ValueId> columns;
  for (uint32_t i = 0; i < width; ++i) {
    std::vector<double> own;
    for (size_t k = 0; k < references.size(); ++k) own.push_back(quantiles.values[k * width + i]);
    columns.push_back(TRY(lowering.add(quantile_points(references, own, normal),
                                       {TRY(pick_columns(lowering, x, {i}))})));
  }
  return side_by_side(lowering, columns);
}

/// inverse_transform. Pipelines nest to no more than `levels`.
Result<ValueId> inverted(Lowering& lowering, pickle::Value transformer, ValueId x, int levels) {
  if (is_passthrough(transformer)) return x;
  if (!transformer.module().starts_with("sklearn.") || levels == 0) {
    return unimplemented(
        fmt::format("its transformer {} cannot be inverted here", transformer.type_name()));
  }
  const std::string_view name = transformer.name();
  if (name == "StandardScaler") return invert_standard(lowering, transformer, x);
  if (name == "RobustScaler") return invert_robust(lowering, transformer, x);
  if (name == "PowerTransformer") return invert_power(lowering, transformer, x);
  if (name == "QuantileTransformer") return invert_quantile(lowering, transformer, x);
  if (name == "MaxAbsScaler") {
    return affine(lowering, x, ScaleOp::Form::kMultiplyAdd, {},
                  TRY(f64_attr(transformer, "scale_")).values);
  }
  if (name == "MinMaxScaler") {
    return affine(lowering, x, ScaleOp::Form::kSubtractDivide,
                  TRY(f64_attr(transformer, "min_")).values,
                  TRY(f64_attr(transformer, "scale_")).values);
  }
  if (name == "FunctionTransformer") {
    const std::optional<ValueId> y =
        TRY(apply_numpy_function(lowering, transformer, {"inverse_func", "inv_kw_args"}, x));
    return y.value_or(x);
  }
  if (name == "Pipeline") {
    const std::vector<NamedPart> steps = TRY(named_parts(transformer, "steps"));
    for (size_t i = steps.size(); i-- > 0;) {
      TRY_STATUS(lowering.spend(1));
      x = TRY(inverted(lowering, steps[i].estimator, x, levels - 1));
    }
    return x;
  }
  return unimplemented(
      fmt::format("its transformer {} cannot be inverted here", transformer.type_name()));
}

Result<Step> lower_target(Lowering& lowering, pickle::Value self, const Features& input) {
  const Step inner = lowering.lower(TRY(self.attr("regressor_")), input, "regressor_");
  if (inner.unknown) return unknown_step();
  const ValueId prediction = TRY(as_numbers(lowering, *TRY(method_of(inner, "predict"))));
  const pickle::Value transformer = TRY(self.attr("transformer_"));
  // With validation, as TransformedTargetRegressor makes its own FunctionTransformer, and in all
  // scalers a target that is not finite would be refused; predictions are finite.
  constexpr int kLevelsMax = 10;
  const ValueId y = TRY(inverted(lowering, transformer, prediction, kLevelsMax));
  const uint32_t width = lowering.type(y).width;
  const int64_t dimensions = TRY(int_attr_or(self, "_training_dim", 1));
  return regressor(y, width, dimensions == 1 && width == 1);
}

}  // namespace

std::span<const EstimatorEntry> target_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"TransformedTargetRegressor", lower_target},
  };
  return kTable;
}

}  // namespace slipway::sklearn
