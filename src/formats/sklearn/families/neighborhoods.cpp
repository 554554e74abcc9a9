// sklearn.neighbors beside the nearest k that vote: by radius, LocalOutlierFactor, graphs of
// neighbours, KernelDensity.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "formats/sklearn/families/neighbor_search.h"
#include "graph/ops/linear.h"
#include "graph/ops/neighborhood.h"

namespace slipway::sklearn {
namespace {

Result<Step> lower_outlier_factor(Lowering& lowering, pickle::Value self, const Features& input) {
  if (!TRY(bool_attr_or(self, "novelty", false))) {
    return unimplemented("it was fitted with novelty=False: it judges its training rows only");
  }
  const ValueId x = TRY(lowering.finite(self, input));
  const int64_t k = TRY(int_attr_or(self, "n_neighbors_", 20));
  const ValueId list = TRY(neighbor_list(lowering, x, TRY(fitted_neighbors(self)), k));
  const pickle::Array<double> distances = TRY(matrix_attr(self, "_distances_fit_X_"));
  if (distances.columns() < static_cast<uint64_t>(k)) {
    return invalid_argument("_distances_fit_X_: fewer columns than neighbours");
  }
  std::vector<double> farthest;
  for (size_t i = 0; i < distances.rows(); ++i) {
    farthest.push_back(distances.values[i * distances.columns() + static_cast<size_t>(k) - 1]);
  }
  const ValueId samples = TRY(lowering.add(
      std::make_unique<OutlierFactorOp>(std::move(farthest), TRY(f64_attr(self, "_lrd")).values),
      {list}));
  return outlier_detector(lowering, samples, TRY(TRY(self.attr("offset_")).as_double()));
}

/// radius, weights, points and metric.
Result<RadiusNeighborsOp::Search> radius_search(pickle::Value self, uint32_t features) {
  FittedNeighbors fitted = TRY(fitted_neighbors(self));
  RadiusNeighborsOp::Search search;
  search.radius = TRY(double_attr_or(self, "radius", 1.0));
  search.features = features;
  search.points = std::move(fitted.points);
  search.distance = std::move(fitted.distance);
  const auto weights = self.find_attr("weights");
  if (weights.has_value() && !weights->is_none()) {
    const auto name = weights->as_string();
    if (!name.ok()) return unimplemented(fmt::format("{}.weights is code", self.name()));
    search.distance_weights = *name == "distance";
  }
  return search;
}

Result<ValueId> radius_neighbors(Lowering& lowering, ValueId x, RadiusNeighborsOp::Search search,
                                 NeighborsOp::Targets targets, RadiusNeighborsOp::Outlier outlier) {
  return lowering.add(std::make_unique<RadiusNeighborsOp>(std::move(search), std::move(targets),
                                                          std::move(outlier)),
                      {x});
}

Result<Step> lower_radius_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  pickle::Array<double> y = TRY(f64_attr(self, "_y"));
  const bool is_vector = y.shape.size() < 2;
  NeighborsOp::Targets targets;
  targets.value_count = is_vector ? 1 : static_cast<uint32_t>(y.columns());
  targets.values = std::move(y.values);
  const uint32_t width = targets.value_count;
  const ValueId mean = TRY(radius_neighbors(
      lowering, x, TRY(radius_search(self, lowering.type(x).width)), std::move(targets), {}));
  return regressor(mean, width, is_vector);
}

/// The labels of one target, and what a row without neighbours gets.
struct RadiusTarget {
  LabelTable labels;
  LabelTable with_outlier;  // the labels, then the outlier's
  uint32_t outlier = 0;     // its place among the latter
};

Result<RadiusTarget> radius_target(pickle::Value classes,
                                   const std::optional<pickle::Value>& outlier) {
  RadiusTarget target;
  target.labels = TRY(label_table(classes));
  target.with_outlier = labels_at(target.labels, {0});
  if (outlier.has_value()) target.with_outlier = TRY(label_table(*outlier));
  if (target.with_outlier.size() != 1 || target.with_outlier.dtype != target.labels.dtype) {
    return unimplemented("outlier_label: expected one label of the classes' type");
  }
  const Result<std::vector<uint32_t>> place = label_places(target.with_outlier, target.labels);
  target.outlier = static_cast<uint32_t>(place.ok() ? (*place)[0] : target.labels.size());
  LabelTable both = target.labels;
  const LabelTable& one = target.with_outlier;
  both.ints.insert(both.ints.end(), one.ints.begin(), one.ints.end());
  both.floats.insert(both.floats.end(), one.floats.begin(), one.floats.end());
  both.strings.insert(both.strings.end(), one.strings.begin(), one.strings.end());
  target.with_outlier = std::move(both);
  return target;
}

Result<std::vector<RadiusTarget>> radius_targets(pickle::Value self, bool several) {
  const pickle::Value classes = TRY(self.attr("classes_"));
  const auto outlier = self.find_attr("outlier_label_");
  std::vector<pickle::Value> outliers;
  if (outlier.has_value() && !outlier->is_none()) {
    outliers = TRY(pickle::to_values(*outlier)).values;
  }
  std::vector<pickle::Value> tables{classes};
  if (several) tables = TRY(pickle::to_values(classes)).values;
  std::vector<RadiusTarget> targets;
  for (size_t i = 0; i < tables.size(); ++i) {
    const auto own = i < outliers.size() ? std::optional(outliers[i]) : std::nullopt;
    targets.push_back(TRY(radius_target(tables[i], own)));
  }
  return targets;
}

/// `count` columns from `first` on.
Result<ValueId> columns_from(Lowering& lowering, ValueId value, uint32_t first, uint32_t count) {
  std::vector<uint32_t> picks;
  for (uint32_t i = 0; i < count; ++i) picks.push_back(first + i);
  return pick_columns(lowering, value, picks);
}

Result<Step> radius_step(Lowering& lowering, ValueId votes,
                         const std::vector<RadiusTarget>& targets, bool several) {
  Step step;
  step.methods.emplace_back();
  std::vector<ValueId> indices;
  std::vector<LabelTable> labels;
  uint32_t first = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto classes = static_cast<uint32_t>(targets[i].labels.size());
    const ValueId all = TRY(columns_from(lowering, votes, first, classes + 1));
    const ValueId own = TRY(columns_from(lowering, votes, first, classes));
    const ValueId proba =
        TRY(row_function(lowering, own, RowFunctionOp::Function::kNormalizeOrKeep));
    indices.push_back(TRY(lowering.add(std::make_unique<ArgMaxOp>(), {all})));
    labels.push_back(targets[i].with_outlier);
    step.methods.push_back(
        number_method(several ? fmt::format("predict_proba_{}", i) : "predict_proba", proba,
                      classes, false, label_names(targets[i].labels)));
    first += classes + 1;
  }
  step.methods[0] = several ? TRY(several_labels(lowering, indices, labels))
                            : label_method(indices[0], labels[0]);
  return step;
}

