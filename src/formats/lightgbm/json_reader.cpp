// The JSON of Booster.dump_model(): the same model, each tree as nested nodes.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "formats/lightgbm/booster.h"

namespace slipway::lightgbm {
namespace {

namespace dom = simdjson::dom;

/// The members of an object that have one of these names. A known name that comes twice is an
/// error: readers of JSON disagree about which one counts.
template <size_t kCount>
class Members {
 public:
  static Result<Members> of(dom::element element, const std::array<std::string_view, kCount>& names,
                            std::string_view what) {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return invalid_argument(fmt::format("{}: expected an object", what));
    }
    Members members(names, what);
    for (const auto& [name, value] : object) {
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) continue;
      auto& place = members.values_[static_cast<size_t>(found - names.begin())];
      if (place.has_value()) {
        return invalid_argument(fmt::format("{}: {} is there twice", what, name));
      }
      place = value;
    }
    return members;
  }
  std::optional<dom::element> find(std::string_view name) const {
    return values_[static_cast<size_t>(std::find(names_->begin(), names_->end(), name) -
                                       names_->begin())];
  }
  bool has(std::string_view name) const { return find(name).has_value(); }
  /// The member as a T that simdjson knows: int64_t, double, bool, std::string_view, an array.
  template <typename T>
  Result<T> get(std::string_view name) const {
    const auto element = find(name);
    if (!element.has_value())
      return invalid_argument(fmt::format("{}: {} is missing", what_, name));
    if constexpr (std::is_same_v<T, dom::element>) {
      return *element;
    } else {
      T value;
      if (element->get(value) != simdjson::SUCCESS) {
        return invalid_argument(fmt::format("{}: {} is of another type", what_, name));
      }
      return value;
    }
  }
  Result<int64_t> integer(std::string_view name, int64_t min, int64_t max) const {
    const int64_t value = TRY(get<int64_t>(name));
    if (value < min || value > max) {
      return invalid_argument(
          fmt::format("{}: {}: expected {} to {}, got {}", what_, name, min, max, value));
    }
    return value;
  }

 private:
  Members(const std::array<std::string_view, kCount>& names, std::string_view what)
      : names_(&names), what_(what) {}

  const std::array<std::string_view, kCount>* names_;
  std::string_view what_;
  std::array<std::optional<dom::element>, kCount> values_;
};

constexpr std::array<std::string_view, 10> kModelNames = {
    "version",       "num_class",     "num_tree_per_iteration", "max_feature_idx",    "objective",
    "feature_names", "feature_infos", "average_output",         "pandas_categorical", "tree_info"};
using ModelMembers = Members<kModelNames.size()>;

constexpr std::array<std::string_view, 13> kNodeNames = {
    "split_index",  "split_feature", "threshold",   "decision_type", "default_left",
    "missing_type", "left_child",    "right_child", "leaf_index",    "leaf_value",
    "leaf_const",   "leaf_features", "leaf_coeff"};
using NodeMembers = Members<kNodeNames.size()>;

constexpr int64_t kIndexMax = int64_t{1} << 26;

/// What is left to spend on the whole model: a few bytes can name a category whose set takes a
/// hundred thousand.
struct Walk {
  size_t category_words_left = size_t{1} << 24;
};

/// The categories of a split, "0||3||12", as words of 32 bits.
Status add_category_set(std::string_view text, Walk& walk, BoosterTree& tree) {
  constexpr uint32_t kCategoriesMax = 1U << 22;
  constexpr std::string_view kSeparator = "||";
  const size_t begin = tree.set_words.size();
  while (!text.empty()) {
    uint32_t category = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), category);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (error != std::errc() || (!text.empty() && !text.starts_with(kSeparator))) {
      return invalid_argument("threshold: expected categories, as in \"0||3\"");
    }
    text.remove_prefix(std::min(text.size(), kSeparator.size()));
    const size_t words = begin + category / 32 + 1;
    const size_t more = words > tree.set_words.size() ? words - tree.set_words.size() : 0;
    if (category >= kCategoriesMax || more > walk.category_words_left) {
      return resource_exhausted(
          fmt::format("category {} of a split needs too much memory", category));
    }
    walk.category_words_left -= more;
    if (more > 0) tree.set_words.resize(words);
    tree.set_words[begin + category / 32] |= 1U << (category % 32);
  }
  tree.set_starts.push_back(static_cast<uint32_t>(tree.set_words.size()));
  return {};
}

