#include "formats/sklearn/families/fitted_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {
namespace {

Status missing_field(std::string_view name) {
  return invalid_argument(fmt::format("the nodes of a tree have no field '{}'", name));
}

Result<std::vector<SourceTreeNode>> read_nodes(pickle::Value nodes) {
  const std::vector<int64_t> left = TRY(int_field(nodes, "left_child"));
  const std::vector<int64_t> right = TRY(int_field(nodes, "right_child"));
  const std::vector<int64_t> feature = TRY(int_field(nodes, "feature"));
  const std::vector<double> threshold = TRY(double_field(nodes, "threshold"));
  // Since 1.3.
  const auto missing = pickle::field_i64(nodes, "missing_go_to_left");
  if (!missing.ok()) return missing.status();
  std::vector<SourceTreeNode> made(left.size());
  for (size_t i = 0; i < made.size(); ++i) {
    SourceTreeNode& node = made[i];
    node.is_leaf = left[i] == -1;
    node.left = left[i];
    node.right = right[i];
    node.feature = feature[i];
    node.threshold = threshold[i];
    node.missing_left = missing->has_value() && (*missing)->values[i] != 0;
  }
  return made;
}

}  // namespace

Result<std::vector<int64_t>> int_field(pickle::Value nodes, std::string_view name) {
  Result<std::optional<pickle::Array<int64_t>>> field = pickle::field_i64(nodes, name);
  if (!field.ok()) return std::move(field).status();
  if (!field->has_value()) return missing_field(name);
  return std::move((*field)->values);
}

Result<std::vector<double>> double_field(pickle::Value nodes, std::string_view name) {
  Result<std::optional<pickle::Array<double>>> field = pickle::field_f64(nodes, name);
  if (!field.ok()) return std::move(field).status();
  if (!field->has_value()) return missing_field(name);
  return std::move((*field)->values);
}

Result<pickle::Array<pickle::Value>> values_attr(pickle::Value self, std::string_view name) {
  const pickle::Value value = TRY(self.attr(name));
  return pickle::to_values(value);
}

Result<FittedTree> read_tree(pickle::Value estimator) {
  const pickle::Value tree = TRY(estimator.attr("tree_"));
  FittedTree made;
  const pickle::Value nodes = TRY(tree.attr("nodes"));
  made.nodes = TRY(read_nodes(nodes));
  pickle::Array<double> values = TRY(f64_attr(tree, "values"));
  const bool usable = values.shape.size() == 3 && values.shape[0] == made.nodes.size() &&
                      values.shape[1] > 0 && values.shape[1] <= kWidthMax && values.shape[2] > 0 &&
                      values.shape[2] <= kWidthMax / values.shape[1];
  if (!usable) {
    return invalid_argument(fmt::format("{}.tree_: the values of {} nodes have no usable shape",
                                        estimator.name(), made.nodes.size()));
  }
  made.outputs = static_cast<uint32_t>(values.shape[1]);
  made.output_width = static_cast<uint32_t>(values.shape[2]);
  made.values = std::move(values.values);
  return made;
}

bool tree_takes_missing(pickle::Value estimator) {
  if (!written_since(estimator, 1, 3)) return false;
  const bool extra = estimator.name().starts_with("ExtraTree");
  const std::string splitter = string_attr_or(estimator, "splitter", extra ? "random" : "best");
  if (written_since(estimator, 1, 9)) return !extra || splitter == "random";
  const auto constraints = estimator.find_attr("monotonic_cst");
  if (constraints.has_value() && !constraints->is_none()) return false;
  static constexpr std::array<std::string_view, 6> kCriteria = {
      "gini", "log_loss", "entropy", "squared_error", "friedman_mse", "poisson"};
  const std::string criterion = string_attr_or(estimator, "criterion", "");
  if (std::find(kCriteria.begin(), kCriteria.end(), criterion) == kCriteria.end()) return false;
  // Random splits learnt it in 1.6.
  if (!written_since(estimator, 1, 6)) return splitter == "best";
  return splitter == "random" || (splitter == "best" && !extra);
}

}  // namespace slipway::sklearn
