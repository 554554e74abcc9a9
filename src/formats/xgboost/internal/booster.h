// Booster: an XGBoost model as its file says it, whichever of the three forms the file has.
//
//   JSON, UBJSON --Document--> read_booster --> Booster --lower--> nodes of a graph
//   old binary ("binf") ------> read_binary ----^
//
// Reading checks that the tables have the sizes that they announce; that children and features
// exist and that no node has two parents is TreeEnsembleBuilder's work.
//
// Thread rule: a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "formats/xgboost/internal/document.h"

namespace slipway::xgboost {

/// One tree: parallel tables by node. A leaf has no left child (-1).
struct BoosterTree {
  std::vector<int32_t> left;
  std::vector<int32_t> right;
  std::vector<uint32_t> feature;
  std::vector<float> condition;  // a split's threshold, a leaf's value
  std::vector<uint8_t> default_left;
  uint32_t leaf_width = 1;
  std::vector<float> leaves;  // of a tree with wide leaves: leaf_width numbers for each node
  /// Sets of categories as bits, for the splits on categories; a row whose category is in the set
  /// goes right.
  struct CategorySplit {
    int32_t node;
    std::vector<uint32_t> words;
  };
  std::vector<CategorySplit> category_splits;  // by node, ascending

  size_t size() const { return left.size(); }
};

/// The categories that a column had in training, in the order of their codes (3.1 and newer).
struct ColumnCategories {
  bool is_text = false;
  std::vector<std::string> texts;
  std::vector<double> numbers;

  size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

struct Booster {
  std::array<uint32_t, 3> version = {0, 0, 0};
  std::string container;  // "json", "ubjson", "binary"
  std::string objective;  // "binary:logistic"
  std::string name;       // "gbtree", "dart", "gblinear"
  std::vector<float> base_score;
  uint32_t features = 0;
  uint32_t classes = 0;  // 0 unless multi-class
  uint32_t targets = 1;
  std::vector<std::string> feature_names;  // empty, or one per feature
  std::vector<std::string> feature_types;  // likewise: "float", "int", "c", ...
  std::optional<uint32_t> best_iteration;

  // gbtree and dart
  std::vector<BoosterTree> trees;
  std::vector<uint32_t> tree_outputs;     // per tree
  std::vector<uint32_t> iteration_trees;  // trees before each iteration; the last is their number
  std::vector<float> tree_weights;        // empty, or one per tree
  std::vector<ColumnCategories> categories;  // empty, or one per feature
  // gblinear: features x outputs, then the outputs' biases
  std::vector<float> linear_weights;

  uint32_t outputs() const { return std::max({targets, classes, 1U}); }
  bool is_since(uint32_t major, uint32_t minor) const {
    return version[0] > major || (version[0] == major && version[1] >= minor);
  }
};

/// From the values of a JSON or UBJSON file: a model, or a snapshot of model and configuration as
/// pickles hold it.
Result<Booster> read_booster(const Document& document);

/// From the old binary form; with or without "binf" before it.
Result<Booster> read_binary(std::string_view bytes, const Limits& limits);

/// What both forms need at the end: the tables' sizes against each other.
Status check_booster(Booster& booster, uint32_t parallel_trees);

}  // namespace slipway::xgboost