Result<BoosterTree::Split> read_split(const NodeMembers& node, Walk& walk, BoosterTree& tree) {
  BoosterTree::Split split;
  split.feature = static_cast<uint32_t>(TRY(node.integer("split_feature", 0, kFeaturesMax)));
  split.default_left = TRY(node.get<bool>("default_left"));
  const auto missing = TRY(node.get<std::string_view>("missing_type"));
  if (missing != "None" && missing != "Zero" && missing != "NaN") {
    return invalid_argument(fmt::format("missing_type: '{}' means nothing", missing.substr(0, 40)));
  }
  split.missing = missing == "None"   ? Missing::kNone
                  : missing == "Zero" ? Missing::kZero
                                      : Missing::kNan;
  const auto decision = TRY(node.get<std::string_view>("decision_type"));
  split.is_categorical = decision == "==";
  if (split.is_categorical) {
    split.category_set = static_cast<uint32_t>(tree.set_starts.size() - 1);
    TRY_STATUS(add_category_set(TRY(node.get<std::string_view>("threshold")), walk, tree));
  } else if (decision == "<=") {
    split.threshold = TRY(node.get<double>("threshold"));
  } else {
    return invalid_argument(
        fmt::format("decision_type: '{}' means nothing", decision.substr(0, 40)));
  }
  return split;
}

/// A leaf with its linear model, if it has one.
struct Leaf {
  double value = 0;
  std::optional<double> constant;
  std::vector<uint32_t> features;
  std::vector<double> weights;
};

Result<Leaf> read_leaf(const NodeMembers& node) {
  Leaf leaf;
  leaf.value = TRY(node.get<double>("leaf_value"));
  if (!node.has("leaf_const")) return leaf;
  leaf.constant = TRY(node.get<double>("leaf_const"));
  const dom::array features = TRY(node.get<dom::array>("leaf_features"));
  const dom::array weights = TRY(node.get<dom::array>("leaf_coeff"));
  for (const dom::element feature : features) {
    int64_t index = 0;
    if (feature.get(index) != simdjson::SUCCESS || index < 0 || index >= kFeaturesMax) {
      return invalid_argument("leaf_features: expected indices of features");
    }
    leaf.features.push_back(static_cast<uint32_t>(index));
  }
  for (const dom::element weight : weights) {
    double number = 0;
    if (weight.get(number) != simdjson::SUCCESS) {
      return invalid_argument("leaf_coeff: expected numbers");
    }
    leaf.weights.push_back(number);
  }
  if (leaf.features.size() != leaf.weights.size()) {
    return invalid_argument("leaf_coeff: expected a number for each of leaf_features");
  }
  return leaf;
}

/// Splits and leaves as a walk meets them, with the numbers that the file gives them.
struct Nodes {
  std::vector<BoosterTree::Split> splits;
  std::vector<int64_t> split_numbers;
  std::vector<Leaf> leaves;
  std::vector<int64_t> leaf_numbers;
};

Result<Nodes> walk_nodes(dom::element root, Walk& walk, BoosterTree& tree) {
  struct Pending {
    dom::element node;
    size_t parent;  // place in Nodes::splits
    bool is_right;
  };
  constexpr size_t kNoParent = SIZE_MAX;
  Nodes nodes;
  std::vector<Pending> stack{{root, kNoParent, false}};
  while (!stack.empty()) {
    const Pending at = stack.back();
    stack.pop_back();
    const NodeMembers node = TRY(NodeMembers::of(at.node, kNodeNames, "a node"));
    const bool is_leaf = !node.has("split_index");
    int64_t number = 0;
    if (is_leaf) {
      // A tree of one leaf does not number it.
      const bool alone = at.parent == kNoParent && !node.has("leaf_index");
      number = alone ? 0 : TRY(node.integer("leaf_index", 0, kIndexMax));
      nodes.leaves.push_back(TRY(read_leaf(node)));
      nodes.leaf_numbers.push_back(number);
    } else {
      number = TRY(node.integer("split_index", 0, kIndexMax));
      nodes.splits.push_back(TRY(read_split(node, walk, tree)));
      nodes.split_numbers.push_back(number);
      const size_t place = nodes.splits.size() - 1;
      stack.push_back({TRY(node.get<dom::element>("right_child")), place, true});
      stack.push_back({TRY(node.get<dom::element>("left_child")), place, false});
    }
    if (at.parent == kNoParent) continue;
    BoosterTree::Split& parent = nodes.splits[at.parent];
    (at.is_right ? parent.right : parent.left) = static_cast<int32_t>(is_leaf ? ~number : number);
  }
  return nodes;
}

