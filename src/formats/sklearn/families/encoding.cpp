// OneHotEncoder, OrdinalEncoder, TargetEncoder, LabelEncoder and LabelBinarizer.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/category_tables.h"
#include "graph/ops/encode.h"

namespace slipway::sklearn {
namespace {

constexpr uint32_t kSparseFrom = 65;  // narrower one-hot output is dense even if it was sparse

/// Position to code after infrequent categories were put together.
struct Grouping {
  std::vector<uint32_t> codes;         // by position
  uint32_t count = 0;                  // codes in use
  std::optional<uint32_t> infrequent;  // the code of the infrequent ones
};

/// One column of _default_to_infrequent_mappings; the NaN category may be left out of it (its code
/// is then its position).
Result<Grouping> read_mapping(pickle::Value self, pickle::Value mapping, size_t positions) {
  Grouping grouping;
  const pickle::Array<int64_t> codes = TRY(pickle::to_i64(mapping));
  for (const int64_t code : codes.values) {
    if (code < 0 || code >= static_cast<int64_t>(positions)) {
      return invalid_argument(
          fmt::format("{}: a category maps to code {} of {}", self.name(), code, positions));
    }
    grouping.codes.push_back(static_cast<uint32_t>(code));
    grouping.count = std::max(grouping.count, grouping.codes.back() + 1);
  }
  if (grouping.codes.size() != positions && grouping.codes.size() + 1 != positions) {
    return invalid_argument(fmt::format("{}: {} codes for {} categories", self.name(),
                                        grouping.codes.size(), positions));
  }
  if (grouping.count != 0) grouping.infrequent = grouping.count - 1;
  if (grouping.codes.size() < positions) {
    grouping.codes.push_back(static_cast<uint32_t>(positions - 1));
    grouping.count = static_cast<uint32_t>(positions);
  }
  return grouping;
}

Result<std::vector<Grouping>> read_groupings(pickle::Value self, const EncoderInput& input) {
  std::vector<Grouping> groupings;
  std::vector<pickle::Value> mappings;
  if (TRY(bool_attr_or(self, "_infrequent_enabled", false))) {
    mappings = TRY(pickle::to_values(TRY(self.attr("_default_to_infrequent_mappings")))).values;
    if (mappings.size() != input.columns.size()) {
      return invalid_argument(fmt::format("{}: infrequent categories of {} columns, expected {}",
                                          self.name(), mappings.size(), input.columns.size()));
    }
  }
  for (size_t i = 0; i < input.columns.size(); ++i) {
    const size_t positions = input.columns[i].size();
    if (!mappings.empty() && !mappings[i].is_none()) {
      groupings.push_back(TRY(read_mapping(self, mappings[i], positions)));
      continue;
    }
    Grouping& grouping = groupings.emplace_back();
    grouping.count = static_cast<uint32_t>(positions);
    for (uint32_t k = 0; k < positions; ++k) grouping.codes.push_back(k);
  }
  return groupings;
}

/// The code that drop= leaves out, per column.
Result<std::vector<std::optional<uint32_t>>> read_drops(pickle::Value self, size_t columns) {
  std::vector<std::optional<uint32_t>> drops(columns);
  auto attr = self.find_attr("_drop_idx_after_grouping");  // since 1.3
  if (!attr.has_value()) attr = self.find_attr("drop_idx_");
  if (!attr.has_value() || attr->is_none()) return drops;
  const Cells cells = TRY(pickle::to_cells(*attr)).values;
  if (cells.size() != columns) {
    return invalid_argument(
        fmt::format("OneHotEncoder.drop_idx_: expected {} entries, got {}", columns, cells.size()));
  }
  for (size_t i = 0; i < columns; ++i) {
    if (cells[i].kind == pickle::Cell::Kind::kMissing) continue;
    if (!(cells[i].number >= 0 && cells[i].number < kWidthMax)) {
      return invalid_argument("OneHotEncoder.drop_idx_: expected positions of categories");
    }
    drops[i] = static_cast<uint32_t>(cells[i].number);
  }
  return drops;
}

/// str() of a category, as it stands in feature names.
std::string category_text(const pickle::Cell& cell) {
  using Kind = pickle::Cell::Kind;
  switch (cell.kind) {
    case Kind::kString: return cell.text;
    case Kind::kBool: return cell.integer != 0 ? "True" : "False";
    case Kind::kInt: return fmt::format("{}", cell.integer);
    case Kind::kMissing: return cell.is_none ? "None" : "nan";
    case Kind::kFloat: break;
  }
  // Python writes a point where fmt leaves it out.
  std::string text = fmt::format("{}", cell.number);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

/// Names of the output columns of one input column.
void add_names(const std::string& column, const Cells& cells, const Grouping& grouping,
               std::optional<uint32_t> drop, std::vector<std::string>& names) {
  std::vector<std::string> by_code(grouping.count);
  for (size_t k = 0; k < cells.size(); ++k) {
    by_code[grouping.codes[k]] = fmt::format(
        "{}_{}", column,
        grouping.infrequent == grouping.codes[k] ? "infrequent_sklearn" : category_text(cells[k]));
  }
  for (uint32_t code = 0; code < grouping.count; ++code) {
    if (code != drop) names.push_back(std::move(by_code[code]));
  }
}

/// One column's part of the op; its output columns begin at `first`.
OneHotOp::Column one_hot_column(Categories categories, const Grouping& grouping,
                                std::optional<uint32_t> drop, uint32_t first, bool refuse,
                                bool unknown_is_infrequent) {
  OneHotOp::Column column;
  column.categories = std::move(categories);
  const auto target = [&](uint32_t code) {
    if (code == drop) return OneHotOp::kNoColumn;
    return static_cast<int32_t>(first + code - (drop.has_value() && code > *drop ? 1 : 0));
  };
  for (const uint32_t code : grouping.codes) column.targets.push_back(target(code));
  column.unknown = refuse ? OneHotOp::kRefuse : OneHotOp::kNoColumn;
  if (unknown_is_infrequent && grouping.infrequent.has_value()) {
    column.unknown = target(*grouping.infrequent);
  }
  return column;
}

Result<Step> lower_one_hot(Lowering& lowering, pickle::Value self, const Features& input) {
  EncoderInput encoded = TRY(read_input(lowering, self, input));
  const std::vector<Grouping> groupings = TRY(read_groupings(self, encoded));
  const auto drops = TRY(read_drops(self, input.size()));
  const std::string unknown = string_attr_or(self, "handle_unknown", "error");
  // 'warn' left unknown categories zero until scikit-learn 1.8 repaired it.
  const bool to_infrequent =
      unknown == "infrequent_if_exist" || (unknown == "warn" && written_since(self, 1, 8));
  // Read once more for the names: the table above keeps only what a lookup needs.
  const std::vector<Cells> cells = TRY(read_categories(lowering, self, input.size()));

  std::vector<OneHotOp::Column> columns;
  std::vector<std::string> names;
  uint64_t width = 0;
  for (size_t i = 0; i < input.size(); ++i) {
    auto drop = drops[i];
    if (drop.has_value() && *drop >= groupings[i].count) drop.reset();
    columns.push_back(one_hot_column(std::move(encoded.columns[i]), groupings[i], drop,
                                     static_cast<uint32_t>(width), unknown == "error",
                                     to_infrequent));
    width += groupings[i].count - (drop.has_value() ? 1 : 0);
    if (width > kWidthMax) return resource_exhausted("one-hot encoding gives too many columns");
    TRY_STATUS(lowering.spend(cells[i].size(), input.name(i).size()));
    add_names(input.name(i), cells[i], groupings[i], drop, names);
  }
  // The parameter was called sparse before 1.2; 1.2 and 1.3 have both, sparse then says
  // "deprecated".
  const bool renamed = self.find_attr("sparse_output").has_value();
  const bool sparse =
      TRY(bool_attr_or(self, renamed ? "sparse_output" : "sparse", true)) && width >= kSparseFrom;
  const auto outputs = static_cast<uint32_t>(width);
  const auto combiner = self.find_attr("feature_name_combiner");
  if (names.size() != outputs || (combiner.has_value() && !combiner->is_string())) names.clear();
  const ValueId y = TRY(lowering.add(
      std::make_unique<OneHotOp>(outputs, sparse, std::move(columns)), std::move(encoded.values)));
  return transformed(y, outputs, std::move(names));
}

Result<Step> lower_ordinal(Lowering& lowering, pickle::Value self, const Features& input) {
  EncoderInput encoded = TRY(read_input(lowering, self, input));
  const std::vector<Grouping> groupings = TRY(read_groupings(self, encoded));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  // NaN keeps its place among the categories but has a code of its own (before 1.1: NaN).
  const double missing_code = TRY(double_attr_or(self, "encoded_missing_value", nan));
  std::optional<double> unknown;
  if (string_attr_or(self, "handle_unknown", "error") == "use_encoded_value") {
    unknown = TRY(TRY(self.attr("unknown_value")).as_double());
  }
  std::vector<OrdinalOp::Column> columns;
  for (size_t i = 0; i < input.size(); ++i) {
    OrdinalOp::Column column{std::move(encoded.columns[i]), {}, unknown};
    for (const uint32_t code : groupings[i].codes) column.codes.push_back(code);
    if (encoded.nan[i].has_value()) column.codes[*encoded.nan[i]] = missing_code;
    columns.push_back(std::move(column));
  }
  const ValueId y =
      TRY(lowering.add(std::make_unique<OrdinalOp>(std::move(columns)), std::move(encoded.values)));
  return transformed(y, static_cast<uint32_t>(input.size()), input.names);
}

/// The means of the target that TargetEncoder learnt; of several classes, a column for each.
Result<Step> lower_target(Lowering& lowering, pickle::Value self, const Features& input) {
  EncoderInput encoded = TRY(read_input(lowering, self, input));
  const bool multiclass = string_attr_or(self, "target_type_", "") == "multiclass";
  const std::vector<double> means = TRY(f64_attr(self, "target_mean_")).values;
  const std::vector<pickle::Value> encodings =
      TRY(pickle::to_values(TRY(self.attr("encodings_")))).values;
  const size_t classes = multiclass ? means.size() : 1;
  if (means.empty() || encodings.size() != input.size() * classes) {
    return invalid_argument(fmt::format("TargetEncoder.encodings_: expected {}, got {}",
                                        input.size() * classes, encodings.size()));
  }
  std::vector<OrdinalOp::Column> columns;
  std::vector<std::string> names;
  for (size_t e = 0; e < encodings.size(); ++e) {
    const Categories& categories = encoded.columns[e / classes];
    TRY_STATUS(lowering.spend(categories.size() + 1, input.longest_name()));
    std::vector<double> codes = TRY(pickle::to_f64(encodings[e])).values;
    if (codes.size() != categories.size()) {
      return invalid_argument(fmt::format("TargetEncoder.encodings_: {} means for {} categories",
                                          codes.size(), categories.size()));
    }
    columns.push_back({categories, std::move(codes), means[e % classes]});
    names.push_back(input.name(e / classes));
  }
  if (multiclass) {
    const std::vector<std::string> labels =
        label_names(TRY(label_table(TRY(self.attr("classes_")))));
    for (size_t e = 0; e < names.size(); ++e) {
      if (e % classes < labels.size()) names[e] += "_" + labels[e % classes];
    }
  }
  const auto width = static_cast<uint32_t>(columns.size());
  const ValueId y =
      TRY(lowering.add(std::make_unique<OrdinalOp>(std::move(columns)), std::move(encoded.values)));
  return transformed(y, width, std::move(names));
}

struct LabelInput {
  Categories categories;
  ValueId value;
};

/// classes_ and the one column of labels.
Result<LabelInput> read_labels(Lowering& lowering, pickle::Value self, const Features& input) {
  if (input.size() != 1) {
    return invalid_argument(
        fmt::format("{} takes one column of labels, {} reach it", self.name(), input.size()));
  }
  Cells cells = TRY(pickle::to_cells(TRY(self.attr("classes_")))).values;
  const bool text = TRY(is_text(lowering, input.columns[0], "the column of labels", cells));
  show_known(lowering, input.columns[0], cells);
  Categories categories = make_categories("the column of labels", text, std::move(cells));
  categories.from = {0, 0};
  const ValueId value = TRY(text ? lowering.strings(input) : lowering.dense(input));
  return LabelInput{std::move(categories), value};
}

Result<Step> lower_label_encoder(Lowering& lowering, pickle::Value self, const Features& input) {
  LabelInput labels = TRY(read_labels(lowering, self, input));
  std::vector<double> codes;
  for (size_t i = 0; i < labels.categories.size(); ++i) codes.push_back(static_cast<double>(i));
  std::vector<OrdinalOp::Column> columns;
  columns.push_back({std::move(labels.categories), std::move(codes), std::nullopt});
  const ValueId y =
      TRY(lowering.add(std::make_unique<OrdinalOp>(std::move(columns)), {labels.value}));
  Step step = transformed(y, 1);
  step.methods.push_back(number_method("transform", y, 1, true));
  return step;
}

/// A column for each class, or one for two classes; labels that it does not know are in none.
Result<Step> lower_label_binarizer(Lowering& lowering, pickle::Value self, const Features& input) {
  LabelInput labels = TRY(read_labels(lowering, self, input));
  const double positive = TRY(double_attr_or(self, "pos_label", 1));
  const double negative = TRY(double_attr_or(self, "neg_label", 0));
  if (string_attr_or(self, "y_type_", "").starts_with("multilabel")) {
    return unimplemented("a LabelBinarizer of several labels a row");
  }
  const size_t classes = labels.categories.size();
  std::vector<OrdinalOp::Column> columns;
  TRY_STATUS(lowering.spend(classes * classes));
  for (size_t i = classes == 2 ? 1 : 0; i < classes; ++i) {
    std::vector<double> codes(classes, negative);
    if (classes > 1) codes[i] = positive;
    columns.push_back({labels.categories, std::move(codes), negative});
  }
  const auto width = static_cast<uint32_t>(columns.size());
  const ValueId y =
      TRY(lowering.add(std::make_unique<OrdinalOp>(std::move(columns)), {labels.value}));
  return transformed(y, width);
}

}  // namespace

std::span<const EstimatorEntry> encoding_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"OneHotEncoder", lower_one_hot},
      EstimatorEntry{"OrdinalEncoder", lower_ordinal},
      EstimatorEntry{"TargetEncoder", lower_target},
      EstimatorEntry{"LabelEncoder", lower_label_encoder},
      EstimatorEntry{"LabelBinarizer", lower_label_binarizer},
  };
  return kTable;
}

}  // namespace slipway::sklearn
