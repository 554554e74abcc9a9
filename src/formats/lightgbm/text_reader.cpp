// The text format: lines of "key=value", a block for each tree, blocks of parameters that do not
// matter for predictions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "formats/lightgbm/booster.h"
#include "graph/ops/tree_ensemble.h"

namespace slipway::lightgbm {
namespace {

/// Lines of a text, whatever ends them; counts them for messages.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool at_end() const { return rest_.empty(); }
  size_t number() const { return number_; }
  /// The next line, without its end; empty at the end of the text.
  std::string_view next() {
    const size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (rest_.starts_with("\r\n")) {
      rest_.remove_prefix(2);
    } else if (!rest_.empty()) {
      rest_.remove_prefix(1);
    }
    ++number_;
    return line;
  }

 private:
  std::string_view rest_;
  size_t number_ = 0;  // of the line that next() gave last, from 1
};

/// The known keys of a block with their values; what LightGBM keeps for other purposes is left out.
template <size_t kCount>
class Block {
 public:
  explicit Block(const std::array<std::string_view, kCount>& keys) : keys_(keys) {}
  /// Notes a line. A known key that comes twice is an error.
  Status add(std::string_view line, size_t number) {
    const size_t equals = line.find('=');
    const std::string_view key = line.substr(0, equals);
    const auto found = std::find(keys_.begin(), keys_.end(), key);
    if (found == keys_.end()) return {};
    auto& value = values_[static_cast<size_t>(found - keys_.begin())];
    if (value.has_value()) {
      return invalid_argument(fmt::format("line {}: {} is there twice", number, key));
    }
    value = equals == std::string_view::npos ? std::string_view() : line.substr(equals + 1);
    return {};
  }
  std::optional<std::string_view> find(std::string_view key) const {
    const auto place = std::find(keys_.begin(), keys_.end(), key);
    return values_[static_cast<size_t>(place - keys_.begin())];
  }

 private:
  const std::array<std::string_view, kCount>& keys_;
  std::array<std::optional<std::string_view>, kCount> values_;
};

constexpr std::array<std::string_view, 9> kHeaderKeys = {
    "version",       "num_class",     "num_tree_per_iteration", "max_feature_idx", "objective",
    "feature_names", "feature_infos", "average_output",         "tree_sizes"};
using Header = Block<kHeaderKeys.size()>;

constexpr std::array<std::string_view, 15> kTreeKeys = {
    "num_leaves", "num_cat",     "split_feature", "threshold",      "decision_type",
    "left_child", "right_child", "leaf_value",    "cat_boundaries", "cat_threshold",
    "is_linear",  "leaf_const",  "num_features",  "leaf_features",  "leaf_coeff"};
using TreeBlock = Block<kTreeKeys.size()>;

/// All words of a value, separated by blanks.
template <typename Visit>
Status each_word(std::string_view text, const Visit& visit) {
  while (true) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    const size_t end = std::min(text.find(' ', begin), text.size());
    TRY_STATUS(visit(text.substr(begin, end - begin)));
    text.remove_prefix(end);
  }
}

template <typename Number>
Result<Number> to_number(std::string_view word, std::string_view key) {
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) {
    return invalid_argument(fmt::format("{}: expected numbers, got '{}'", key, word.substr(0, 40)));
  }
  return number;
}

/// The numbers of a key: just `count` of them.
template <typename Number, typename BlockType>
Result<std::vector<Number>> numbers(const BlockType& block, std::string_view key, size_t count) {
  const auto text = block.find(key);
  std::vector<Number> values;
  // A number and the blank behind it take two bytes.
  const size_t possible = text.has_value() ? text->size() / 2 + 1 : 0;
  values.reserve(std::min(count, possible));
  if (text.has_value()) {
    TRY_STATUS(each_word(*text, [&](std::string_view word) -> Status {
      if (values.size() == count) {
        return invalid_argument(fmt::format("{}: expected {} numbers, got more", key, count));
      }
      values.push_back(TRY(to_number<Number>(word, key)));
      return {};
    }));
  }
  if (values.size() != count) {
    return invalid_argument(
        fmt::format("{}: expected {} numbers, got {}", key, count, values.size()));
  }
  return values;
}

template <typename BlockType>
Result<int64_t> integer(const BlockType& block, std::string_view key, int64_t min, int64_t max,
                        std::optional<int64_t> fallback = std::nullopt) {
  const auto text = block.find(key);
  if (!text.has_value()) {
    if (fallback.has_value()) return *fallback;
    return invalid_argument(fmt::format("{} is missing", key));
  }
  const int64_t value = TRY(to_number<int64_t>(*text, key));
  if (value < min || value > max) {
    return invalid_argument(fmt::format("{}: expected {} to {}, got {}", key, min, max, value));
  }
  return value;
}