/// Puts what a walk met where its number says: to[numbers[i]] = from[i].
template <typename T>
Result<std::vector<T>> by_number(std::vector<T> from, const std::vector<int64_t>& numbers,
                                 std::string_view what) {
  std::vector<T> to(from.size());
  std::vector<bool> seen(from.size(), false);
  for (size_t i = 0; i < from.size(); ++i) {
    const auto number = static_cast<size_t>(numbers[i]);
    if (number >= from.size() || seen[number]) {
      return invalid_argument(fmt::format("{}: {} is there twice, or beyond the {} of the tree",
                                          what, number, from.size()));
    }
    seen[number] = true;
    to[number] = std::move(from[i]);
  }
  return to;
}

Status add_leaves(const std::vector<Leaf>& leaves, BoosterTree& tree) {
  tree.is_linear = leaves[0].constant.has_value();
  if (tree.is_linear) tree.leaf_term_starts.push_back(0);
  for (const Leaf& leaf : leaves) {
    tree.leaf_values.push_back(leaf.value);
    if (leaf.constant.has_value() != tree.is_linear) {
      return invalid_argument("leaf_const: expected for all leaves of a tree, or for none");
    }
    if (!tree.is_linear) continue;
    tree.leaf_constants.push_back(*leaf.constant);
    tree.term_features.insert(tree.term_features.end(), leaf.features.begin(), leaf.features.end());
    tree.term_weights.insert(tree.term_weights.end(), leaf.weights.begin(), leaf.weights.end());
    tree.leaf_term_starts.push_back(static_cast<uint32_t>(tree.term_features.size()));
  }
  return {};
}

Result<BoosterTree> read_tree(dom::element element, Walk& walk) {
  static constexpr std::array<std::string_view, 2> kNames = {"num_leaves", "tree_structure"};
  const auto members = TRY(Members<kNames.size()>::of(element, kNames, "a tree"));
  const int64_t announced = TRY(members.integer("num_leaves", 1, kIndexMax));
  BoosterTree tree;
  tree.set_starts.push_back(0);
  Nodes nodes = TRY(walk_nodes(TRY(members.get<dom::element>("tree_structure")), walk, tree));
  if (nodes.leaves.size() != static_cast<size_t>(announced)) {
    return invalid_argument(
        fmt::format("num_leaves: {}, but it has {}", announced, nodes.leaves.size()));
  }
  if (!nodes.splits.empty() && nodes.split_numbers[0] != 0) {
    return invalid_argument("split_index: expected 0 for the first split");
  }
  tree.splits = TRY(by_number(std::move(nodes.splits), nodes.split_numbers, "split_index"));
  TRY_STATUS(
      add_leaves(TRY(by_number(std::move(nodes.leaves), nodes.leaf_numbers, "leaf_index")), tree));
  return tree;
}

Status read_features(const ModelMembers& members, Booster& booster) {
  const auto count =
      static_cast<size_t>(TRY(members.integer("max_feature_idx", 0, kFeaturesMax - 1)) + 1);
  const dom::array names = TRY(members.get<dom::array>("feature_names"));
  for (const dom::element element : names) {
    std::string_view name;
    if (element.get(name) != simdjson::SUCCESS) {
      return invalid_argument("feature_names: expected texts");
    }
    booster.feature_names.emplace_back(name);
  }
  if (booster.feature_names.size() != count) {
    return invalid_argument(
        fmt::format("feature_names: expected {}, got {}", count, booster.feature_names.size()));
  }
  booster.category_max.assign(count, kNoCategories);
  if (!members.has("feature_infos")) return {};
  std::unordered_map<std::string_view, size_t> places;
  for (size_t i = 0; i < count; ++i) places.emplace(booster.feature_names[i], i);
  const dom::object infos = TRY(members.get<dom::object>("feature_infos"));
  for (const auto& [name, info] : infos) {
    dom::array values;
    if (info["values"].get(values) != simdjson::SUCCESS) {
      return invalid_argument("feature_infos: expected values of each feature");
    }
    const auto place = places.find(name);
    if (place == places.end() || values.size() == 0) continue;
    double largest = 0;
    if (info["max_value"].get(largest) != simdjson::SUCCESS) {
      return invalid_argument("feature_infos: expected max_value of each feature");
    }
    booster.category_max[place->second] = largest;
  }
  return {};
}

