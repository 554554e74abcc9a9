#include "formats/catboost/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace slipway::catboost {
namespace {

namespace dom = simdjson::dom;

Status malformed(std::string_view what, std::string_view key) {
  return data_loss(fmt::format("the JSON is not that of a CatBoost model: '{}' {}", key, what));
}

// Members of an object. Where `value` is no object they are missing.

Result<std::string_view> text_of(dom::element value, std::string_view key) {
  std::string_view text;
  if (value[key].get(text) != simdjson::SUCCESS) return malformed("is no text", key);
  return text;
}

/// An optional text.
std::string text_or_empty(dom::element value, std::string_view key) {
  std::string_view text;
  return value[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

Result<int32_t> integer_of(dom::element value, std::string_view key) {
  int64_t number = 0;
  if (value[key].get(number) != simdjson::SUCCESS || number < INT32_MIN || number > INT32_MAX) {
    return malformed("is no whole number of 32 bits", key);
  }
  return static_cast<int32_t>(number);
}

Result<float> float_of(dom::element value, std::string_view key) {
  double number = 0;
  if (value[key].get(number) != simdjson::SUCCESS) return malformed("is no number", key);
  return static_cast<float>(number);
}

/// An array; an empty one where it is missing or null.
Result<std::vector<dom::element>> items_of(dom::element value, std::string_view key) {
  std::vector<dom::element> items;
  dom::element found;
  if (value[key].get(found) != simdjson::SUCCESS || found.is_null()) return items;
  dom::array array;
  if (found.get(array) != simdjson::SUCCESS) return malformed("is no list", key);
  for (const dom::element item : array) items.push_back(item);
  return items;
}

template <typename T>
Result<std::vector<T>> numbers_of(dom::element value, std::string_view key) {
  std::vector<T> numbers;
  for (const dom::element item : TRY(items_of(value, key))) {
    double number = 0;
    if (item.get(number) != simdjson::SUCCESS) return malformed("holds what is no number", key);
    numbers.push_back(static_cast<T>(number));
  }
  return numbers;
}

Result<std::vector<int32_t>> integers_of(dom::element value, std::string_view key) {
  std::vector<int32_t> numbers;
  for (const dom::element item : TRY(items_of(value, key))) {
    int64_t number = 0;
    if (item.get(number) != simdjson::SUCCESS || number < INT32_MIN || number > INT32_MAX) {
      return malformed("holds what is no whole number of 32 bits", key);
    }
    numbers.push_back(static_cast<int32_t>(number));
  }
  return numbers;
}

Result<Projection> read_projection(dom::element value) {
  Projection projection;
  for (const dom::element part : TRY(items_of(value, "elements"))) {
    const std::string_view kind = TRY(text_of(part, "combination_element"));
    if (kind == "cat_feature_value") {
      projection.category_indices.push_back(TRY(integer_of(part, "cat_feature_index")));
    } else if (kind == "float_feature") {
      const int32_t index = TRY(integer_of(part, "float_feature_index"));
      const float border = TRY(float_of(part, "border"));
      projection.float_splits.push_back({index, border});
    } else if (kind == "cat_feature_exact_value") {
      const int32_t index = TRY(integer_of(part, "cat_feature_index"));
      const int32_t category = TRY(integer_of(part, "value"));
      projection.one_hot_splits.push_back({index, category});
    } else {
      return malformed("is of no known kind", "combination_element");
    }
  }
  return projection;
}

Result<CtrType> ctr_type(std::string_view name) {
  static constexpr std::array kNames = {std::string_view("Borders"),
                                        std::string_view("Buckets"),
                                        std::string_view("BinarizedTargetMeanValue"),
                                        std::string_view("FloatTargetMeanValue"),
                                        std::string_view("Counter"),
                                        std::string_view("FeatureFreq")};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    return unimplemented(fmt::format("statistics (CTR) of type '{}' are not known", name));
  }
  return static_cast<CtrType>(found - kNames.begin());
}

/// Kinds of statistics by the key under which their table stands.
using Bases = std::map<std::string, CtrBase, std::less<>>;

Result<CtrFeature> read_ctr_feature(dom::element value, Bases& bases) {
  CtrFeature feature;
  feature.base.projection = TRY(read_projection(value));
  feature.base.type = TRY(ctr_type(TRY(text_of(value, "ctr_type"))));
  feature.target_border = TRY(integer_of(value, "target_border_idx"));
  feature.prior_numerator = TRY(float_of(value, "prior_numerator"));
  feature.prior_denominator = TRY(float_of(value, "prior_denomerator"));  // CatBoost's spelling
  feature.shift = TRY(float_of(value, "shift"));
  feature.scale = TRY(float_of(value, "scale"));
  feature.borders = TRY(numbers_of<float>(value, "borders"));
  bases.emplace(TRY(text_of(value, "identifier")), feature.base);
  return feature;
}

std::string feature_name(dom::element value) {
  std::string name = text_or_empty(value, "feature_id");
  return name.empty() ? text_or_empty(value, "feature_name") : name;
}

Result<FloatFeature> read_float_feature(dom::element value) {
  FloatFeature feature;
  bool has_nans = false;
  if (value["has_nans"].get(has_nans) == simdjson::SUCCESS) feature.has_nans = has_nans;
  const std::string treatment = text_or_empty(value, "nan_value_treatment");
  if (treatment == "AsFalse") feature.nan_treatment = FloatFeature::NanTreatment::kAsFalse;
  if (treatment == "AsTrue") feature.nan_treatment = FloatFeature::NanTreatment::kAsTrue;
  feature.index = TRY(integer_of(value, "feature_index"));
  feature.flat_index = TRY(integer_of(value, "flat_feature_index"));
  feature.name = feature_name(value);
  feature.borders = TRY(numbers_of<float>(value, "borders"));
  return feature;
}

Result<Bases> read_features(dom::element info, Model& model) {
  for (const dom::element value : TRY(items_of(info, "float_features"))) {
    model.float_features.push_back(TRY(read_float_feature(value)));
  }
  for (const dom::element value : TRY(items_of(info, "categorical_features"))) {
    OtherFeature feature;
    feature.index = TRY(integer_of(value, "feature_index"));
    feature.flat_index = TRY(integer_of(value, "flat_feature_index"));
    feature.name = feature_name(value);
    std::vector<int32_t> values = TRY(integers_of(value, "values"));
    if (!values.empty()) model.one_hot_features.push_back({feature.index, std::move(values)});
    model.category_features.push_back(std::move(feature));
  }
  Bases bases;
  for (const dom::element value : TRY(items_of(info, "ctrs"))) {
    model.ctr_features.push_back(TRY(read_ctr_feature(value, bases)));
  }
  return bases;
}

Result<uint64_t> hash_of(dom::element value) {
  std::string_view digits;
  uint64_t hash = 0;
  if (value.get(digits) != simdjson::SUCCESS) return malformed("holds no hash", "hash_map");
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hash);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return malformed("holds no hash", "hash_map");
  }
  return hash;
}

