#include "formats/sklearn/families/importances.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "formats/pickle/numpy.h"
#include "formats/sklearn/attributes.h"
#include "formats/sklearn/families/fitted_tree.h"

namespace slipway::sklearn {
namespace {

/// The norm of each column of a matrix, as numpy.linalg.norm(matrix, axis=0, ord=order).
std::vector<double> column_norms(const pickle::Array<double>& matrix, double order) {
  const size_t columns = matrix.columns();
  const bool least = order < 0 && std::isinf(order);
  std::vector<double> norms(columns, least ? std::numeric_limits<double>::infinity() : 0.0);
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    const double size = std::fabs(matrix.values[i]);
    double& norm = norms[i % columns];
    if (least) {
      norm = std::min(norm, size);
    } else if (std::isinf(order)) {
      norm = std::max(norm, size);
    } else {
      norm += order == 1 ? size : order == 2 ? size * size : std::pow(size, order);
    }
  }
  if (std::isinf(order) || order == 1) return norms;
  for (double& norm : norms) norm = order == 2 ? std::sqrt(norm) : std::pow(norm, 1 / order);
  return norms;
}

void divide_by_sum(std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  if (sum > 0) {
    for (double& value : values) value /= sum;
  }
}

struct TreeImportances {
  std::vector<double> values;
  bool is_split = false;  // it has more than its root
};

/// How much each feature lowers the impurity in one tree, not normalised.
Result<TreeImportances> of_tree(pickle::Value estimator, size_t features) {
  const pickle::Value nodes = TRY(TRY(estimator.attr("tree_")).attr("nodes"));
  const std::vector<int64_t> left = TRY(int_field(nodes, "left_child"));
  const std::vector<int64_t> right = TRY(int_field(nodes, "right_child"));
  const std::vector<int64_t> feature = TRY(int_field(nodes, "feature"));
  const std::vector<double> impurity = TRY(double_field(nodes, "impurity"));
  const std::vector<double> weight = TRY(double_field(nodes, "weighted_n_node_samples"));
  TreeImportances made{std::vector<double>(features, 0.0), left.size() > 1};
  const auto count = static_cast<int64_t>(left.size());
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i] == -1) continue;
    if (left[i] < 0 || left[i] >= count || right[i] < 0 || right[i] >= count || feature[i] < 0 ||
        feature[i] >= static_cast<int64_t>(features)) {
      return invalid_argument(fmt::format("a tree's node {} points outside the tree", i));
    }
    const auto l = static_cast<size_t>(left[i]);
    const auto r = static_cast<size_t>(right[i]);
    made.values[static_cast<size_t>(feature[i])] +=
        weight[i] * impurity[i] - weight[l] * impurity[l] - weight[r] * impurity[r];
  }
  if (!weight.empty()) {
    for (double& value : made.values) value /= weight[0];
  }
  return made;
}

/// The mean over the trees that are split at all; `each` says whether each tree counts the same.
Result<std::vector<double>> of_trees(const std::vector<pickle::Value>& trees, size_t features,
                                     bool each) {
  std::vector<double> mean(features, 0.0);
  double count = 0;
  for (const pickle::Value tree : trees) {
    TreeImportances one = TRY(of_tree(tree, features));
    if (!one.is_split) continue;
    if (each) divide_by_sum(one.values);
    for (size_t i = 0; i < features; ++i) mean[i] += one.values[i];
    ++count;
  }
  if (count == 0) return mean;
  for (double& value : mean) value /= count;
  divide_by_sum(mean);
  return mean;
}

}  // namespace

Result<std::vector<double>> feature_importances(pickle::Value estimator, double norm_order) {
  if (estimator.find_attr("coef_").has_value()) {
    const pickle::Value coefficients = TRY(estimator.attr("coef_"));
    if (pickle::is_sparse(coefficients)) {
      return column_norms(TRY(pickle::to_dense(coefficients)), norm_order);
    }
    pickle::Array<double> matrix = TRY(f64_attr(estimator, "coef_"));
    if (matrix.shape.size() > 2) return invalid_argument("coef_ has over two dimensions");
    const double order = matrix.shape.size() < 2 ? 1 : norm_order;
    return column_norms(TRY(matrix_attr(estimator, "coef_")), order);
  }
  const int64_t count = TRY(int_attr_or(estimator, "n_features_in_", -1));
  const auto features = static_cast<size_t>(std::clamp<int64_t>(count, 0, int64_t{kColumnsMax}));
  if (estimator.find_attr("tree_").has_value()) {
    TreeImportances one = TRY(of_tree(estimator, features));
    divide_by_sum(one.values);
    return std::move(one.values);
  }
  const std::string_view name = estimator.name();
  const bool forest = name.starts_with("RandomForest") || name.starts_with("ExtraTrees");
  if (forest || name.starts_with("GradientBoosting")) {
    return of_trees(TRY(values_attr(estimator, "estimators_")).values, features, forest);
  }
  return unimplemented(
      fmt::format("the importances of features that {} gives", estimator.type_name()));
}

}  // namespace slipway::sklearn