Status read_header(const ModelMembers& members, Booster& booster) {
  const int64_t classes = TRY(members.integer("num_class", 1, kFeaturesMax));
  const int64_t trees = TRY(members.integer("num_tree_per_iteration", 1, kFeaturesMax));
  if (trees != classes) {
    return invalid_argument(
        fmt::format("it has {} classes, but {} trees in each iteration", classes, trees));
  }
  booster.trees_per_iteration = static_cast<uint32_t>(trees);
  if (members.has("version")) booster.version = TRY(members.get<std::string_view>("version"));
  if (members.has("objective")) {
    booster.objective = TRY(members.get<std::string_view>("objective"));
  }
  if (members.has("average_output")) {
    booster.average_output = TRY(members.get<bool>("average_output"));
  }
  return read_features(members, booster);
}

/// The categories of one column; a list of anything but texts or numbers is kept as kOther.
Result<PandasCategories> column_categories(dom::element element) {
  dom::array values;
  if (element.get(values) != simdjson::SUCCESS) {
    return invalid_argument("pandas_categorical: expected a list for each column");
  }
  PandasCategories column;
  for (const dom::element value : values) {
    std::string_view text;
    double number = 0;
    bool truth = false;
    if (value.get(text) == simdjson::SUCCESS) {
      column.texts.emplace_back(text);
    } else if (value.get(number) == simdjson::SUCCESS) {
      column.numbers.push_back(number);
    } else if (value.get(truth) == simdjson::SUCCESS) {
      column.numbers.push_back(truth ? 1 : 0);
    } else {
      column.kind = PandasCategories::Kind::kOther;
    }
  }
  if (!column.texts.empty() && !column.numbers.empty()) {
    column.kind = PandasCategories::Kind::kOther;
  } else if (!column.numbers.empty() && column.kind == PandasCategories::Kind::kText) {
    column.kind = PandasCategories::Kind::kNumber;
  }
  return column;
}

Result<std::vector<PandasCategories>> all_categories(dom::element element) {
  std::vector<PandasCategories> columns;
  if (element.is_null()) return columns;
  dom::array lists;
  if (element.get(lists) != simdjson::SUCCESS) {
    return invalid_argument("pandas_categorical: expected a list of lists");
  }
  for (const dom::element list : lists) columns.push_back(TRY(column_categories(list)));
  return columns;
}

/// The document's root; the parser owns it.
Result<dom::element> parse_document(std::string_view text, dom::parser& parser) {
  // A level for each split on the way to a leaf; the parser's stack is on the heap.
  constexpr size_t kDepthMax = 16'384;
  if (parser.allocate(std::max(text.size(), size_t{64}), kDepthMax) != simdjson::SUCCESS) {
    return resource_exhausted("not enough memory to read this JSON");
  }
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS) {
    return invalid_argument(fmt::format("not JSON: {}", simdjson::error_message(error)));
  }
  return root;
}

}  // namespace

Result<std::vector<PandasCategories>> read_pandas_categories(std::string_view json) {
  dom::parser parser;
  return all_categories(TRY(parse_document(json, parser)));
}

Result<Booster> read_json(std::string_view text, const Limits& limits) {
  // What simdjson needs of memory for each byte, at most, and what we make of it.
  constexpr uint64_t kMemoryPerByte = 24;
  if (text.size() > limits.memory_bytes_max / kMemoryPerByte) {
    return resource_exhausted(fmt::format("JSON of {} bytes needs over {} bytes of memory",
                                          text.size(), limits.memory_bytes_max));
  }
  dom::parser parser;
  const dom::element root = TRY(parse_document(text, parser));
  const ModelMembers members = TRY(ModelMembers::of(root, kModelNames, "the model"));
  Booster booster;
  booster.container = "json";
  TRY_STATUS(read_header(members, booster));
  Walk walk;
  const dom::array trees = TRY(members.get<dom::array>("tree_info"));
  for (const dom::element element : trees) {
    if (booster.trees.size() >= kTreesMax) {
      return resource_exhausted(fmt::format("over {} trees in one model", kTreesMax));
    }
    Result<BoosterTree> tree = read_tree(element, walk);
    if (!tree.ok()) {
      return std::move(tree).status().with_context(fmt::format("tree {}", booster.trees.size()));
    }
    booster.trees.push_back(std::move(tree).value());
  }
  if (const auto pandas = members.find("pandas_categorical"); pandas.has_value()) {
    booster.pandas = TRY(all_categories(*pandas));
  }
  return booster;
}

}  // namespace slipway::lightgbm
