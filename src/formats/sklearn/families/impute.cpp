// SimpleImputer, with its missing-value indicator.
//
// statistics_ tells what each column holds: a string fills a text column, a number a numeric one,
// NaN marks a column without any observed value, which the imputer drops.
#include "graph/ops/impute.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

enum class Content : uint8_t { kNumber, kText, kDropped };

struct Column {
  Content content = Content::kNumber;
  double number = 0;
  std::string text;
};

/// `missing_values` for either kind of column.
struct Missing {
  MissingNumber number;
  MissingText text;
};

Result<Missing> missing_values(pickle::Value self) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const pickle::Value value = TRY(self.attr("missing_values"));
  Missing missing;
  if (value.is_none()) {
    missing.number = nan;  // None in a numeric column arrives as NaN
    missing.text.none = true;
    missing.text.refuse_nan = true;
  } else if (const auto text = value.as_string(); text.ok()) {
    missing.text.text = std::string(*text);
    missing.text.refuse_nan = true;
  } else if (const auto number = value.as_double(); number.ok()) {
    missing.number = *number;
    missing.text.nan = std::isnan(*number);
    missing.text.refuse_nan = !missing.text.nan;
  } else if (value.module().starts_with("pandas")) {  // pandas.NA
    missing.number = nan;
    missing.text.none = true;
    missing.text.nan = true;
  } else {
    return unimplemented(fmt::format(
        "SimpleImputer.missing_values: expected a number, a string, None or NaN, got {}",
        value.type_name()));
  }
  return missing;
}

