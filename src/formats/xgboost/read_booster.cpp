// The values of a JSON or UBJSON file to a Booster: learner.cc, gbtree_model.cc, tree_model.cc,
// multi_target_tree_model.cc and cat_container.cc of XGBoost say which value stands where.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include "formats/xgboost/internal/booster.h"

namespace slipway::xgboost {
namespace {

constexpr uint32_t kCategoryMax = 1U << 24;  // XGBoost's own bound
constexpr uint32_t kFeaturesMax = 1U << 20;
constexpr uint32_t kOutputsMax = 1U << 20;
constexpr uint64_t kNumbersMax = uint64_t{1} << 26;

Result<uint32_t> to_count(double value, std::string_view where, uint32_t largest) {
  if (!(value >= 0 && value <= largest) || value != std::floor(value)) {
    return invalid_argument(
        fmt::format("{}: expected a whole number up to {}, got {}", where, largest, value));
  }
  return static_cast<uint32_t>(value);
}

/// Parameters are texts that hold numbers.
Result<double> text_number(std::string_view text, std::string_view where) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) {
    return invalid_argument(fmt::format("{}: expected a number, got '{}'", where, text));
  }
  return value;
}

Result<uint32_t> count_parameter(const DocumentValue& object, std::string_view key,
                                 uint32_t fallback, uint32_t largest) {
  const auto found = object.find(key);
  if (!found.has_value()) return fallback;
  return to_count(TRY(text_number(TRY(found->as_string(key)), key)), key, largest);
}

/// "5E-1", or since 3.1 "[4.6E-1,1E0]".
Result<std::vector<float>> read_base_score(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<float> scores;
  while (true) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    scores.push_back(static_cast<float>(TRY(text_number(part, "base_score"))));
    if (comma == std::string_view::npos) return scores;
    if (scores.size() > kOutputsMax) return invalid_argument("base_score: too many numbers");
    text.remove_prefix(comma + 1);
  }
}

Status read_model_parameters(const DocumentValue& learner, Booster& booster) {
  const DocumentValue parameters = TRY(learner.at("learner_model_param"));
  booster.base_score =
      TRY(read_base_score(TRY(TRY(parameters.at("base_score")).as_string("base_score"))));
  booster.features = TRY(count_parameter(parameters, "num_feature", 0, kFeaturesMax));
  booster.classes = TRY(count_parameter(parameters, "num_class", 0, kOutputsMax));
  booster.targets = TRY(count_parameter(parameters, "num_target", 1, kOutputsMax));
  return {};
}

Result<std::vector<std::string>> read_texts(const DocumentValue& learner, std::string_view key) {
  std::vector<std::string> texts;
  const auto found = learner.find(key);
  if (!found.has_value()) return texts;
  for (const DocumentValue& text : found->children()) {
    texts.emplace_back(TRY(text.as_string(key)));
  }
  return texts;
}

Status read_attributes(const DocumentValue& learner, Booster& booster) {
  const auto attributes = learner.find("attributes");
  if (!attributes.has_value()) return {};
  if (const auto wrapper = attributes->find("scikit_learn"); wrapper.has_value()) {
    booster.estimator_type = estimator_type_of(TRY(wrapper->as_string("scikit_learn")));
  }
  const auto best = attributes->find("best_iteration");
  if (!best.has_value()) return {};
  const double value = TRY(text_number(TRY(best->as_string("best_iteration")), "best_iteration"));
  if (value == -1) return {};  // a model without rounds
  booster.best_iteration = TRY(to_count(value, "best_iteration", 1U << 30));
  return {};
}

/// The table `key` of a tree, each number converted and checked.
template <typename Number>
Result<std::vector<Number>> table(const DocumentValue& tree, std::string_view key) {
  const std::vector<double> values = TRY(TRY(tree.at(key)).as_numbers(key));
  std::vector<Number> converted;
  converted.reserve(values.size());
  for (const double value : values) {
    if constexpr (std::is_integral_v<Number>) {
      const bool fits = value >= static_cast<double>(std::numeric_limits<Number>::min()) &&
                        value < std::ldexp(1.0, std::numeric_limits<Number>::digits);
      if (!fits || value != std::floor(value)) {
        return invalid_argument(fmt::format("{}: {} is not a number that fits", key, value));
      }
    }
    converted.push_back(static_cast<Number>(value));
  }
  return converted;
}

