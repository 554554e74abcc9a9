#include "formats/lightgbm/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "formats/lightgbm/objective.h"
#include "formats/lightgbm/trees.h"
#include "graph/ops/basic.h"
#include "graph/ops/encode.h"

namespace slipway::lightgbm {
namespace {

using FeatureCategories = std::vector<std::optional<uint32_t>>;

/// Gives the lists of categories to the chosen features, in order.
std::optional<FeatureCategories> assign(const Booster& booster, const std::vector<bool>& chosen) {
  FeatureCategories assigned(booster.features());
  uint32_t next = 0;
  for (uint32_t i = 0; i < booster.features(); ++i) {
    if (!chosen[i]) continue;
    if (next == booster.pandas.size()) return std::nullopt;
    // The codes that were seen in training must be codes of these categories.
    if (booster.category_max[i] >= static_cast<double>(booster.pandas[next].size())) {
      return std::nullopt;
    }
    assigned[i] = next++;
  }
  if (next != booster.pandas.size()) return std::nullopt;
  return assigned;
}

/// Which feature each list of pandas categories belongs to. The file holds the lists only, in the
/// order of the columns; these are as a rule the columns that LightGBM takes for categorical.
Result<FeatureCategories> find_categories(const Booster& booster) {
  FeatureCategories none(booster.features());
  if (booster.pandas.empty()) return none;
  for (const PandasCategories& categories : booster.pandas) {
    if (categories.kind == PandasCategories::Kind::kOther) {
      return unimplemented(
          "a column of pandas categories that are neither all texts nor all numbers");
    }
  }
  if (!booster.told_categorical.empty()) {
    if (auto assigned = assign(booster, booster.told_categorical)) return *std::move(assigned);
  }
  std::vector<bool> seen(booster.features());
  for (uint32_t i = 0; i < booster.features(); ++i) {
    seen[i] = booster.category_max[i] != kNoCategories;
  }
  if (auto assigned = assign(booster, seen)) return *std::move(assigned);
  return unimplemented(
      fmt::format("it was trained on {} columns of pandas categories, and the file does not say "
                  "which columns they are",
                  booster.pandas.size()));
}

bool is_default_name(std::string_view name, size_t index) {
  return name == fmt::format("Column_{}", index);
}

std::vector<InputColumn> make_columns(const Booster& booster, bool named,
                                      const Result<FeatureCategories>& categories) {
  std::vector<InputColumn> columns(booster.features());
  for (uint32_t i = 0; i < booster.features(); ++i) {
    columns[i].name = named ? booster.feature_names[i] : fmt::format("x{}", i);
    if (!categories.ok() || !(*categories)[i].has_value()) continue;
    const PandasCategories& own = booster.pandas[*(*categories)[i]];
    if (own.kind == PandasCategories::Kind::kText) columns[i].type = ColumnType::kText;
  }
  return columns;
}

OrdinalOp::Column code_column(const PandasCategories& categories, ColumnPick from,
                              const std::string& name) {
  OrdinalOp::Column column;
  column.categories.from = from;
  column.categories.column = fmt::format("column '{}'", name);
  column.categories.is_text = categories.kind == PandasCategories::Kind::kText;
  column.categories.texts = categories.texts;
  column.categories.numbers = categories.numbers;
  column.codes.resize(categories.size());
  for (size_t i = 0; i < column.codes.size(); ++i) column.codes[i] = static_cast<double>(i);
  column.unknown = std::numeric_limits<double>::quiet_NaN();
  return column;
}

OutputSpec number_output(std::string name, ValueId value, uint32_t width) {
  OutputSpec output;
  output.name = std::move(name);
  output.value = value;
  output.width = width;
  output.is_vector = width == 1;
  return output;
}

}  // namespace

LightGbmModel::LightGbmModel(Booster booster)
    : booster_(std::move(booster)), categories_(find_categories(booster_)) {
  for (uint32_t i = 0; i < booster_.features(); ++i) {
    columns_named_ = columns_named_ || !is_default_name(booster_.feature_names[i], i);
  }
  columns_ = make_columns(booster_, columns_named_, categories_);
}

formats::ModelInfo LightGbmModel::info() const {
  formats::ModelInfo info;
  info.class_name = "lightgbm.basic.Booster";
  info.library = "LightGBM";
  info.container = booster_.container;
  if (!booster_.version.empty() && booster_.version != "v2" && booster_.version != "v3" &&
      booster_.version != "v4") {
    info.warnings.push_back(fmt::format("its format {} is not known; Slipway knows v2 to v4",
                                        booster_.version.substr(0, 40)));
  }
  return info;
}

Result<ValueId> LightGbmModel::feature_matrix(GraphBuilder& graph,
                                              const formats::ForeignInputs& inputs,
                                              const std::string& path) const {
  if (!categories_.ok()) return categories_.status();
  const FeatureCategories& categories = *categories_;
  if (booster_.pandas.empty()) return inputs.numbers;
  const bool any_text = std::any_of(columns_.begin(), columns_.end(),
                                    [](const InputColumn& column) { return column.is_text(); });
  const bool any_number = std::any_of(columns_.begin(), columns_.end(),
                                      [](const InputColumn& column) { return !column.is_text(); });
  std::vector<ValueId> sources;
  if (any_number) sources.push_back(inputs.numbers);
  if (any_text) sources.push_back(inputs.strings);
  const auto text_source = static_cast<uint32_t>(sources.size()) - 1;

  uint32_t next_number = 0;
  uint32_t next_text = 0;
  std::vector<OrdinalOp::Column> coded;
  std::vector<ColumnPick> picks;  // from the coded columns or from the numbers
  for (uint32_t i = 0; i < booster_.features(); ++i) {
    const bool is_text = columns_[i].is_text();
    const ColumnPick from =
        is_text ? ColumnPick{text_source, next_text++} : ColumnPick{0, next_number++};
    if (!categories[i].has_value()) {
      picks.push_back({1, from.column});
      continue;
    }
    picks.push_back({0, static_cast<uint32_t>(coded.size())});
    coded.push_back(code_column(booster_.pandas[*categories[i]], from, columns_[i].name));
  }
  const ValueId codes =
      TRY(graph.add(std::make_unique<OrdinalOp>(std::move(coded)), std::move(sources), path));
  const bool any_plain = std::any_of(picks.begin(), picks.end(),
                                     [](const ColumnPick& pick) { return pick.input == 1; });
  std::vector<ValueId> parts{codes};
  if (any_plain) parts.push_back(inputs.numbers);
  return graph.add(std::make_unique<SelectOp>(std::move(picks)), std::move(parts), path);
}

Result<ValueId> LightGbmModel::predict(GraphBuilder& graph, ValueId raw, size_t iterations,
                                       const std::string& path) const {
  using Conversion = Objective::Conversion;
  using Function = ScoreLinkOp::Function;
  const Objective objective = TRY(parse_objective(booster_.objective));
  ValueId value = raw;
  const auto link = [&](Function function, double scale = 1) {
    return graph.add(std::make_unique<ScoreLinkOp>(function, scale), {value}, path);
  };
  const auto activation = [&](ActivationOp::Function function) {
    return graph.add(std::make_unique<ActivationOp>(function), {value}, path);
  };
  if (booster_.average_output) {
    value = TRY(link(Function::kDivide, static_cast<double>(iterations)));
  }
  switch (objective.conversion) {
    case Conversion::kNone: return value;
    case Conversion::kSignedSquare: return link(Function::kSignedSquare);
    case Conversion::kExp: return activation(ActivationOp::Function::kExp);
    case Conversion::kSigmoid: return link(Function::kSigmoid, objective.sigmoid);
    case Conversion::kSoftmax: return activation(ActivationOp::Function::kSoftmax);
    case Conversion::kSoftplus: return link(Function::kSoftplus);
  }
  return value;
}

Result<std::vector<OutputSpec>> LightGbmModel::lower(GraphBuilder& graph,
                                                     const formats::ForeignInputs& inputs,
                                                     const formats::ForeignOptions& options,
                                                     const std::string& path) const {
  const uint32_t width = booster_.trees_per_iteration;
  size_t iterations = booster_.trees.size() / width;
  if (options.iterations > 0) iterations = std::min<size_t>(iterations, options.iterations);
  LoweredTrees trees = TRY(lower_trees(booster_, iterations * width));
  ValueId x = TRY(feature_matrix(graph, inputs, path));
  if (!trees.picks.empty()) {
    x = TRY(graph.add(std::make_unique<ZeroAsMissingOp>(kZero, std::move(trees.picks)), {x}, path));
  }
  std::unique_ptr<const Op> op;
  if (trees.linear.has_value()) {
    op = std::make_unique<LinearTreesOp>(trees.ensemble, *std::move(trees.linear));
  } else {
    op = std::make_unique<TreeEnsembleOp>(trees.ensemble);
  }
  const ValueId raw = TRY(graph.add(std::move(op), {x}, path));
  const ValueId value = TRY(predict(graph, raw, iterations, path));
  std::vector<OutputSpec> outputs = {number_output("predict", value, width),
                                     number_output("raw_score", raw, width)};
  const size_t count = trees.ensemble->roots.size();
  if (count > 0 && count <= kLeafTreesMax) {
    const ValueId leaves =
        TRY(graph.add(std::make_unique<TreeLeavesOp>(trees.ensemble, false), {x}, path));
    outputs.push_back(number_output("leaf", leaves, static_cast<uint32_t>(count)));
    outputs.back().is_vector = false;  // one tree or many
  }
  return outputs;
}

}  // namespace slipway::lightgbm