Result<std::vector<Column>> read_columns(pickle::Value self, size_t expected) {
  const pickle::Array<pickle::Cell> cells = TRY(pickle::to_cells(TRY(self.attr("statistics_"))));
  if (cells.values.size() != expected) {
    return invalid_argument(fmt::format("SimpleImputer.statistics_: expected {} entries, got {}",
                                        expected, cells.values.size()));
  }
  bool keeps_all = TRY(bool_attr_or(self, "keep_empty_features", false));
  if (string_attr_or(self, "strategy", "mean") == "constant") {
    const auto fill = self.find_attr("fill_value");
    const auto number = fill.has_value() ? fill->as_double() : Result<double>(0.0);
    keeps_all = keeps_all || (number.ok() && std::isnan(*number));
  }
  std::vector<Column> columns;
  for (const pickle::Cell& cell : cells.values) {
    Column column;
    switch (cell.kind) {
      case pickle::Cell::Kind::kString:
        column.content = Content::kText;
        column.text = cell.text;
        break;
      case pickle::Cell::Kind::kMissing:
        column.content = keeps_all ? Content::kNumber : Content::kDropped;
        column.number = std::numeric_limits<double>::quiet_NaN();
        break;
      default: column.number = cell.number;
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// indicator_.features_, where add_indicator asks for it.
Result<std::vector<uint32_t>> indicator_columns(pickle::Value self, size_t width) {
  std::vector<uint32_t> columns;
  if (!TRY(bool_attr_or(self, "add_indicator", false))) return columns;
  const pickle::Value indicator = TRY(self.attr("indicator_"));
  const pickle::Value features = TRY(indicator.attr("features_"));
  const pickle::ArrayInfo info = TRY(pickle::array_info(features));
  if (info.element_count == 0) return columns;
  for (const int64_t column : TRY(pickle::to_i64(features)).values) {
    if (column < 0 || column >= static_cast<int64_t>(width)) {
      return invalid_argument(fmt::format(
          "MissingIndicator.features_: expected columns below {}, got {}", width, column));
    }
    columns.push_back(static_cast<uint32_t>(column));
  }
  return columns;
}

/// The part of the input that has one content, and where each input column is in it.
struct Part {
  std::vector<uint32_t> columns;   // of the input
  std::vector<uint32_t> position;  // by input column
};

Part part_of(const std::vector<Column>& columns, const std::vector<bool>& needed, bool text) {
  Part part;
  part.position.resize(columns.size());
  for (uint32_t i = 0; i < columns.size(); ++i) {
    if (!needed[i] || (columns[i].content == Content::kText) != text) continue;
    part.position[i] = static_cast<uint32_t>(part.columns.size());
    part.columns.push_back(i);
  }
  return part;
}

/// Builds the imputer's nodes for one kind of content and hands out their columns.
class Side {
 public:
  Side(Lowering& lowering, pickle::Value self, bool text, const Missing& missing)
      : lowering_(lowering), self_(self), text_(text), missing_(missing) {}

  Status build(const Features& input, const std::vector<Column>& columns,
               const std::vector<bool>& needed, const std::vector<uint32_t>& indicated) {
    part_ = part_of(columns, needed, text_);
    if (part_.columns.empty()) return {};
    const Features picked = input.pick(part_.columns);
    const bool nan_ok = missing_.number.has_value() && std::isnan(*missing_.number);
    const ValueId x = text_ ? TRY(lowering_.strings(picked))
                            : TRY(lowering_.finite_part(self_, picked, {.allow_nan = nan_ok}));
    std::vector<uint32_t> flagged;
    for (const uint32_t i : indicated) {
      if ((columns[i].content == Content::kText) == text_) flagged.push_back(part_.position[i]);
    }
    TRY_STATUS(impute(x, columns));
    uint32_t made = 0;
    for (const uint32_t i : part_.columns) {
      if (columns[i].content == Content::kDropped) continue;
      lowering_.set_origin({imputed_, made++, false}, input.columns[i]);
    }
    if (!flagged.empty()) TRY_STATUS(indicate(x, std::move(flagged)));
    return {};
  }

  ColumnRef next_imputed() { return {imputed_, imputed_used_++, false}; }
  ColumnRef next_flag() { return {flags_, flags_used_++, false}; }

 private:
  Status impute(ValueId x, const std::vector<Column>& columns) {
    std::vector<uint32_t> kept;
    std::vector<double> numbers;
    std::vector<std::string> texts;
    for (const uint32_t i : part_.columns) {
      if (columns[i].content == Content::kDropped) continue;
      kept.push_back(part_.position[i]);
      numbers.push_back(columns[i].number);
      texts.push_back(columns[i].text);
    }
    std::unique_ptr<const Op> op;
    if (text_) {
      op = std::make_unique<ImputeStringsOp>(missing_.text, std::string(self_.name()),
                                             std::move(kept), std::move(texts));
    } else {
      op = std::make_unique<ImputeOp>(missing_.number, std::move(kept), std::move(numbers));
    }
    imputed_ = TRY(lowering_.add(std::move(op), {x}));
    return {};
  }

  Status indicate(ValueId x, std::vector<uint32_t> flagged) {
    std::unique_ptr<const Op> op;
    if (text_) {
      op = std::make_unique<MissingStringsIndicatorOp>(missing_.text, std::move(flagged));
    } else {
      op = std::make_unique<MissingIndicatorOp>(missing_.number, std::move(flagged));
    }
    flags_ = TRY(lowering_.add(std::move(op), {x}));
    return {};
  }

  Lowering& lowering_;
  const pickle::Value self_;
  const bool text_;
  const Missing& missing_;
  Part part_;
  ValueId imputed_ = 0;
  ValueId flags_ = 0;
  uint32_t imputed_used_ = 0;
  uint32_t flags_used_ = 0;
};

Result<Step> lower_simple_imputer(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(lowering.check_width(self, input));
  const std::vector<Column> columns = TRY(read_columns(self, input.size()));
  const std::vector<uint32_t> indicated = TRY(indicator_columns(self, input.size()));
  TRY_STATUS(lowering.spend(indicated.size(), input.longest_name()));
  const Missing missing = TRY(missing_values(self));
  std::vector<bool> needed(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    needed[i] = columns[i].content != Content::kDropped;
  }
  for (const uint32_t i : indicated) needed[i] = true;
  Side numbers(lowering, self, false, missing);
  Side texts(lowering, self, true, missing);
  TRY_STATUS(numbers.build(input, columns, needed, indicated));
  TRY_STATUS(texts.build(input, columns, needed, indicated));

  Step step;
  Features& output = step.transform.emplace();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].content == Content::kDropped) continue;
    const bool text = columns[i].content == Content::kText;
    output.columns.push_back(text ? texts.next_imputed() : numbers.next_imputed());
    output.names.push_back(input.name(i));
  }
  for (const uint32_t i : indicated) {
    const bool text = columns[i].content == Content::kText;
    output.columns.push_back(text ? texts.next_flag() : numbers.next_flag());
    output.names.push_back("missingindicator_" + input.name(i));
  }
  return step;
}

}  // namespace

std::span<const EstimatorEntry> impute_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"SimpleImputer", lower_simple_imputer},
  };
  return kTable;
}

}  // namespace slipway::sklearn
