// Clusterings that can tell the cluster of a new row, by its nearest centre; NearestCentroid and
// FeatureAgglomeration.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/members.h"
#include "graph/ops/cluster_tree.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/linear.h"
#include "graph/ops/naive_bayes.h"
#include "graph/ops/pairwise.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {
namespace {

/// Labels 0, 1, ...
LabelTable numbered(size_t count) {
  LabelTable labels;
  for (size_t i = 0; i < count; ++i) labels.ints.push_back(static_cast<int64_t>(i));
  return labels;
}

struct Centers {
  uint32_t count = 0;
  std::vector<double> values;
};

Result<Centers> read_centers(pickle::Value self, std::string_view name, uint32_t features) {
  pickle::Array<double> centers = TRY(matrix_attr(self, name));
  if (centers.columns() != features || centers.rows() == 0 || centers.rows() > kWidthMax) {
    return invalid_argument(fmt::format("{}.{}: no usable shape", self.name(), name));
  }
  return Centers{static_cast<uint32_t>(centers.rows()), std::move(centers.values)};
}

Result<ValueId> distances(Lowering& lowering, ValueId x, PairwiseFunction function,
                          std::vector<double> points) {
  return lowering.add(std::make_unique<PairwiseOp>(PairwiseProgram::distance(function),
                                                   lowering.type(x).width, std::move(points)),
                      {x});
}

/// The first of the smallest.
Result<ValueId> nearest(Lowering& lowering, ValueId distance) {
  if (lowering.type(distance).width == 1) {
    // The distance is an input so that what checks the row stays.
    const ValueId one =
        TRY(lowering.add(std::make_unique<ConstantOp>(std::vector<double>{1, 0}), {distance}));
    return lowering.add(std::make_unique<ArgMaxOp>(), {one});
  }
  return lowering.add(std::make_unique<ArgMaxOp>(), {TRY(scaled(lowering, distance, -1))});
}

/// predict by the nearest centre, `labels` saying each centre's; transform gives the distances.
Result<Step> nearest_step(Lowering& lowering, ValueId x, Centers centers, const LabelTable& labels,
                          std::string_view transformed_name) {
  if (labels.size() != centers.count) {
    return invalid_argument(fmt::format("{} labels for {} centres", labels.size(), centers.count));
  }
  const ValueId squares =
      TRY(distances(lowering, x, PairwiseFunction::kSquaredEuclidean, std::move(centers.values)));
  Step step;
  step.methods.push_back(label_method(TRY(nearest(lowering, squares)), labels));
  if (transformed_name.empty()) return step;
  const ValueId lengths =
      TRY(lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kSqrt), {squares}));
  std::vector<std::string> names;
  for (uint32_t k = 0; k < centers.count; ++k) {
    names.push_back(fmt::format("{}{}", transformed_name, k));
  }
  step.transform = all_columns(lengths, centers.count, std::move(names));
  return step;
}

Result<Step> lower_k_means(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  Centers centers = TRY(read_centers(self, "cluster_centers_", lowering.type(x).width));
  LabelTable labels = numbered(centers.count);
  const bool mini = self.name() == "MiniBatchKMeans";
  return nearest_step(lowering, x, std::move(centers), labels, mini ? "minibatchkmeans" : "kmeans");
}

Result<Step> lower_plain_centers(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const auto attr = self.find_attr("cluster_centers_");
  if (!attr.has_value() || attr->is_none()) return unimplemented("it found no cluster centres");
  Centers centers = TRY(read_centers(self, "cluster_centers_", lowering.type(x).width));
  LabelTable labels = numbered(centers.count);
  return nearest_step(lowering, x, std::move(centers), labels, "");
}

Result<Step> lower_birch(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  Centers centers = TRY(read_centers(self, "subcluster_centers_", lowering.type(x).width));
  LabelTable labels;
  labels.ints = TRY(i64_attr(self, "subcluster_labels_")).values;
  return nearest_step(lowering, x, std::move(centers), labels, "birch");
}