/// `hash_map` is one list: a hash in quotes, then stride - 1 numbers, and so on.
Result<CtrTable> read_ctr_table(dom::element value, const CtrBase& base) {
  CtrTable table;
  table.base = base;
  const std::vector<dom::element> items = TRY(items_of(value, "hash_map"));
  const auto stride = static_cast<size_t>(std::max(TRY(integer_of(value, "hash_stride")), 0));
  table.counter_denominator = TRY(integer_of(value, "counter_denominator"));
  table.target_classes = static_cast<int32_t>(stride) - 1;
  const bool is_mean = base.type == CtrType::kBinarizedTargetMeanValue ||
                       base.type == CtrType::kFloatTargetMeanValue;
  if (stride < 2 || items.size() % stride != 0 || (is_mean && stride != 3)) {
    return malformed("does not fit the table", "hash_stride");
  }
  for (size_t at = 0; at < items.size(); at += stride) {
    table.buckets.push_back({TRY(hash_of(items[at])), static_cast<uint32_t>(at / stride)});
    std::vector<double> row;
    for (size_t i = 1; i < stride; ++i) {
      double number = 0;
      if (items[at + i].get(number) != simdjson::SUCCESS || !(number >= INT32_MIN) ||
          !(number <= INT32_MAX)) {
        return malformed("holds what is no number of 32 bits", "hash_map");
      }
      row.push_back(number);
    }
    if (is_mean) {
      table.means.push_back({static_cast<float>(row[0]), static_cast<int32_t>(row[1])});
    } else {
      for (const double number : row) table.counts.push_back(static_cast<int32_t>(number));
    }
  }
  // An empty bucket of the .cbm file is written out as if it were one.
  std::erase_if(table.buckets, [](const auto& bucket) { return bucket.hash == UINT64_MAX; });
  return table;
}

Status read_statistics(dom::element root, const Bases& bases, Model& model) {
  dom::element found;
  if (root["ctr_data"].get(found) != simdjson::SUCCESS || found.is_null()) return {};
  dom::object tables;
  if (found.get(tables) != simdjson::SUCCESS) return malformed("is no object", "ctr_data");
  for (const auto& [key, value] : tables) {
    const auto base = bases.find(key);
    if (base != bases.end()) {
      model.ctr_tables.push_back(TRY(read_ctr_table(value, base->second)));
    }
  }
  return {};
}

Status read_oblivious_trees(const std::vector<dom::element>& trees, Model& model) {
  model.dimensions = 1;
  for (const dom::element tree : trees) {
    const std::vector<double> leaves = TRY(numbers_of<double>(tree, "leaf_values"));
    const std::vector<dom::element> splits = TRY(items_of(tree, "splits"));
    if (splits.size() >= 31) return malformed("is deeper than 30", "splits");
    for (const dom::element split : splits) {
      model.splits.push_back(TRY(integer_of(split, "split_index")));
    }
    model.tree_sizes.push_back(static_cast<int32_t>(splits.size()));
    model.dimensions =
        static_cast<int32_t>(std::min<size_t>(leaves.size() >> splits.size(), size_t{INT32_MAX}));
    model.leaf_values.insert(model.leaf_values.end(), leaves.begin(), leaves.end());
  }
  return {};
}