Result<BoosterTree::CategorySplit> read_category_split(int32_t node,
                                                       std::span<const int64_t> categories) {
  if (categories.empty()) return invalid_argument("a split on categories names none");
  int64_t largest = 0;
  for (const int64_t category : categories) {
    if (category < 0 || category >= int64_t{kCategoryMax}) {
      return invalid_argument(fmt::format("category {} is not below {}", category, kCategoryMax));
    }
    largest = std::max(largest, category);
  }
  BoosterTree::CategorySplit split{node, {}};
  split.words.resize(static_cast<size_t>(largest) / 32 + 1);
  for (const int64_t category : categories) {
    const auto bit = static_cast<uint32_t>(category);
    split.words[bit / 32] |= 1U << (bit % 32);
  }
  return split;
}

/// `numbers_left` bounds what all trees of the model may hold beyond what stands in the file: a few
/// bytes can name a large category, and leaves can share a vector.
Status read_category_splits(const DocumentValue& in, uint64_t& numbers_left, BoosterTree& tree) {
  if (!in.find("split_type").has_value()) return {};
  const auto segments = TRY(table<int64_t>(in, "categories_segments"));
  const auto sizes = TRY(table<int64_t>(in, "categories_sizes"));
  const auto nodes = TRY(table<int32_t>(in, "categories_nodes"));
  const auto categories = TRY(table<int64_t>(in, "categories"));
  if (segments.size() != nodes.size() || sizes.size() != nodes.size()) {
    return invalid_argument("the tables of a tree's categories have different lengths");
  }
  const auto count = static_cast<int64_t>(categories.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (segments[i] < 0 || sizes[i] < 0 || segments[i] > count || sizes[i] > count - segments[i]) {
      return invalid_argument("a tree's split names categories that its table lacks");
    }
    if (nodes[i] < 0 || static_cast<size_t>(nodes[i]) >= tree.size() ||
        (i > 0 && nodes[i] <= nodes[i - 1])) {
      return invalid_argument("categories_nodes: expected the tree's nodes, ascending");
    }
    const auto begin = static_cast<size_t>(segments[i]);
    BoosterTree::CategorySplit split = TRY(read_category_split(
        nodes[i], std::span(categories).subspan(begin, static_cast<size_t>(sizes[i]))));
    if (split.words.size() > numbers_left) {
      return resource_exhausted("the categories of the model's splits need too much memory");
    }
    numbers_left -= split.words.size();
    tree.category_splits.push_back(std::move(split));
  }
  return {};
}

/// Leaves of several numbers: 2.x keeps a vector for each node, 3.1 and newer one for each leaf,
/// whose place stands where its right child would.
Status read_wide_leaves(const DocumentValue& in, uint64_t& numbers_left, BoosterTree& tree) {
  const size_t width = tree.leaf_width;
  const size_t nodes = tree.size();
  if (!in.find("leaf_weights").has_value()) {
    tree.leaves = TRY(table<float>(in, "base_weights"));
    if (tree.leaves.size() / width != nodes || tree.leaves.size() % width != 0) {
      return invalid_argument("base_weights: expected a vector for each node");
    }
    return {};
  }
  const auto weights = TRY(table<float>(in, "leaf_weights"));
  if (nodes > numbers_left / width) {
    return resource_exhausted("the model's leaves need too much memory");
  }
  numbers_left -= nodes * width;
  tree.leaves.resize(nodes * width);
  for (size_t node = 0; node < nodes; ++node) {
    if (tree.left[node] != -1) continue;
    const int64_t place = tree.right[node];
    if (place < 0 || static_cast<size_t>(place) >= weights.size() / width) {
      return invalid_argument(fmt::format("leaf {} has no vector in leaf_weights", node));
    }
    const auto from = weights.begin() + place * static_cast<int64_t>(width);
    std::copy_n(from, width, tree.leaves.begin() + static_cast<ptrdiff_t>(node * width));
  }
  return {};
}

