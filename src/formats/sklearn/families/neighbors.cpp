// sklearn.neighbors: KNeighborsClassifier and KNeighborsRegressor.
#include <fmt/format.h>

#include <array>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/neighbor_search.h"
#include "graph/ops/neighbors.h"

namespace slipway::sklearn {
namespace {

/// Everything but the targets.
struct Search {
  ValueId input = 0;
  NeighborsOp::Options options;
  uint32_t features = 0;
  FittedNeighbors fitted;
};

Result<Search> search(Lowering& lowering, pickle::Value self, const Features& input) {
  Search found;
  found.fitted = TRY(fitted_neighbors(self));
  RequireFiniteOp::Options finite;
  finite.allow_nan = found.fitted.distance.metric == NeighborsOp::Metric::kNanEuclidean;
  found.input = TRY(lowering.finite(self, input, finite));
  found.features = lowering.type(found.input).width;
  found.options.search = found.fitted.search;
  const int64_t neighbors = TRY(int_attr_or(self, "n_neighbors", 5));
  if (neighbors < 1 || neighbors > int64_t{kWidthMax}) {
    return invalid_argument(
        fmt::format("{}.n_neighbors: no usable value, {}", self.name(), neighbors));
  }
  found.options.neighbors = static_cast<uint32_t>(neighbors);
  const auto weights = self.find_attr("weights");
  if (weights.has_value() && !weights->is_none()) {
    const Result<std::string_view> name = weights->as_string();
    if (!name.ok()) {
      return unimplemented(fmt::format("{}.weights is a Python function", self.name()));
    }
    if (*name != "uniform" && *name != "distance") {
      return unimplemented(fmt::format("{}.weights '{}' is not known", self.name(), *name));
    }
    found.options.distance_weights = *name == "distance";
  }
  return found;
}

Result<ValueId> add_neighbors(Lowering& lowering, Search search, NeighborsOp::Targets targets) {
  return lowering.add(
      std::make_unique<NeighborsOp>(
          search.options, search.features, std::move(search.fitted.points),
          std::move(search.fitted.distance), std::move(search.fitted.tree), std::move(targets)),
      {search.input});
}

Result<Step> lower_regressor(Lowering& lowering, pickle::Value self, const Features& input) {
  Search found = TRY(search(lowering, self, input));
  const pickle::Value y_attr = TRY(self.attr("_y"));
  const pickle::ArrayInfo shape = TRY(pickle::array_info(y_attr));
  const bool is_vector = shape.shape.size() < 2;
  const uint64_t count = is_vector ? 1 : shape.shape[1];
  if (shape.shape.size() > 2 || count == 0 || count > kWidthMax) {
    return invalid_argument(fmt::format("{}._y: no usable shape", self.name()));
  }
  NeighborsOp::Targets targets;
  targets.value_count = static_cast<uint32_t>(count);
  targets.values = TRY(f64_attr(self, "_y")).values;
  const ValueId y = TRY(add_neighbors(lowering, std::move(found), std::move(targets)));
  return regressor(y, static_cast<uint32_t>(count), is_vector);
}

Result<std::vector<LabelTable>> class_tables(pickle::Value self, bool several) {
  const pickle::Value classes = TRY(self.attr("classes_"));
  std::vector<LabelTable> tables;
  if (!several) {
    tables.push_back(TRY(label_table(classes)));
    return tables;
  }
  if (classes.kind() != pickle::Kind::kList) {
    return invalid_argument(fmt::format("{}.classes_: expected a list", self.name()));
  }
  for (size_t i = 0; i < classes.size(); ++i) {
    tables.push_back(TRY(label_table(classes.at(i))));
  }
  return tables;
}

/// So many columns of a dense value from `first` on.
Result<ValueId> slice(Lowering& lowering, ValueId value, uint32_t first, uint32_t count) {
  if (first == 0 && lowering.type(value).width == count) return value;
  std::vector<ColumnPick> picks;
  for (uint32_t i = 0; i < count; ++i) picks.push_back({0, first + i});
  return lowering.add(std::make_unique<SelectOp>(std::move(picks)), {value});
}

/// The methods from the votes of all targets, side by side.
Result<Step> vote_step(Lowering& lowering, ValueId votes, const std::vector<LabelTable>& tables,
                       bool several) {
  uint32_t all = 0;
  for (const LabelTable& table : tables) all += static_cast<uint32_t>(table.size());
  // With distance weights the sums that decide predict follow those of predict_proba.
  const uint32_t deciding = lowering.type(votes).width - all;
  Step step;
  std::vector<ValueId> chosen;
  std::vector<Method> probabilities;
  uint32_t first = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    const auto classes = static_cast<uint32_t>(tables[i].size());
    const ValueId scores = TRY(slice(lowering, votes, deciding + first, classes));
    // One class has index 0 whatever its votes.
    const double threshold = classes == 1 ? std::numeric_limits<double>::infinity() : 0;
    chosen.push_back(TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {scores})));
    const ValueId own = TRY(slice(lowering, votes, first, classes));
    const ValueId normal = TRY(lowering.add(
        std::make_unique<ActivationOp>(ActivationOp::Function::kNormalizeRows), {own}));
    probabilities.push_back(
        number_method(several ? fmt::format("predict_proba_{}", i) : "predict_proba", normal,
                      classes, false, label_names(tables[i])));
    first += classes;
  }
  if (!several) {
    step.methods.push_back(label_method(chosen[0], tables[0]));
  } else {
    Method predict =
        label_method(TRY(lowering.add(std::make_unique<ConcatIndexOp>(), chosen)), tables[0]);
    predict.width = static_cast<uint32_t>(tables.size());
    predict.is_vector = false;
    predict.labels = tables;
    step.methods.push_back(std::move(predict));
  }
  for (Method& method : probabilities) step.methods.push_back(std::move(method));
  return step;
}

Result<Step> lower_classifier(Lowering& lowering, pickle::Value self, const Features& input) {
  Search found = TRY(search(lowering, self, input));
  const bool several = TRY(bool_attr_or(self, "outputs_2d_", false));
  const std::vector<LabelTable> tables = TRY(class_tables(self, several));
  // Leaves room for the other outputs of a model.
  constexpr size_t kTargetsMax = 60;
  if (tables.empty() || tables.size() > kTargetsMax) {
    return unimplemented(fmt::format("{}: {} targets, at most {} are supported", self.name(),
                                     tables.size(), kTargetsMax));
  }
  NeighborsOp::Targets targets;
  for (const LabelTable& table : tables) {
    targets.class_counts.push_back(static_cast<uint32_t>(table.size()));
  }
  for (const int64_t label : TRY(i64_attr(self, "_y")).values) {
    if (label < 0 || label > int64_t{kWidthMax}) {
      return invalid_argument(fmt::format("{}._y: no usable label, {}", self.name(), label));
    }
    targets.labels.push_back(static_cast<uint32_t>(label));
  }
  const ValueId votes = TRY(add_neighbors(lowering, std::move(found), std::move(targets)));
  return vote_step(lowering, votes, tables, several);
}

}  // namespace

std::span<const EstimatorEntry> neighbors_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"KNeighborsClassifier", lower_classifier},
      EstimatorEntry{"KNeighborsRegressor", lower_regressor},
  };
  return kTable;
}

}  // namespace slipway::sklearn
