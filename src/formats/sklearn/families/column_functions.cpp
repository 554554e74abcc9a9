// KBinsDiscretizer, PowerTransformer, QuantileTransformer, SplineTransformer.
#include "graph/ops/column_functions.h"

#include <fmt/format.h>

#include <cmath>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/encode.h"
#include "graph/ops/random_features.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

constexpr uint32_t kSparseFrom = 65;  // narrower one-hot output is dense even if it was sparse
constexpr RequireFiniteOp::Options kNanAllowed = {.allow_nan = true};

/// The inner edges of each column's bins.
Result<std::vector<std::vector<double>>> read_edges(pickle::Value self, size_t columns) {
  const std::vector<pickle::Value> lists =
      TRY(pickle::to_values(TRY(self.attr("bin_edges_")))).values;
  if (lists.size() != columns) {
    return invalid_argument(fmt::format("KBinsDiscretizer.bin_edges_: expected {} columns, got {}",
                                        columns, lists.size()));
  }
  std::vector<std::vector<double>> edges;
  for (const pickle::Value& list : lists) {
    std::vector<double> all = TRY(pickle::to_f64(list)).values;
    if (all.size() < 2) return invalid_argument("KBinsDiscretizer.bin_edges_: under two edges");
    edges.emplace_back(all.begin() + 1, all.end() - 1);
  }
  return edges;
}

Result<Step> lower_bins(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  std::vector<std::vector<double>> edges = TRY(read_edges(self, input.size()));
  std::vector<size_t> counts;
  uint64_t width = 0;
  for (const std::vector<double>& column : edges) {
    counts.push_back(column.size() + 1);
    width += counts.back();
  }
  const ValueId bins = TRY(lowering.add(std::make_unique<BinsOp>(std::move(edges)), {x}));
  const std::string encode = string_attr_or(self, "encode", "onehot");
  if (encode == "ordinal") {
    return transformed(bins, lowering.type(bins).width, input.names);
  }
  if (width > kWidthMax) return resource_exhausted("bins give too many columns");
  TRY_STATUS(lowering.spend(width, input.longest_name()));
  std::vector<OneHotOp::Column> columns;
  std::vector<std::string> names;
  int32_t next = 0;
  for (uint32_t i = 0; i < counts.size(); ++i) {
    OneHotOp::Column column;
    column.categories.from = {0, i};
    for (size_t k = 0; k < counts[i]; ++k) {
      column.categories.numbers.push_back(static_cast<double>(k));
      column.targets.push_back(next++);
      names.push_back(fmt::format("{}_{}.0", input.name(i), k));
    }
    columns.push_back(std::move(column));
  }
  const auto outputs = static_cast<uint32_t>(width);
  const bool sparse = encode == "onehot" && outputs >= kSparseFrom;
  const ValueId y =
      TRY(lowering.add(std::make_unique<OneHotOp>(outputs, sparse, std::move(columns)), {bins}));
  return transformed(y, outputs, std::move(names));
}

Result<Step> lower_power(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string method = string_attr_or(self, "method", "yeo-johnson");
  const bool box_cox = method == "box-cox";
  if (!box_cox && method != "yeo-johnson") {
    return invalid_argument(fmt::format("PowerTransformer.method '{}' is not known", method));
  }
  ValueId y = TRY(lowering.finite(self, input, kNanAllowed));
  const uint32_t width = lowering.type(y).width;
  if (box_cox) {
    y = TRY(lowering.add(std::make_unique<RequireAboveOp>(0, true, "PowerTransformer"), {y}));
  }
  y = TRY(lowering.add(
      std::make_unique<PowerOp>(box_cox ? PowerOp::Method::kBoxCox : PowerOp::Method::kYeoJohnson,
                                TRY(f64_attr(self, "lambdas_")).values),
      {y}));
  if (TRY(bool_attr_or(self, "standardize", true))) {
    const pickle::Value scaler = TRY(self.attr("_scaler"));
    y = TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width,
                                                   TRY(f64_attr(scaler, "mean_")).values,
                                                   TRY(f64_attr(scaler, "scale_")).values),
                         {y}));
  }
  return transformed(y, width, input.names);
}

Result<Step> lower_quantile(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input, kNanAllowed));
  const uint32_t width = lowering.type(x).width;
  std::vector<double> references = TRY(f64_attr(self, "references_")).values;
  const pickle::Array<double> quantiles = TRY(matrix_attr(self, "quantiles_"));
  if (quantiles.columns() != width || quantiles.rows() != references.size()) {
    return invalid_argument(
        fmt::format("QuantileTransformer.quantiles_: expected {} x {}, got {} x {}",
                    references.size(), width, quantiles.rows(), quantiles.columns()));
  }
  std::vector<double> by_column(quantiles.values.size());
  for (size_t k = 0; k < references.size(); ++k) {
    for (size_t i = 0; i < width; ++i) {
      by_column[i * references.size() + k] = quantiles.values[k * width + i];
    }
  }
  const bool normal = string_attr_or(self, "output_distribution", "uniform") == "normal";
  const ValueId y = TRY(lowering.add(
      std::make_unique<QuantileOp>(normal, std::move(references), std::move(by_column)), {x}));
  return transformed(y, width, input.names);
}

