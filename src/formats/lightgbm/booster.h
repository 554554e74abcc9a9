// Booster: what a LightGBM model file says, faithfully; nothing of it is computed yet.
//
//   model.txt --read_text--+
//                          +--> Booster --LightGbmModel::lower--> nodes of a graph
//   dump_model() --read_json-+
//
// A reader checks that every table has the size that the file itself announces. Whether a tree is
// one (children in range, no cycles) is proved by TreeEnsembleBuilder, for all formats alike.
//
// Thread rule: a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::lightgbm {

/// What a numeric split takes for a missing value.
enum class Missing : uint8_t {
  kNone = 0,  // nothing: NaN counts as 0
  kZero = 1,  // NaN, and all from -kZero to kZero
  kNan = 2,   // NaN
};

/// LightGBM takes what is no further from zero for zero, in rows as in splits.
inline constexpr double kZero = 1e-35F;

/// A tree of n leaves has n - 1 splits. Children: a split's index, or ~leaf.
struct BoosterTree {
  struct Split {
    uint32_t feature = 0;
    int32_t left = 0;
    int32_t right = 0;
    bool is_categorical = false;
    bool default_left = false;
    Missing missing = Missing::kNone;
    double threshold = 0;       // of a numeric split
    uint32_t category_set = 0;  // of a categorical one: index into set_starts
  };
  std::vector<Split> splits;
  std::vector<double> leaf_values;
  std::vector<uint32_t>
      set_starts;  // of each category set: its first word; one entry more than sets
  std::vector<uint32_t> set_words;  // 32 categories each; a category in the set goes left

  // Linear models in the leaves; empty if the tree has none.
  bool is_linear = false;
  std::vector<double> leaf_constants;
  std::vector<uint32_t>
      leaf_term_starts;  // of each leaf: its first term; one entry more than leaves
  std::vector<uint32_t> term_features;
  std::vector<double> term_weights;
};

/// The categories of one column of dtype `category` of the DataFrame that trained the model, in the
/// order of their codes. The file does not say which column it is.
struct PandasCategories {
  enum class Kind : uint8_t { kText, kNumber, kOther };
  Kind kind = Kind::kText;
  std::vector<std::string> texts;
  std::vector<double> numbers;

  size_t size() const { return kind == Kind::kText ? texts.size() : numbers.size(); }
};

struct Booster {
  std::string container;  // "text", "json"
  std::string version;    // of the format: "v4"; empty in the oldest files
  uint32_t trees_per_iteration = 1;
  bool average_output = false;  // random forests
  std::string objective;        // "binary sigmoid:1"; empty if it was the user's own function
  std::vector<std::string> feature_names;
  /// Per feature: the largest category that was seen in training, or kNoCategories. A feature with
  /// one value only has none either way.
  std::vector<double> category_max;
  /// Per feature: LightGBM was told that it is categorical; empty if the file does not say.
  std::vector<bool> told_categorical;
  std::vector<PandasCategories> pandas;
  std::vector<BoosterTree> trees;

  uint32_t features() const { return static_cast<uint32_t>(feature_names.size()); }
};

inline constexpr double kNoCategories = -1;
inline constexpr uint32_t kFeaturesMax = 1U << 20;
inline constexpr size_t kTreesMax = size_t{1} << 20;

/// A model as Booster.save_model writes it. INVALID_ARGUMENT with the line where it breaks.
Result<Booster> read_text(std::string_view text, const Limits& limits);

/// The JSON of Booster.dump_model.
Result<Booster> read_json(std::string_view text, const Limits& limits);

/// The JSON list of lists behind "pandas_categorical".
Result<std::vector<PandasCategories>> read_pandas_categories(std::string_view json);

}  // namespace slipway::lightgbm
