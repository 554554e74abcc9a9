// What prepares numbers for models.
#include <array>

#include "graph/codecs/tables.h"
#include "graph/ops/column_functions.h"
#include "graph/ops/impute_model.h"
#include "graph/ops/random_features.h"
#include "graph/ops/scale.h"

namespace slipway {
namespace {

void knn_impute(OpFields& f, KnnImputeOp::Options& options, uint32_t& features,
                std::vector<double>& points, std::vector<uint32_t>& columns) {
  f("missing", options.missing);
  f("neighbors", options.neighbors);
  f("distance_weights", options.distance_weights);
  f("nan_counts", options.nan_counts);
  f("features", features);
  f("points", points);
  f("columns", columns);
}

void fill_predicted(OpFields& f, MissingNumber& missing, double& low, double& high) {
  f("missing", missing);
  f("low", low);
  f("high", high);
}

void quantile(OpFields& f, bool& normal, std::vector<double>& references,
              std::vector<double>& quantiles) {
  f("normal", normal);
  f("references", references);
  f("quantiles", quantiles);
}

void spline(OpFields& f, SplineOp::Options& options, uint32_t& values,
            std::vector<SplineOp::Column>& columns) {
  f("degree", options.degree);
  f("outside", options.outside, {"constant", "linear", "continue", "periodic", "refuse"});
  f("drop_last", options.drop_last);
  f("nan_is_zeros", options.nan_is_zeros);
  f("values", values);
  f.each("knots", columns, &SplineOp::Column::knots);
  f.each("coefficients", columns, &SplineOp::Column::coefficients);
}

void additive_chi2(OpFields& f, uint32_t& steps, double& interval) {
  f("steps", steps);
  f("interval", interval);
}

void count_sketch(OpFields& f, CountSketchOp::Options& options, std::vector<uint32_t>& columns,
                  std::vector<double>& signs) {
  f("features", options.features);
  f("degree", options.degree);
  f("components", options.components);
  f("factor", options.factor);
  f("constant", options.constant);
  f("columns", columns);
  f("signs", signs);
}

void normalize(OpFields& f, NormalizeOp::Norm& norm, double& norm_min) {
  f("norm", norm, {"l1", "l2", "max"});
  f("norm_min", norm_min);
}

}  // namespace

std::span<const OpCodec> feature_codecs() {
  static constexpr std::array kTable = {
      op_codec<KnnImputeOp, knn_impute, &KnnImputeOp::options, &KnnImputeOp::features,
               &KnnImputeOp::points, &KnnImputeOp::columns>("knn_impute", "KnnImpute"),
      op_codec<FillPredictedOp, fill_predicted, &FillPredictedOp::missing, &FillPredictedOp::low,
               &FillPredictedOp::high>("fill_predicted", "FillPredicted"),
      op_codec<NormalizeOp, normalize, &NormalizeOp::norm, &NormalizeOp::norm_min>("normalize",
                                                                                   "Normalize"),
      op_codec<QuantileOp, quantile, &QuantileOp::normal, &QuantileOp::references,
               &QuantileOp::quantiles>("quantile", "Quantile"),
      op_codec<SplineOp, spline, &SplineOp::options, &SplineOp::values, &SplineOp::columns>(
          "spline", "Spline"),
      op_codec<AdditiveChi2Op, additive_chi2, &AdditiveChi2Op::steps, &AdditiveChi2Op::interval>(
          "additive_chi2", "AdditiveChi2"),
      op_codec<CountSketchOp, count_sketch, &CountSketchOp::options, &CountSketchOp::columns,
               &CountSketchOp::signs>("count_sketch", "CountSketch"),
  };
  return kTable;
}

}  // namespace slipway