Result<BoosterTree> read_tree(const DocumentValue& in, uint64_t& numbers_left) {
  BoosterTree tree;
  const DocumentValue parameters = TRY(in.at("tree_param"));
  const uint32_t nodes = TRY(count_parameter(parameters, "num_nodes", 0, 1U << 30));
  tree.leaf_width =
      std::max(1U, TRY(count_parameter(parameters, "size_leaf_vector", 1, kOutputsMax)));
  tree.left = TRY(table<int32_t>(in, "left_children"));
  tree.right = TRY(table<int32_t>(in, "right_children"));
  tree.feature = TRY(table<uint32_t>(in, "split_indices"));
  tree.condition = TRY(table<float>(in, "split_conditions"));
  tree.default_left = TRY(table<uint8_t>(in, "default_left"));
  for (const size_t size : {tree.left.size(), tree.right.size(), tree.feature.size(),
                            tree.condition.size(), tree.default_left.size()}) {
    if (size != nodes || nodes == 0) {
      return invalid_argument(
          fmt::format("a tree of {} nodes has a table of {} entries", nodes, size));
    }
  }
  if (tree.leaf_width > 1) TRY_STATUS(read_wide_leaves(in, numbers_left, tree));
  TRY_STATUS(read_category_splits(in, numbers_left, tree));
  return tree;
}

Status read_weights(const DocumentValue& holder, Booster& booster) {
  const auto weights = holder.find("weight_drop");
  if (!weights.has_value()) return {};
  for (const double weight : TRY(weights->as_numbers("weight_drop"))) {
    booster.tree_weights.push_back(static_cast<float>(weight));
  }
  return {};
}

Result<ColumnCategories> read_column_categories(const DocumentValue& in) {
  ColumnCategories column;
  const auto offsets = in.find("offsets");
  if (!offsets.has_value()) {
    column.numbers = TRY(TRY(in.at("values")).as_numbers("cats"));
    return column;
  }
  column.is_text = true;
  const auto places = TRY(table<int32_t>(in, "offsets"));
  std::string text;
  for (const double byte : TRY(TRY(in.at("values")).as_numbers("cats"))) {
    if (!(byte >= -128 && byte <= 255)) return invalid_argument("cats: expected bytes");
    text.push_back(static_cast<char>(static_cast<int>(byte)));
  }
  for (size_t i = 0; i + 1 < places.size(); ++i) {
    const int64_t begin = places[i];
    const int64_t end = places[i + 1];
    if (begin < 0 || end < begin || static_cast<size_t>(end) > text.size()) {
      return invalid_argument("cats: the places of the names do not fit them");
    }
    column.texts.push_back(
        text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  }
  return column;
}

Status read_categories(const DocumentValue& model, Booster& booster) {
  const auto cats = model.find("cats");
  if (!cats.has_value()) return {};
  const auto columns = cats->find("enc");
  if (!columns.has_value()) return {};
  for (const DocumentValue& column : columns->children()) {
    booster.categories.push_back(TRY(read_column_categories(column)));
  }
  return {};
}

Status read_trees(const DocumentValue& model, Booster& booster) {
  const DocumentValue parameters = TRY(model.at("gbtree_model_param"));
  const uint32_t parallel =
      std::max(1U, TRY(count_parameter(parameters, "num_parallel_tree", 1, 1U << 20)));
  uint64_t numbers_left = kNumbersMax;
  for (const DocumentValue& tree : TRY(model.at("trees")).children()) {
    booster.trees.push_back(TRY(read_tree(tree, numbers_left)));
  }
  booster.tree_outputs = TRY(table<uint32_t>(model, "tree_info"));
  if (model.find("iteration_indptr").has_value()) {
    booster.iteration_trees = TRY(table<uint32_t>(model, "iteration_indptr"));
  }
  TRY_STATUS(read_weights(model, booster));
  TRY_STATUS(read_categories(model, booster));
  return check_booster(booster, parallel);
}

Status read_gradient_booster(const DocumentValue& learner, Booster& booster) {
  const DocumentValue gradient = TRY(learner.at("gradient_booster"));
  booster.name = TRY(TRY(gradient.at("name")).as_string("gradient_booster.name"));
  if (booster.name == "gblinear") {
    for (const double weight :
         TRY(TRY(TRY(gradient.at("model")).at("weights")).as_numbers("weights"))) {
      booster.linear_weights.push_back(static_cast<float>(weight));
    }
    return check_booster(booster, 1);
  }
  if (booster.name != "gbtree" && booster.name != "dart") {
    return unimplemented(fmt::format("booster '{}' is not supported", booster.name));
  }
  const DocumentValue trees = booster.name == "dart" ? TRY(gradient.at("gbtree")) : gradient;
  // Beside the trees before 3.4, in their model since.
  TRY_STATUS(read_weights(gradient, booster));
  return read_trees(TRY(trees.at("model")), booster);
}

}  // namespace

