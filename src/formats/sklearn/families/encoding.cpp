// OneHotEncoder and OrdinalEncoder.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/json_escape.h"
#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "graph/ops/encode.h"

namespace slipway::sklearn {
namespace {

constexpr uint32_t kSparseFrom = 65;  // narrower one-hot output is dense even if it was sparse

constexpr uint64_t kCategoryCost = 8;  // in columns: each is held several times, by text and code

using Cells = std::vector<pickle::Cell>;

/// categories_ of all columns.
Result<std::vector<Cells>> read_categories(Lowering& lowering, pickle::Value self,
                                           size_t expected) {
  const pickle::Array<pickle::Value> lists = TRY(pickle::to_values(TRY(self.attr("categories_"))));
  if (lists.values.size() != expected) {
    return invalid_argument(fmt::format("{}.categories_: expected {} columns, got {}", self.name(),
                                        expected, lists.values.size()));
  }
  std::vector<Cells> columns;
  for (const pickle::Value& list : lists.values) {
    columns.push_back(TRY(pickle::to_cells(list)).values);
    size_t longest = 0;
    for (const pickle::Cell& cell : columns.back()) longest = std::max(longest, cell.text.size());
    TRY_STATUS(lowering.spend(columns.back().size() * kCategoryCost, longest));
  }
  return columns;
}

/// Text if its categories are strings; without any but missing ones, what it was before.
Result<bool> is_text(const Lowering& lowering, const ColumnRef& ref, const std::string& column,
                     const Cells& cells) {
  using Kind = pickle::Cell::Kind;
  size_t texts = 0;
  size_t numbers = 0;
  for (const pickle::Cell& cell : cells) {
    texts += cell.kind == Kind::kString ? 1 : 0;
    numbers += cell.kind != Kind::kString && cell.kind != Kind::kMissing ? 1 : 0;
  }
  if (texts != 0 && numbers != 0) {
    return unimplemented(fmt::format("the categories of {} mix strings and numbers", column));
  }
  if (texts == 0 && numbers == 0) return !ref.open && lowering.may_be_text(ref);
  return texts != 0;
}

std::string as_json(const pickle::Cell& cell) {
  std::string json;
  if (cell.kind == pickle::Cell::Kind::kString) {
    append_json_string(json, cell.text);
  } else {
    append_json_number(json, cell.number);
  }
  return json;
}

Categories make_categories(std::string column, bool text, Cells cells) {
  Categories categories;
  categories.column = std::move(column);
  categories.is_text = text;
  for (uint32_t i = 0; i < cells.size(); ++i) {
    const bool missing = cells[i].kind == pickle::Cell::Kind::kMissing;
    if (!text) {
      categories.numbers.push_back(missing ? std::numeric_limits<double>::quiet_NaN()
                                           : cells[i].number);
      continue;
    }
    if (missing) (cells[i].is_none ? categories.none : categories.nan) = i;
    categories.texts.push_back(std::move(cells[i].text));
  }
  return categories;
}

struct EncoderInput {
  std::vector<Categories> columns;
  std::vector<std::optional<uint32_t>> nan;  // position of NaN itself (not None), per column
  std::vector<ValueId> values;
};

/// The categories and, as at most two values, the columns that they encode.
Result<EncoderInput> read_input(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(lowering.check_width(self, input));
  std::vector<Cells> cells = TRY(read_categories(lowering, self, input.size()));
  EncoderInput made;
  std::vector<uint32_t> numbers;
  std::vector<uint32_t> texts;
  for (uint32_t i = 0; i < input.size(); ++i) {
    std::string column = input.names.empty() ? fmt::format("column {}", i)
                                             : fmt::format("column {} ('{}')", i, input.names[i]);
    const bool text = TRY(is_text(lowering, input.columns[i], column, cells[i]));
    (text ? texts : numbers).push_back(i);
    made.nan.emplace_back();
    for (uint32_t k = 0; k < cells[i].size(); ++k) {
      if (cells[i][k].kind == pickle::Cell::Kind::kMissing && !cells[i][k].is_none) {
        made.nan.back() = k;
      }
    }
    if (const auto known = std::ranges::find_if(
            cells[i], [](const auto& cell) { return cell.kind != pickle::Cell::Kind::kMissing; });
        known != cells[i].end()) {
      lowering.set_example(input.columns[i], as_json(*known));
    }
    made.columns.push_back(make_categories(std::move(column), text, std::move(cells[i])));
  }
  const auto place = [&](const std::vector<uint32_t>& columns, ValueId value) {
    const auto position = static_cast<uint32_t>(made.values.size());
    for (uint32_t k = 0; k < columns.size(); ++k) made.columns[columns[k]].from = {position, k};
    made.values.push_back(value);
  };
  if (!numbers.empty()) {
    place(numbers, TRY(lowering.finite_part(self, input.pick(numbers), {.allow_nan = true})));
  }
  if (!texts.empty()) place(texts, TRY(lowering.strings(input.pick(texts))));
  return made;
}

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

}  // namespace

std::span<const EstimatorEntry> encoding_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"OneHotEncoder", lower_one_hot},
      EstimatorEntry{"OrdinalEncoder", lower_ordinal},
  };
  return kTable;
}

}  // namespace slipway::sklearn