/// The tree's nodes in an order in which children come behind their parents.
Result<ClusterTreeOp::Tables> bisecting_tables(Lowering& lowering, pickle::Value self,
                                               uint32_t features, size_t clusters) {
  std::vector<double> mean(features, 0.0);
  if (const auto attr = self.find_attr("_X_mean"); attr.has_value() && !attr->is_none()) {
    mean = TRY(pickle::to_f64(*attr)).values;
  }
  ClusterTreeOp::Tables tables;
  tables.features = features;
  std::vector<pickle::Value> nodes{TRY(self.attr("_bisecting_tree"))};
  for (size_t i = 0; i < nodes.size(); ++i) {
    // Each split makes one cluster more.
    if (nodes.size() > 2 * clusters) {
      return invalid_argument("_bisecting_tree: more nodes than its clusters need");
    }
    TRY_STATUS(lowering.spend(features));
    const std::vector<double> center = TRY(f64_attr(nodes[i], "center")).values;
    if (center.size() != features || mean.size() != features) {
      return invalid_argument("_bisecting_tree: a centre of another number of columns");
    }
    for (size_t j = 0; j < features; ++j) tables.centers.push_back(center[j] + mean[j]);
    ClusterTreeOp::Node node;
    const auto left = nodes[i].find_attr("left");
    if (left.has_value() && !left->is_none()) {
      node.left = static_cast<uint32_t>(nodes.size());
      nodes.push_back(*left);
      nodes.push_back(TRY(nodes[i].attr("right")));
    } else {
      const int64_t label = TRY(TRY(nodes[i].attr("label")).as_int());
      if (label < 0 || label >= static_cast<int64_t>(clusters)) {
        return invalid_argument("_bisecting_tree: no usable label");
      }
      node.label = static_cast<uint32_t>(label);
    }
    tables.nodes.push_back(node);
  }
  return tables;
}

Result<Step> lower_bisecting(Lowering& lowering, pickle::Value self, const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  Centers centers = TRY(read_centers(self, "cluster_centers_", features));
  const LabelTable labels = numbered(centers.count);
  Step step = TRY(nearest_step(lowering, x, std::move(centers), labels, "bisectingkmeans"));
  // Which centre is nearest is asked level by level, and may be another in the end.
  step.methods[0].value = TRY(lowering.add(std::make_unique<ClusterTreeOp>(TRY(bisecting_tables(
                                               lowering, self, features, labels.size()))),
                                           {x}));
  return step;
}

bool is_uniform(const std::vector<double>& priors) {
  const double share = 1 / static_cast<double>(priors.size());
  return std::all_of(priors.begin(), priors.end(), [share](double prior) {
    return std::fabs(prior - share) <= 1e-8 + 1e-5 * share;  // numpy.isclose
  });
}

/// Since 1.6: scores from distances in units of the deviation within classes.
Result<ValueId> centroid_scores(Lowering& lowering, pickle::Value self, ValueId x,
                                PairwiseFunction function, std::vector<double> centers,
                                const std::vector<double>& priors) {
  std::vector<double> deviation = TRY(f64_attr(self, "within_class_std_dev_")).values;
  const uint32_t features = lowering.type(x).width;
  if (deviation.size() != features) {
    return invalid_argument("within_class_std_dev_: another number of columns");
  }
  for (double& value : deviation) value = value == 0 ? 1 : value;
  for (size_t i = 0; i < centers.size(); ++i) centers[i] /= deviation[i % features];
  const ValueId unit =
      TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, features,
                                                 std::vector<double>{}, std::move(deviation)),
                       {x}));
  ValueId squares = TRY(distances(lowering, unit, function, std::move(centers)));
  if (function != PairwiseFunction::kSquaredEuclidean) {
    squares = TRY(
        lowering.add(std::make_unique<ElementwiseOp>(ElementwiseOp::Function::kSquare), {squares}));
  }
  std::vector<double> shifts;
  shifts.reserve(priors.size());
  for (const double prior : priors) shifts.push_back(2.0 * std::log(prior));
  const auto width = static_cast<uint32_t>(priors.size());
  return lowering.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width, std::move(shifts),
                                std::vector<double>(width, -1.0)),
      {squares});
}

Status add_centroid_scores(Lowering& lowering, ValueId scores, const LabelTable& labels,
                           Step& step) {
  const std::vector<std::string> names = label_names(labels);
  const auto width = static_cast<uint32_t>(labels.size());
  const ValueId logs = TRY(lowering.add(std::make_unique<LogNormalizeOp>(), {scores}));
  step.methods.push_back(number_method("predict_proba",
                                       TRY(activated(lowering, logs, ActivationOp::Function::kExp)),
                                       width, false, names));
  step.methods.push_back(number_method("predict_log_proba", logs, width, false, names));
  if (width == 2) {
    scores = TRY(lowering.add(
        std::make_unique<LinearOp>(1, 2, std::vector<double>{-1, 1}, std::vector<double>{0}),
        {scores}));
  }
  step.methods.push_back(number_method("decision_function", scores, lowering.type(scores).width,
                                       width == 2,
                                       width == 2 ? std::vector<std::string>{} : names));
  return {};
}