Status check_booster(Booster& booster, uint32_t parallel_trees) {
  if (booster.features == 0) return invalid_argument("the model has no features");
  if (booster.base_score.size() != 1 && booster.base_score.size() != booster.outputs()) {
    return invalid_argument(fmt::format("base_score has {} numbers for {} outputs",
                                        booster.base_score.size(), booster.outputs()));
  }
  for (const auto* texts : {&booster.feature_names, &booster.feature_types}) {
    if (!texts->empty() && texts->size() != booster.features) {
      return invalid_argument(
          fmt::format("{} names or types for {} features", texts->size(), booster.features));
    }
  }
  if (booster.name == "gblinear") {
    const uint64_t expected = (uint64_t{booster.features} + 1) * booster.outputs();
    if (booster.linear_weights.size() == expected) return {};
    return invalid_argument(fmt::format("the linear model has {} weights, expected {}",
                                        booster.linear_weights.size(), expected));
  }
  const size_t trees = booster.trees.size();
  if (booster.tree_outputs.size() != trees) {
    return invalid_argument(
        fmt::format("tree_info has {} entries for {} trees", booster.tree_outputs.size(), trees));
  }
  if (!booster.categories.empty() && booster.categories.size() != booster.features) {
    return invalid_argument("cats: expected one entry per feature");
  }
  // A booster that went on as DART has weights for its last trees only if it was one before.
  if (!booster.tree_weights.empty() && booster.tree_weights.size() != trees) {
    return invalid_argument(
        fmt::format("weight_drop has {} entries for {} trees", booster.tree_weights.size(), trees));
  }
  if (booster.iteration_trees.empty()) {
    const uint64_t each = uint64_t{parallel_trees} * booster.outputs();
    for (uint64_t tree = 0; tree <= trees; tree += each) {
      booster.iteration_trees.push_back(static_cast<uint32_t>(tree));
    }
  }
  if (!std::is_sorted(booster.iteration_trees.begin(), booster.iteration_trees.end()) ||
      booster.iteration_trees.back() > trees) {
    return invalid_argument("iteration_indptr: expected trees, ascending");
  }
  return {};
}

Result<Booster> read_booster(const Document& document) {
  DocumentValue root = document.root();
  if (const auto model = root.find("Model"); model.has_value()) root = *model;
  const DocumentValue learner = TRY(root.at("learner"));
  Booster booster;
  if (const auto version = root.find("version"); version.has_value()) {
    const auto parts = TRY(version->as_numbers("version"));
    for (size_t i = 0; i < std::min(parts.size(), booster.version.size()); ++i) {
      booster.version[i] = TRY(to_count(parts[i], "version", 1U << 20));
    }
  }
  TRY_STATUS(read_model_parameters(learner, booster));
  booster.objective = TRY(TRY(TRY(learner.at("objective")).at("name")).as_string("objective.name"));
  booster.feature_names = TRY(read_texts(learner, "feature_names"));
  booster.feature_types = TRY(read_texts(learner, "feature_types"));
  TRY_STATUS(read_attributes(learner, booster));
  TRY_STATUS(read_gradient_booster(learner, booster));
  return booster;
}

}  // namespace slipway::xgboost