Result<Step> lower_radius_classifier(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const bool several = TRY(bool_attr_or(self, "outputs_2d_", false));
  const std::vector<RadiusTarget> found = TRY(radius_targets(self, several));
  if (found.empty() || found.size() + 1 > kOutputsMax) {
    return unimplemented(fmt::format("{} targets", found.size()));
  }
  NeighborsOp::Targets targets;
  RadiusNeighborsOp::Outlier outlier;
  const auto label = self.find_attr("outlier_label_");
  outlier.refuse = !label.has_value() || label->is_none();
  for (const RadiusTarget& target : found) {
    targets.class_counts.push_back(static_cast<uint32_t>(target.labels.size()));
    outlier.labels.push_back(target.outlier);
  }
  for (const int64_t place : TRY(i64_attr(self, "_y")).values) {
    if (place < 0 || place > int64_t{UINT32_MAX}) return invalid_argument("_y: no usable label");
    targets.labels.push_back(static_cast<uint32_t>(place));
  }
  const ValueId votes =
      TRY(radius_neighbors(lowering, x, TRY(radius_search(self, lowering.type(x).width)),
                           std::move(targets), std::move(outlier)));
  return radius_step(lowering, votes, found, several);
}

std::vector<std::string> numbered_names(std::string_view stem, uint32_t count) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", stem, i));
  return names;
}

Result<Step> lower_neighbor_graph(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  FittedNeighbors fitted = TRY(fitted_neighbors(self));
  const bool distances = string_attr_or(self, "mode", "distance") == "distance";
  const int64_t k = TRY(int_attr_or(self, "n_neighbors", 5)) + (distances ? 1 : 0);
  const uint32_t features = lowering.type(x).width;
  const auto points = static_cast<uint32_t>(fitted.points.size() / std::max(features, 1U));
  const ValueId list = TRY(neighbor_list(lowering, x, std::move(fitted), k));
  const ValueId graph =
      TRY(lowering.add(std::make_unique<NeighborGraphOp>(points, distances), {list}));
  return transformed(graph, points, numbered_names("kneighborstransformer", points));
}

Result<Step> lower_radius_graph(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  RadiusNeighborsOp::Search search = TRY(radius_search(self, lowering.type(x).width));
  search.distance_weights = string_attr_or(self, "mode", "distance") == "distance";
  NeighborsOp::Targets targets;
  targets.lists = true;
  const ValueId graph =
      TRY(radius_neighbors(lowering, x, std::move(search), std::move(targets), {}));
  const uint32_t points = lowering.type(graph).width;
  return transformed(graph, points, numbered_names("radiusneighborstransformer", points));
}

