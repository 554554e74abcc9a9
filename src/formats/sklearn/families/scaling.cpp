// Scalers and row-wise preprocessing: StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler,
// Normalizer, Binarizer.
#include "graph/ops/scale.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/elementwise.h"

namespace slipway::sklearn {
namespace {

constexpr RequireFiniteOp::Options kNanAllowed = {.allow_nan = true};

/// A vector attribute; empty where it is None or `wanted` is false.
Result<std::vector<double>> constants(pickle::Value self, std::string_view name, bool wanted) {
  if (!wanted || TRY(self.attr(name)).is_none()) return std::vector<double>{};
  return std::move(TRY(f64_attr(self, name)).values);
}

/// Adds the ScaleOp. Without shift and clip, a sparse input stays sparse.
Result<Step> scaled(Lowering& lowering, pickle::Value self, const Features& input,
                    ScaleOp::Form form, std::vector<double> shift, std::vector<double> factor,
                    std::optional<ScaleOp::Clip> clip = std::nullopt) {
  const bool sparse_stays = shift.empty() && !clip.has_value();
  const ValueId x = TRY(sparse_stays ? lowering.finite_or_sparse(self, input, kNanAllowed)
                                     : lowering.finite(self, input, kNanAllowed));
  const uint32_t width = lowering.type(x).width;
  auto op = std::make_unique<ScaleOp>(form, width, std::move(shift), std::move(factor), clip);
  return transformed(TRY(lowering.add(std::move(op), {x})), width, input.names);
}

Result<Step> lower_standard(Lowering& lowering, pickle::Value self, const Features& input) {
  const bool with_mean = TRY(bool_attr_or(self, "with_mean", true));
  const bool with_std = TRY(bool_attr_or(self, "with_std", true));
  return scaled(lowering, self, input, ScaleOp::Form::kSubtractDivide,
                TRY(constants(self, "mean_", with_mean)), TRY(constants(self, "scale_", with_std)));
}

Result<Step> lower_min_max(Lowering& lowering, pickle::Value self, const Features& input) {
  std::optional<ScaleOp::Clip> clip;
  if (TRY(bool_attr_or(self, "clip", false))) {
    const pickle::Array<double> range = TRY(f64_attr(self, "feature_range"));
    if (range.values.size() != 2) {
      return invalid_argument("MinMaxScaler.feature_range: expected two numbers");
    }
    clip = ScaleOp::Clip{range.values[0], range.values[1]};
  }
  return scaled(lowering, self, input, ScaleOp::Form::kMultiplyAdd,
                TRY(constants(self, "min_", true)), TRY(constants(self, "scale_", true)), clip);
}

Result<Step> lower_max_abs(Lowering& lowering, pickle::Value self, const Features& input) {
  std::optional<ScaleOp::Clip> clip;  // a parameter since 1.8
  if (TRY(bool_attr_or(self, "clip", false))) clip = ScaleOp::Clip{-1, 1};
  return scaled(lowering, self, input, ScaleOp::Form::kSubtractDivide, {},
                TRY(constants(self, "scale_", true)), clip);
}

Result<Step> lower_robust(Lowering& lowering, pickle::Value self, const Features& input) {
  const bool with_centering = TRY(bool_attr_or(self, "with_centering", true));
  const bool with_scaling = TRY(bool_attr_or(self, "with_scaling", true));
  return scaled(lowering, self, input, ScaleOp::Form::kSubtractDivide,
                TRY(constants(self, "center_", with_centering)),
                TRY(constants(self, "scale_", with_scaling)));
}

Result<Step> lower_normalizer(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string name = string_attr_or(self, "norm", "l2");
  NormalizeOp::Norm norm = NormalizeOp::Norm::kL2;
  if (name == "l1") {
    norm = NormalizeOp::Norm::kL1;
  } else if (name == "max") {
    norm = NormalizeOp::Norm::kMax;
  } else if (name != "l2") {
    return unimplemented(fmt::format("Normalizer.norm: expected l1, l2 or max, got '{}'", name));
  }
  const ValueId x = TRY(lowering.finite_or_sparse(self, input));
  // Dense rows whose norm is nearly zero stay as they are; before 1.0, and in sparse matrices, only
  // rows of zeros.
  const bool near_zero = lowering.type(x).kind == ValueKind::kDense && written_since(self, 1, 0);
  const double norm_min = near_zero ? 10 * std::numeric_limits<double>::epsilon()
                                    : std::numeric_limits<double>::denorm_min();
  const uint32_t width = lowering.type(x).width;
  return transformed(TRY(lowering.add(std::make_unique<NormalizeOp>(norm, norm_min), {x})), width,
                     input.names);
}

Result<Step> lower_binarizer(Lowering& lowering, pickle::Value self, const Features& input) {
  const double threshold = TRY(double_attr_or(self, "threshold", 0));
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t width = lowering.type(x).width;
  auto op = std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kBinarize,
                                            ElementwiseOp::Parameters{threshold, 0, 0});
  return transformed(TRY(lowering.add(std::move(op), {x})), width, input.names);
}

}  // namespace

std::span<const EstimatorEntry> scaling_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"StandardScaler", lower_standard},
      EstimatorEntry{"MinMaxScaler", lower_min_max},
      EstimatorEntry{"MaxAbsScaler", lower_max_abs},
      EstimatorEntry{"RobustScaler", lower_robust},
      EstimatorEntry{"Normalizer", lower_normalizer},
      EstimatorEntry{"Binarizer", lower_binarizer},
  };
  return kTable;
}

}  // namespace slipway::sklearn