Result<SplineOp::Outside> read_outside(pickle::Value self) {
  using Outside = SplineOp::Outside;
  const std::string word = string_attr_or(self, "extrapolation", "constant");
  if (word == "constant") return Outside::kConstant;
  if (word == "linear") return Outside::kLinear;
  if (word == "continue") return Outside::kContinue;
  if (word == "periodic") return Outside::kPeriodic;
  if (word == "error") return Outside::kRefuse;
  return invalid_argument(fmt::format("SplineTransformer.extrapolation '{}' is not known", word));
}

/// The spline's knots and coefficients; `values` is how many it gives.
Result<SplineOp::Column> read_spline(pickle::Value spline, uint32_t& values) {
  SplineOp::Column column;
  const bool hidden = spline.find_attr("_t").has_value();  // since SciPy 1.15
  column.knots = TRY(f64_attr(spline, hidden ? "_t" : "t")).values;
  const pickle::Array<double> coefficients = TRY(matrix_attr(spline, hidden ? "_c" : "c"));
  const uint64_t rows = coefficients.rows();
  const uint64_t columns = coefficients.columns();
  if (columns == 0 || columns > kWidthMax || (values != 0 && values != columns)) {
    return invalid_argument(fmt::format("SplineTransformer.bsplines_: {} values", columns));
  }
  values = static_cast<uint32_t>(columns);
  bool identity = rows == columns;
  for (size_t i = 0; identity && i < coefficients.values.size(); ++i) {
    identity = coefficients.values[i] == (i / columns == i % columns ? 1 : 0);
  }
  if (!identity) column.coefficients = coefficients.values;
  return column;
}

Result<Step> lower_spline(Lowering& lowering, pickle::Value self, const Features& input) {
  SplineOp::Options options;
  const int64_t degree = TRY(int_attr_or(self, "degree", 3));
  if (degree < 0 || degree > SplineOp::kDegreeMax) {
    return unimplemented(fmt::format("SplineTransformer.degree: expected 0 to {}, got {}",
                                     SplineOp::kDegreeMax, degree));
  }
  options.degree = static_cast<uint32_t>(degree);
  options.outside = TRY(read_outside(self));
  options.drop_last = !TRY(bool_attr_or(self, "include_bias", true));
  options.nan_is_zeros = string_attr_or(self, "handle_missing", "error") == "zeros";
  const ValueId x = TRY(lowering.finite(self, input, {.allow_nan = options.nan_is_zeros}));
  const std::vector<pickle::Value> splines =
      TRY(pickle::to_values(TRY(self.attr("bsplines_")))).values;
  if (splines.size() != input.size()) {
    return invalid_argument(fmt::format("SplineTransformer.bsplines_: expected {}, got {}",
                                        input.size(), splines.size()));
  }
  std::vector<SplineOp::Column> columns;
  uint32_t values = 0;
  for (size_t i = 0; i < splines.size(); ++i) {
    columns.push_back(TRY(read_spline(splines[i], values)));
    const std::vector<double>& knots = columns.back().knots;
    const double middle = knots.empty() ? 0 : knots[knots.size() / 2];
    if (options.outside == SplineOp::Outside::kRefuse && std::isfinite(middle)) {
      lowering.set_example(input.columns[i], fmt::format("{}", middle));
    }
  }
  const ValueId y =
      TRY(lowering.add(std::make_unique<SplineOp>(options, values, std::move(columns)), {x}));
  const uint32_t width = lowering.type(y).width;
  const uint32_t kept = values - (options.drop_last ? 1 : 0);
  TRY_STATUS(lowering.spend(width, input.longest_name()));
  std::vector<std::string> names;
  for (size_t i = 0; i < input.size(); ++i) {
    for (uint32_t k = 0; k < kept; ++k) names.push_back(fmt::format("{}_sp_{}", input.name(i), k));
  }
  return transformed(y, width, std::move(names));
}

}  // namespace

std::span<const EstimatorEntry> column_functions_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"KBinsDiscretizer", lower_bins},
      EstimatorEntry{"PowerTransformer", lower_power},
      EstimatorEntry{"QuantileTransformer", lower_quantile},
      EstimatorEntry{"SplineTransformer", lower_spline},
  };
  return kTable;
}

}  // namespace slipway::sklearn