/// The places and distances of the nearest, as kneighbors() gives them.
Result<Step> lower_nearest(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const int64_t k = TRY(int_attr_or(self, "n_neighbors", 5));
  const ValueId list = TRY(neighbor_list(lowering, x, TRY(fitted_neighbors(self)), k));
  const uint32_t width = lowering.type(list).width / 2;
  Step step;
  step.methods.push_back(
      number_method("kneighbors_0", TRY(columns_from(lowering, list, 0, width)), width, false));
  step.methods.push_back(
      number_method("kneighbors_1", TRY(columns_from(lowering, list, width, width)), width, false));
  return step;
}

/// Logarithm of the volume of the unit ball, and of the surface of the unit sphere.
double log_ball(double n) {
  return 0.5 * n * std::log(std::numbers::pi) - std::lgamma(0.5 * n + 1);
}
double log_sphere(double n) { return std::log(2 * std::numbers::pi) + log_ball(n - 1); }

/// What the density's kernel is divided by, in so many dimensions.
double log_kernel_norm(KernelDensityOp::Function function, double h, uint32_t dimensions) {
  using Function = KernelDensityOp::Function;
  const double d = dimensions;
  double factor = 0;
  switch (function) {
    case Function::kGaussian: factor = 0.5 * d * std::log(2 * std::numbers::pi); break;
    case Function::kTophat: factor = log_ball(d); break;
    case Function::kEpanechnikov: factor = log_ball(d) + std::log(2.0 / (d + 2.0)); break;
    case Function::kExponential: factor = log_sphere(d - 1) + std::lgamma(d); break;
    case Function::kLinear: factor = log_ball(d) - std::log(d + 1.0); break;
    case Function::kCosine: {
      double term = 2.0 / std::numbers::pi;
      for (uint32_t k = 1; k <= dimensions; k += 2) {
        factor += term;
        term *= -(d - k) * (d - k - 1) * (2.0 / std::numbers::pi) * (2.0 / std::numbers::pi);
      }
      factor = std::log(factor) + log_sphere(d - 1);
      break;
    }
  }
  return -factor - d * std::log(h);
}

Result<KernelDensityOp::Function> density_function(const std::string& name) {
  using Function = KernelDensityOp::Function;
  if (name == "gaussian") return Function::kGaussian;
  if (name == "tophat") return Function::kTophat;
  if (name == "epanechnikov") return Function::kEpanechnikov;
  if (name == "exponential") return Function::kExponential;
  if (name == "linear") return Function::kLinear;
  if (name == "cosine") return Function::kCosine;
  return unimplemented(fmt::format("KernelDensity.kernel '{}' is not known", name));
}

Result<Step> lower_density(Lowering& lowering, pickle::Value self, const Features& input) {
  constexpr size_t kWeightPlace = 12;
  const ValueId x = TRY(lowering.finite(self, input));
  const pickle::Value tree = TRY(self.attr("tree_"));
  FittedNeighbors fitted = TRY(tree_points(tree));
  KernelDensityOp::Tables tables;
  tables.function = TRY(density_function(string_attr_or(self, "kernel", "gaussian")));
  // bandwidth_ since 1.2; before it was a number anyway.
  const bool renamed = self.find_attr("bandwidth_").has_value();
  tables.bandwidth = TRY(TRY(self.attr(renamed ? "bandwidth_" : "bandwidth")).as_double());
  tables.features = lowering.type(x).width;
  double total = static_cast<double>(fitted.points.size()) / std::max(1U, tables.features);
  const auto state = tree.state();
  if (state.has_value() && state->size() > kWeightPlace && !state->at(kWeightPlace).is_none()) {
    total = 0;
    for (const double weight : TRY(pickle::to_f64(state->at(kWeightPlace))).values) {
      tables.log_weights.push_back(std::log(weight));
      total += weight;
    }
  }
  tables.offset =
      log_kernel_norm(tables.function, tables.bandwidth, tables.features) - std::log(total);
  tables.points = std::move(fitted.points);
  tables.distance = std::move(fitted.distance);
  Step step;
  step.methods.push_back(number_method(
      "score_samples", TRY(lowering.add(std::make_unique<KernelDensityOp>(std::move(tables)), {x})),
      1, true));
  return step;
}

}  // namespace

std::span<const EstimatorEntry> neighborhood_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"LocalOutlierFactor", lower_outlier_factor},
      EstimatorEntry{"RadiusNeighborsClassifier", lower_radius_classifier},
      EstimatorEntry{"RadiusNeighborsRegressor", lower_radius_regressor},
      EstimatorEntry{"KNeighborsTransformer", lower_neighbor_graph},
      EstimatorEntry{"RadiusNeighborsTransformer", lower_radius_graph},
      EstimatorEntry{"NearestNeighbors", lower_nearest},
      EstimatorEntry{"KernelDensity", lower_density},
  };
  return kTable;
}

}  // namespace slipway::sklearn