Status read_splits(const TreeBlock& block, size_t count, uint32_t sets, BoosterTree& tree) {
  constexpr int32_t kCategorical = 1;
  constexpr int32_t kDefaultLeft = 2;
  const auto features = TRY(numbers<uint32_t>(block, "split_feature", count));
  const auto thresholds = TRY(numbers<double>(block, "threshold", count));
  const auto left = TRY(numbers<int32_t>(block, "left_child", count));
  const auto right = TRY(numbers<int32_t>(block, "right_child", count));
  std::vector<int32_t> decisions(count, 0);
  if (block.find("decision_type").has_value()) {
    decisions = TRY(numbers<int32_t>(block, "decision_type", count));
  }
  tree.splits.resize(count);
  for (size_t i = 0; i < count; ++i) {
    BoosterTree::Split& split = tree.splits[i];
    const int32_t missing = decisions[i] >> 2;
    if (decisions[i] < 0 || missing > 2) {
      return invalid_argument(
          fmt::format("decision_type: {} of split {} means nothing", decisions[i], i));
    }
    split.feature = features[i];
    split.left = left[i];
    split.right = right[i];
    split.is_categorical = (decisions[i] & kCategorical) != 0;
    split.default_left = (decisions[i] & kDefaultLeft) != 0;
    split.missing = static_cast<Missing>(missing);
    split.threshold = thresholds[i];
    if (!split.is_categorical) continue;
    if (!(thresholds[i] >= 0 && thresholds[i] < sets)) {
      return invalid_argument(
          fmt::format("split {} names category set {} of {}", i, thresholds[i], sets));
    }
    split.category_set = static_cast<uint32_t>(thresholds[i]);
  }
  return {};
}

Status read_category_sets(const TreeBlock& block, uint32_t sets, BoosterTree& tree) {
  if (sets == 0) return {};
  tree.set_starts = TRY(numbers<uint32_t>(block, "cat_boundaries", size_t{sets} + 1));
  if (tree.set_starts.front() != 0 ||
      !std::is_sorted(tree.set_starts.begin(), tree.set_starts.end())) {
    return invalid_argument("cat_boundaries: expected ascending numbers from 0");
  }
  tree.set_words = TRY(numbers<uint32_t>(block, "cat_threshold", tree.set_starts.back()));
  return {};
}

Status read_linear_leaves(const TreeBlock& block, size_t leaves, BoosterTree& tree) {
  tree.leaf_constants = TRY(numbers<double>(block, "leaf_const", leaves));
  const auto counts = TRY(numbers<uint32_t>(block, "num_features", leaves));
  uint64_t total = 0;
  tree.leaf_term_starts.push_back(0);
  for (const uint32_t count : counts) {
    total += count;
    if (total > std::numeric_limits<uint32_t>::max()) {
      return invalid_argument("num_features: more terms than a file can hold");
    }
    tree.leaf_term_starts.push_back(static_cast<uint32_t>(total));
  }
  tree.term_features = TRY(numbers<uint32_t>(block, "leaf_features", total));
  tree.term_weights = TRY(numbers<double>(block, "leaf_coeff", total));
  return {};
}

Result<BoosterTree> read_tree_block(const TreeBlock& block) {
  constexpr int64_t kLeavesMax = TreeEnsembleBuilder::kNodesMax / 2;
  BoosterTree tree;
  const auto leaves = static_cast<size_t>(TRY(integer(block, "num_leaves", 1, kLeavesMax)));
  const auto sets = static_cast<uint32_t>(TRY(integer(block, "num_cat", 0, kLeavesMax)));
  tree.is_linear = TRY(integer(block, "is_linear", 0, 1, 0)) != 0;
  tree.leaf_values = TRY(numbers<double>(block, "leaf_value", leaves));
  if (leaves > 1) {
    TRY_STATUS(read_category_sets(block, sets, tree));
    TRY_STATUS(read_splits(block, leaves - 1, sets, tree));
  }
  if (tree.is_linear) TRY_STATUS(read_linear_leaves(block, leaves, tree));
  return tree;
}

Status read_trees(Lines& lines, std::string_view line, Booster& booster) {
  while (line.starts_with("Tree=")) {
    if (booster.trees.size() >= kTreesMax) {
      return resource_exhausted(fmt::format("over {} trees in one model", kTreesMax));
    }
    const size_t first_line = lines.number();
    TreeBlock block(kTreeKeys);
    while (!lines.at_end() && !(line = lines.next()).empty()) {
      if (line.starts_with("Tree="))
        return invalid_argument(
            fmt::format("line {}: a tree begins within another", lines.number()));
      TRY_STATUS(block.add(line, lines.number()));
    }
    Result<BoosterTree> tree = read_tree_block(block);
    if (!tree.ok()) {
      return std::move(tree).status().with_context(
          fmt::format("tree {} (line {})", booster.trees.size(), first_line));
    }
    booster.trees.push_back(std::move(tree).value());
    line = {};
    while (!lines.at_end() && line.empty()) line = lines.next();
  }
  return {};
}

