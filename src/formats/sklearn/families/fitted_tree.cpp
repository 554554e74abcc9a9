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

template <typename T>
Result<pickle::Column<T>> needed_column(const pickle::Records& nodes, std::string_view name) {
  Result<std::optional<pickle::Column<T>>> column = nodes.column<T>(name);
  if (!column.ok()) return std::move(column).status();
  if (!column->has_value()) return missing_field(name);
  return std::move(**column);
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

Result<StoredTree> stored_tree(pickle::Value estimator) {
  const pickle::Value tree = TRY(estimator.attr("tree_"));
  const pickle::Value records = TRY(tree.attr("nodes"));
  const pickle::Records nodes = TRY(pickle::Records::of(records));
  pickle::Column<int64_t> left = TRY(needed_column<int64_t>(nodes, "left_child"));
  pickle::Column<int64_t> right = TRY(needed_column<int64_t>(nodes, "right_child"));
  pickle::Column<int64_t> feature = TRY(needed_column<int64_t>(nodes, "feature"));
  pickle::Column<double> threshold = TRY(needed_column<double>(nodes, "threshold"));
  std::optional<pickle::Column<uint8_t>> missing_left =
      TRY(nodes.column<uint8_t>("missing_go_to_left"));
  const pickle::Value numbers = TRY(tree.attr("values"));
  pickle::Column<double> values = TRY(pickle::to_column<double>(numbers));
  const std::vector<uint64_t> shape = values.shape;
  const bool usable = shape.size() == 3 && shape[0] == left.size() && shape[1] > 0 &&
                      shape[1] <= kWidthMax && shape[2] > 0 && shape[2] <= kWidthMax / shape[1];
  if (!usable) {
    return invalid_argument(fmt::format("{}.tree_: the values of {} nodes have no usable shape",
                                        estimator.name(), left.size()));
  }
  return StoredTree{std::move(left),
                    std::move(right),
                    std::move(feature),
                    std::move(threshold),
                    std::move(missing_left),
                    std::move(values),
                    static_cast<uint32_t>(shape[1]),
                    static_cast<uint32_t>(shape[2])};
}

Result<FittedTree> read_tree(pickle::Value estimator) {
  const StoredTree stored = TRY(stored_tree(estimator));
  FittedTree made;
  made.outputs = stored.outputs;
  made.output_width = stored.output_width;
  made.nodes.resize(stored.size());
  for (size_t i = 0; i < made.nodes.size(); ++i) made.nodes[i] = stored.node(i);
  made.values.resize(stored.values.size());
  for (size_t i = 0; i < made.values.size(); ++i) made.values[i] = stored.values[i];
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