Status add_leaf(dom::element value, Model& model) {
  model.leaf_starts.push_back(static_cast<uint32_t>(model.leaf_values.size()));
  model.splits.push_back(0);
  if (double number = 0; value.get(number) == simdjson::SUCCESS) {
    model.dimensions = 1;
    model.leaf_values.push_back(number);
    return {};
  }
  dom::array numbers;
  if (value.get(numbers) != simdjson::SUCCESS) return malformed("is no number or list", "value");
  model.dimensions = static_cast<int32_t>(numbers.size());
  for (const dom::element item : numbers) {
    double number = 0;
    if (item.get(number) != simdjson::SUCCESS) return malformed("holds no number", "value");
    model.leaf_values.push_back(number);
  }
  return {};
}

/// A tree of nested objects, laid out as in a .cbm file: a node, its left side, its right side.
Status read_nested_tree(dom::element root, Model& model) {
  struct Pending {
    dom::element node;
    size_t parent;
    bool is_right;
  };
  const size_t first = model.step_nodes.size();
  std::vector<Pending> stack{{root, first, false}};
  while (!stack.empty()) {
    const auto [node, parent, is_right] = stack.back();
    stack.pop_back();
    const size_t place = model.step_nodes.size();
    if (place - parent > UINT16_MAX) return malformed("is too large", "trees");
    const auto step = static_cast<uint16_t>(place - parent);
    model.step_nodes.emplace_back();
    if (place != first) {
      (is_right ? model.step_nodes[parent].right : model.step_nodes[parent].left) = step;
    }
    dom::element value;
    if (node["value"].get(value) == simdjson::SUCCESS) {
      TRY_STATUS(add_leaf(value, model));
      continue;
    }
    dom::element split;
    dom::element left;
    dom::element right;
    if (node["split"].get(split) != simdjson::SUCCESS ||
        node["left"].get(left) != simdjson::SUCCESS ||
        node["right"].get(right) != simdjson::SUCCESS) {
      return malformed("is neither leaf nor split", "trees");
    }
    model.splits.push_back(TRY(integer_of(split, "split_index")));
    model.leaf_starts.push_back(UINT32_MAX);
    stack.push_back({right, place, true});
    stack.push_back({left, place, false});
  }
  model.tree_sizes.push_back(static_cast<int32_t>(model.step_nodes.size() - first));
  return {};
}

Status read_trees(dom::element root, Model& model) {
  model.is_oblivious = root["trees"].error() != simdjson::SUCCESS;
  if (model.is_oblivious) {
    return read_oblivious_trees(TRY(items_of(root, "oblivious_trees")), model);
  }
  for (const dom::element tree : TRY(items_of(root, "trees"))) {
    TRY_STATUS(read_nested_tree(tree, model));
  }
  return {};
}

/// [scale, [bias, ...]], or before 0.25 [scale, bias].
Status read_scale(dom::element root, Model& model) {
  const std::vector<dom::element> pair = TRY(items_of(root, "scale_and_bias"));
  if (pair.empty()) return {};
  if (pair.size() != 2 || pair[0].get(model.scale) != simdjson::SUCCESS) {
    return malformed("is no pair", "scale_and_bias");
  }
  double bias = 0;
  if (pair[1].get(bias) == simdjson::SUCCESS) {
    model.biases = {bias};
    return {};
  }
  dom::array biases;
  if (pair[1].get(biases) != simdjson::SUCCESS) return malformed("is no pair", "scale_and_bias");
  for (const dom::element item : biases) {
    if (item.get(bias) != simdjson::SUCCESS) return malformed("holds no number", "scale_and_bias");
    model.biases.push_back(bias);
  }
  return {};
}

/// Texts as they are; what the .cbm file holds as the text of a JSON object is one here.
void read_info(dom::element root, Model& model) {
  dom::object info;
  if (root["model_info"].get(info) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : info) {
    std::string_view text;
    model.info.emplace_back(
        key, value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value));
  }
}

}  // namespace

bool may_begin_json_model(std::string_view start) {
  constexpr std::string_view kSpace = " \t\r\n";
  static constexpr std::array kKeys = {
      std::string_view("\"ctr_data\""), std::string_view("\"features_info\""),
      std::string_view("\"model_info\""), std::string_view("\"oblivious_trees\"")};
  const auto skip = [&](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    return text;
  };
  std::string_view rest = skip(start);
  if (!rest.starts_with('{')) return false;
  rest = skip(rest.substr(1));
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](std::string_view key) { return rest.starts_with(key); });
}

Result<Model> read_json(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.file_bytes_max) return resource_exhausted("the file is too large");
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(bytes.data(), bytes.size()).get(root)) {
    return data_loss(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }
  dom::element info;
  if (root["features_info"].get(info) != simdjson::SUCCESS) {
    return malformed("is missing", "features_info");
  }
  Model model;
  read_info(root, model);
  const Bases bases = TRY(read_features(info, model));
  TRY_STATUS(read_statistics(root, bases, model));
  TRY_STATUS(read_trees(root, model));
  TRY_STATUS(read_scale(root, model));
  return model;
}

}  // namespace slipway::catboost