Result<Step> lower_nearest_centroid(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string metric = string_attr_or(self, "metric", "");
  if (metric != "euclidean" && metric != "manhattan") {
    return unimplemented(fmt::format("NearestCentroid.metric '{}' is not supported", metric));
  }
  const bool euclidean = metric == "euclidean";
  const PairwiseFunction function =
      euclidean ? PairwiseFunction::kSquaredEuclidean : PairwiseFunction::kManhattan;
  const ValueId x = TRY(lowering.finite(self, input));
  const LabelTable labels = TRY(label_table(TRY(self.attr("classes_"))));
  const Centers centers = TRY(read_centers(self, "centroids_", lowering.type(x).width));
  if (centers.count != labels.size()) {
    return invalid_argument("centroids_: another number than of classes");
  }
  Step step;
  const ValueId distance = TRY(distances(lowering, x, function, centers.values));
  step.methods.push_back(label_method(TRY(nearest(lowering, distance)), labels));
  if (!self.find_attr("class_prior_").has_value()) return step;
  const std::vector<double> priors = TRY(f64_attr(self, "class_prior_")).values;
  if (priors.size() != labels.size()) return invalid_argument("class_prior_: another size");
  const ValueId scores = TRY(centroid_scores(lowering, self, x, function, centers.values, priors));
  if (!is_uniform(priors)) {
    step.methods[0].value = TRY(lowering.add(std::make_unique<ArgMaxOp>(), {scores}));
  }
  if (euclidean) TRY_STATUS(add_centroid_scores(lowering, scores, labels, step));
  return step;
}

/// Columns of one cluster become one, their mean or sum.
Result<Step> lower_feature_agglomeration(Lowering& lowering, pickle::Value self,
                                         const Features& input) {
  const ValueId x = TRY(lowering.finite(self, input));
  const uint32_t features = lowering.type(x).width;
  const pickle::Value pooling = TRY(self.attr("pooling_func"));
  const bool mean = pooling.is("numpy", "mean");
  if (!mean && !pooling.is("numpy", "sum")) {
    return unimplemented(
        fmt::format("FeatureAgglomeration.pooling_func {} is not numpy.mean or numpy.sum",
                    pooling.type_name()));
  }
  const std::vector<int64_t> labels = TRY(i64_attr(self, "labels_")).values;
  std::vector<double> sizes;
  for (const int64_t label : labels) {
    if (label < 0 || label >= static_cast<int64_t>(labels.size())) {
      return invalid_argument("FeatureAgglomeration.labels_: no usable label");
    }
    if (sizes.size() <= static_cast<size_t>(label)) sizes.resize(static_cast<size_t>(label) + 1);
    sizes[static_cast<size_t>(label)] += 1;
  }
  if (labels.size() != features) {
    return invalid_argument(fmt::format("{} labels for {} columns", labels.size(), features));
  }
  const auto clusters = static_cast<uint32_t>(sizes.size());
  TRY_STATUS(lowering.spend(uint64_t{clusters} * features / 64));
  std::vector<double> weights(size_t{clusters} * features, 0.0);
  for (size_t j = 0; j < features; ++j) {
    weights[static_cast<size_t>(labels[j]) * features + j] = 1;
  }
  ValueId y = TRY(lowering.add(std::make_unique<LinearOp>(clusters, features, std::move(weights),
                                                          std::vector<double>(clusters)),
                               {x}));
  if (mean) {
    y = TRY(lowering.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, clusters,
                                                   std::vector<double>{}, std::move(sizes)),
                         {y}));
  }
  std::vector<std::string> names;
  for (uint32_t k = 0; k < clusters; ++k) names.push_back(fmt::format("featureagglomeration{}", k));
  return transformed(y, clusters, std::move(names));
}

}  // namespace

std::span<const EstimatorEntry> cluster_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"KMeans", lower_k_means},
      EstimatorEntry{"MiniBatchKMeans", lower_k_means},
      EstimatorEntry{"BisectingKMeans", lower_bisecting},
      EstimatorEntry{"Birch", lower_birch},
      EstimatorEntry{"MeanShift", lower_plain_centers},
      EstimatorEntry{"AffinityPropagation", lower_plain_centers},
      EstimatorEntry{"NearestCentroid", lower_nearest_centroid},
      EstimatorEntry{"FeatureAgglomeration", lower_feature_agglomeration},
  };
  return kTable;
}

}  // namespace slipway::sklearn