/// A list of feature indices in the parameters: "[categorical_feature: 0,3]".
Status read_told_categorical(std::string_view list, Booster& booster) {
  booster.told_categorical.assign(booster.features(), false);
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const auto feature = to_number<uint32_t>(list.substr(0, comma), "categorical_feature");
    // Names ("name:a,b") and columns of a file to train from are not ours to resolve.
    if (!feature.ok() || *feature >= booster.features()) {
      booster.told_categorical.clear();
      return {};
    }
    booster.told_categorical[*feature] = true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return {};
}

/// What follows the trees. Of all that, only the categories of text columns matter.
Status read_trailer(Lines& lines, Booster& booster) {
  constexpr std::string_view kPandas = "pandas_categorical:";
  constexpr std::string_view kCategorical = "[categorical_feature: ";
  bool has_pandas = false;
  bool has_told = false;
  while (!lines.at_end()) {
    const std::string_view line = lines.next();
    if (line.starts_with(kPandas)) {
      if (has_pandas) {
        return invalid_argument(
            fmt::format("line {}: pandas_categorical is there twice", lines.number()));
      }
      has_pandas = true;
      booster.pandas = TRY(read_pandas_categories(line.substr(kPandas.size())));
    } else if (line.starts_with(kCategorical) && line.ends_with(']') && !has_told) {
      has_told = true;
      TRY_STATUS(read_told_categorical(
          line.substr(kCategorical.size(), line.size() - kCategorical.size() - 1), booster));
    }
  }
  return {};
}

/// Of what is known of a feature: "none", a range "[0:1.5]" or the categories "3:0:7".
Result<double> largest_category(std::string_view info) {
  double largest = kNoCategories;
  if (info == "none" || info.starts_with('[')) return largest;
  while (!info.empty()) {
    const size_t colon = std::min(info.find(':'), info.size());
    largest = std::max(largest, TRY(to_number<double>(info.substr(0, colon), "feature_infos")));
    info.remove_prefix(std::min(colon + 1, info.size()));
  }
  return largest;
}

Status read_features(const Header& header, Booster& booster) {
  const auto count =
      static_cast<size_t>(TRY(integer(header, "max_feature_idx", 0, kFeaturesMax - 1)) + 1);
  for (const std::string_view key : {"feature_names", "feature_infos"}) {
    const auto text = header.find(key);
    size_t found = 0;
    TRY_STATUS(each_word(text.value_or(""), [&](std::string_view word) -> Status {
      if (++found > count) return {};
      if (key == "feature_names") {
        booster.feature_names.emplace_back(word);
      } else {
        booster.category_max.push_back(TRY(largest_category(word)));
      }
      return {};
    }));
    if (found != count) {
      return invalid_argument(
          fmt::format("{}: expected {} for so many features, got {}", key, count, found));
    }
  }
  return {};
}

Status read_header(const Header& header, Booster& booster) {
  booster.version = header.find("version").value_or("");
  const int64_t classes = TRY(integer(header, "num_class", 1, kFeaturesMax));
  const int64_t trees = TRY(integer(header, "num_tree_per_iteration", 1, kFeaturesMax, classes));
  if (trees != classes) {
    return invalid_argument(
        fmt::format("it has {} classes, but {} trees in each iteration", classes, trees));
  }
  booster.trees_per_iteration = static_cast<uint32_t>(trees);
  booster.average_output = header.find("average_output").has_value();
  booster.objective = header.find("objective").value_or("");
  return read_features(header, booster);
}

}  // namespace

Result<Booster> read_text(std::string_view text, const Limits& limits) {
  static_cast<void>(limits);  // the text's own size bounds what is made of it
  Booster booster;
  booster.container = "text";
  Lines lines(text);
  if (lines.next() != "tree") return invalid_argument("line 1: expected 'tree'");
  Header header(kHeaderKeys);
  std::string_view line;
  while (!lines.at_end()) {
    line = lines.next();
    if (line.starts_with("Tree=") || line == "end of trees") break;
    TRY_STATUS(header.add(line, lines.number()));
    line = {};
  }
  TRY_STATUS(read_header(header, booster));
  if (line.empty()) return invalid_argument("the file is cut off: it has no trees");
  TRY_STATUS(read_trees(lines, line, booster));
  if (const auto sizes = header.find("tree_sizes"); sizes.has_value()) {
    size_t announced = 0;
    TRY_STATUS(each_word(*sizes, [&](std::string_view) -> Status {
      ++announced;
      return {};
    }));
    if (announced != booster.trees.size()) {
      return invalid_argument(fmt::format("the file is cut off: it announces {} trees, but has {}",
                                          announced, booster.trees.size()));
    }
  }
  TRY_STATUS(read_trailer(lines, booster));
  return booster;
}

}  // namespace slipway::lightgbm
