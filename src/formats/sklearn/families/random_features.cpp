// Kernel approximations: RBFSampler, SkewedChi2Sampler, AdditiveChi2Sampler, PolynomialCountSketch.
#include "graph/ops/random_features.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

/// sqrt(2 / n) cos(x weights + offset)
Result<Step> waves(Lowering& lowering, pickle::Value self, ValueId x, std::string_view prefix) {
  const uint32_t features = lowering.type(x).width;
  const pickle::Array<double> weights = TRY(matrix_attr(self, "random_weights_"));
  std::vector<double> offset = TRY(f64_attr(self, "random_offset_")).values;
  const uint64_t count = weights.columns();
  if (weights.rows() != features || offset.size() != count || count == 0 || count > kWidthMax) {
    return invalid_argument(fmt::format("{}.random_weights_: expected {} rows, got {} of {}",
                                        self.name(), features, weights.rows(), count));
  }
  std::vector<double> transposed(weights.values.size());
  for (size_t i = 0; i < features; ++i) {
    for (size_t k = 0; k < count; ++k) {
      transposed[k * features + i] = weights.values[i * count + k];
    }
  }
  const auto width = static_cast<uint32_t>(count);
  ValueId y = TRY(lowering.add(
      std::make_unique<LinearOp>(width, features, std::move(transposed), std::move(offset)), {x}));
  y = TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kCos), {y}));
  y = TRY(lowering.add(std::make_unique<ScaleOp>(
                           ScaleOp::Form::kMultiplyAdd, width, std::vector<double>{},
                           std::vector<double>(width, std::sqrt(2.0 / static_cast<double>(width)))),
                       {y}));
  std::vector<std::string> names;
  for (uint32_t i = 0; i < width; ++i) names.push_back(fmt::format("{}{}", prefix, i));
  return transformed(y, width, std::move(names));
}

Result<Step> lower_rbf(Lowering& lowering, pickle::Value self, const Features& input) {
  return waves(lowering, self, TRY(lowering.finite_or_sparse(self, input)), "rbfsampler");
}

Result<Step> lower_skewed_chi2(Lowering& lowering, pickle::Value self, const Features& input) {
  const double skew = TRY(double_attr_or(self, "skewedness", 1));
  ValueId x = TRY(lowering.finite(self, input));
  const uint32_t width = lowering.type(x).width;
  x = TRY(lowering.add(std::make_unique<RequireAboveOp>(-skew, true, "SkewedChi2Sampler"), {x}));
  x = TRY(lowering.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width,
                                std::vector<double>(width, skew), std::vector<double>{}),
      {x}));
  x = TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kLog), {x}));
  return waves(lowering, self, x, "skewedchi2sampler");
}

Result<Step> lower_additive_chi2(Lowering& lowering, pickle::Value self, const Features& input) {
  const int64_t steps = TRY(int_attr_or(self, "sample_steps", 2));
  double interval = TRY(double_attr_or(self, "sample_interval", 0));
  if (interval == 0) {
    interval = TRY(double_attr_or(self, "sample_interval_", 0));  // before 1.3
  }
  if (interval == 0) interval = steps == 1 ? 0.8 : steps == 2 ? 0.5 : 0.4;
  if (steps < 1 || steps > 1'000) {
    return unimplemented(fmt::format("AdditiveChi2Sampler.sample_steps: {}", steps));
  }
  ValueId x = TRY(lowering.finite(self, input));
  x = TRY(lowering.add(std::make_unique<RequireAboveOp>(0, false, "AdditiveChi2Sampler"), {x}));
  const ValueId y = TRY(
      lowering.add(std::make_unique<AdditiveChi2Op>(static_cast<uint32_t>(steps), interval), {x}));
  return transformed(y, lowering.type(y).width, {});
}

Result<Step> lower_count_sketch(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const pickle::Array<int64_t> places = TRY(i64_attr(self, "indexHash_"));
  const pickle::Array<double> signs = TRY(f64_attr(self, "bitHash_"));
  const int64_t degree = TRY(int_attr_or(self, "degree", 2));
  const int64_t components = TRY(int_attr_or(self, "n_components", 100));
  if (degree < 1 || degree > 1'000 || components < 1 || components > int64_t{kWidthMax}) {
    return unimplemented(
        fmt::format("PolynomialCountSketch of degree {} with {} components", degree, components));
  }
  CountSketchOp::Options options;
  options.features = lowering.type(x).width;
  options.degree = static_cast<uint32_t>(degree);
  options.components = static_cast<uint32_t>(components);
  options.factor = std::sqrt(TRY(double_attr_or(self, "gamma", 1)));
  options.constant = std::sqrt(TRY(double_attr_or(self, "coef0", 0)));
  std::vector<uint32_t> columns;
  for (const int64_t place : places.values) {
    if (place < 0 || place >= components) {
      return invalid_argument("PolynomialCountSketch.indexHash_: out of bounds");
    }
    columns.push_back(static_cast<uint32_t>(place));
  }
  const ValueId y = TRY(lowering.add(
      std::make_unique<CountSketchOp>(options, std::move(columns), signs.values), {x}));
  return transformed(y, options.components, {});
}

}  // namespace

std::span<const EstimatorEntry> random_features_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"RBFSampler", lower_rbf},
      EstimatorEntry{"SkewedChi2Sampler", lower_skewed_chi2},
      EstimatorEntry{"AdditiveChi2Sampler", lower_additive_chi2},
      EstimatorEntry{"PolynomialCountSketch", lower_count_sketch},
  };
  return kTable;
}

}  // namespace slipway::sklearn
