// The encoders of the package category_encoders. Each keeps pandas tables; here each becomes, per
// encoded column, a table from category to the numbers that replace it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/category_tables.h"
#include "formats/sklearn/families/pandas_frame.h"

namespace slipway::sklearn {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kUnknownCode = -1;
constexpr double kMissingCode = -2;

/// What replaces the categories of one column: `outputs` has a vector of numbers, one for each
/// cell, for each column that comes out, and `unknown` what other categories get.
struct Replacement {
  uint32_t column = 0;
  Cells cells;
  std::vector<std::vector<double>> outputs;
  std::vector<std::optional<double>> unknown;
  std::vector<std::string> names;
};

bool is_missing(const pickle::Cell& cell) { return cell.kind == pickle::Cell::Kind::kMissing; }

pickle::Cell missing_cell(bool is_none) {
  pickle::Cell cell;
  cell.kind = pickle::Cell::Kind::kMissing;
  cell.is_none = is_none;
  return cell;
}

std::optional<size_t> missing_place(const Cells& cells) {
  const auto found = std::find_if(cells.begin(), cells.end(), is_missing);
  if (found == cells.end()) return std::nullopt;
  return static_cast<size_t>(found - cells.begin());
}

/// handle_unknown or handle_missing. UNIMPLEMENTED for functions and numbers of the user's.
Result<std::string> policy(pickle::Value self, std::string_view name) {
  const auto value = self.find_attr(name);
  if (!value.has_value()) return std::string("value");
  if (!value->is_string()) {
    return unimplemented(fmt::format("{}.{} is not one of the words for it", self.name(), name));
  }
  return std::string(TRY(value->as_string()));
}

/// The place of a column's name among the input columns.
Result<uint32_t> column_place(Lowering& lowering, pickle::Value self, pickle::Value name,
                              const std::vector<std::string>& names) {
  TRY_STATUS(lowering.spend(names.size() / 8 + 1));
  const auto text = name.as_string();
  const std::string wanted = text.ok() ? std::string(*text) : fmt::format("{}", TRY(name.as_int()));
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) {
    return invalid_argument(fmt::format("{}: no column '{}'", self.name(), wanted));
  }
  return static_cast<uint32_t>(found - names.begin());
}

/// Before 2.6 the names were called feature_names.
Result<std::vector<std::string>> input_names(pickle::Value self) {
  const bool named = self.find_attr("feature_names_in_").has_value();
  std::vector<std::string> names;
  for (const pickle::Cell& cell :
       TRY(pickle::to_cells(TRY(self.attr(named ? "feature_names_in_" : "feature_names"))))
           .values) {
    names.push_back(cell.kind == pickle::Cell::Kind::kString ? cell.text
                                                             : fmt::format("{}", cell.integer));
  }
  return names;
}

/// Options that change what these tables mean.
Status check_options(pickle::Value self) {
  for (const std::string_view name : {"hierarchy", "composite_cols", "min_group_size"}) {
    const auto value = self.find_attr(name);
    if (value.has_value() && !value->is_none()) {
      return unimplemented(fmt::format("{}.{} is not supported", self.name(), name));
    }
  }
  const auto invariant = self.find_attr("invariant_cols");
  const auto old = self.find_attr("drop_cols");  // its name before 2.3
  for (const auto& dropped : {invariant, old}) {
    if (dropped.has_value() && !dropped->is_none() && dropped->size() != 0) {
      return unimplemented(fmt::format("{} with dropped columns is not supported", self.name()));
    }
  }
  return {};
}

/// An entry of an OrdinalEncoder's mapping: categories to codes 1, 2, ...
struct OrdinalColumn {
  uint32_t column = 0;
  Cells cells;
  std::vector<double> codes;
  std::optional<double> unknown;
};

Result<std::vector<OrdinalColumn>> ordinal_columns(Lowering& lowering, pickle::Value self,
                                                   const std::vector<std::string>& names) {
  const std::string unknown = TRY(policy(self, "handle_unknown"));
  const std::string missing = TRY(policy(self, "handle_missing"));
  const pickle::Value mapping = TRY(self.attr("mapping"));
  if (mapping.kind() != pickle::Kind::kList) return invalid_argument("mapping: expected a list");
  std::vector<OrdinalColumn> columns;
  for (size_t i = 0; i < mapping.size(); ++i) {
    const auto name = mapping.at(i).find("col");
    const auto table = mapping.at(i).find("mapping");
    if (!name.has_value() || !table.has_value()) {
      return invalid_argument("mapping: an entry without its column or its table");
    }
    Frame frame = TRY(read_frame(*table));
    TRY_STATUS(lowering.spend(frame.rows() * 8));
    OrdinalColumn column;
    column.column = TRY(column_place(lowering, self, *name, names));
    column.cells = std::move(frame.index);
    column.codes = std::move(frame.columns.at(0));
    if (unknown == "value" || unknown == "indicator") column.unknown = kUnknownCode;
    if (unknown == "return_nan") column.unknown = kNan;
    for (double& code : column.codes) {
      if (missing == "return_nan" && code == kMissingCode) code = kNan;
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// The number beside a code; NaN where there is none.
double beside(const Frame& frame, const std::vector<double>& column, double code) {
  for (size_t i = 0; i < frame.rows(); ++i) {
    const pickle::Cell& label = frame.index[i];
    const bool both_missing = std::isnan(code) && is_missing(label);
    if (both_missing || (!is_missing(label) && label.number == code)) return column[i];
  }
  return kNan;
}

/// Codes replaced by rows of a table.
Status replace_codes(Lowering& lowering, const OrdinalColumn& ordinal, const Frame& frame,
                     bool fill_missing, Replacement& made) {
  TRY_STATUS(
      lowering.spend((ordinal.codes.size() + 1) * frame.columns.size() * (1 + frame.rows() / 64)));
  const auto row_of = [&](double code) {
    return fill_missing && std::isnan(code) ? kMissingCode : code;
  };
  made.column = ordinal.column;
  made.cells = ordinal.cells;
  for (const std::vector<double>& column : frame.columns) {
    std::vector<double>& output = made.outputs.emplace_back();
    for (const double code : ordinal.codes) output.push_back(beside(frame, column, row_of(code)));
    made.unknown.emplace_back();
    if (ordinal.unknown.has_value()) {
      made.unknown.back() = beside(frame, column, row_of(*ordinal.unknown));
    }
  }
  made.names = frame.names;
  return {};
}

/// Missing values count as NaN, whichever of the two that Python knows they are; a column without
/// a category for them gets `otherwise`, nullopt if they are refused.
void settle_missing(Replacement& made, const std::vector<std::optional<double>>& otherwise) {
  const std::optional<size_t> place = missing_place(made.cells);
  const bool known = place.has_value();
  if (!known && !otherwise[0].has_value()) return;
  const bool is_none = known && made.cells[*place].is_none;
  const bool text = std::any_of(made.cells.begin(), made.cells.end(), [](const auto& cell) {
    return cell.kind == pickle::Cell::Kind::kString;
  });
  if (known && !text) return;
  // Of texts both kinds are told apart by the tables that look them up.
  std::vector<bool> kinds{!is_none};
  if (!known) kinds = {false, true};
  if (!known && !text) kinds = {false};
  for (const bool none : kinds) {
    made.cells.push_back(missing_cell(none));
    for (size_t k = 0; k < made.outputs.size(); ++k) {
      made.outputs[k].push_back(known ? made.outputs[k][*place] : *otherwise[k]);
    }
  }
}

/// An input column that is encoded: by what, and where it stands among the numbers or texts.
struct Source {
  const Replacement* made = nullptr;
  bool is_text = false;
  uint32_t place = 0;
};

/// Which columns are encoded, and as at most two values, numbers before texts, what they hold.
Result<std::vector<ValueId>> find_sources(Lowering& lowering, const Features& input,
                                          const std::vector<Replacement>& replacements,
                                          std::vector<Source>& sources) {
  std::vector<uint32_t> numbers;
  std::vector<uint32_t> texts;
  for (const Replacement& made : replacements) {
    if (made.column >= input.size()) return invalid_argument("a column that the input lacks");
    Source& source = sources[made.column];
    if (source.made != nullptr) return invalid_argument("a column is encoded twice");
    const ColumnRef& column = input.columns[made.column];
    source.made = &made;
    source.is_text = TRY(is_text(lowering, column, input.name(made.column), made.cells));
    std::vector<uint32_t>& kind = source.is_text ? texts : numbers;
    source.place = static_cast<uint32_t>(kind.size());
    kind.push_back(made.column);
    show_known(lowering, column, made.cells);
  }
  std::vector<ValueId> values;
  if (!numbers.empty()) values.push_back(TRY(lowering.dense(input.pick(numbers))));
  if (!texts.empty()) values.push_back(TRY(lowering.strings(input.pick(texts))));
  return values;
}

/// The encoded columns as one op, the others as they are, in the order of the input.
Result<Step> encoded(Lowering& lowering, const Features& input,
                     const std::vector<Replacement>& replacements) {
  std::vector<Source> sources(input.size());
  std::vector<ValueId> values = TRY(find_sources(lowering, input, replacements, sources));
  const uint32_t texts = static_cast<uint32_t>(values.size()) - 1;  // where texts are
  std::vector<OrdinalOp::Column> columns;
  Step step;
  Features& output = step.transform.emplace();
  for (uint32_t i = 0; i < input.size(); ++i) {
    const Source& source = sources[i];
    if (source.made == nullptr) {
      output.columns.push_back(input.columns[i]);
      output.names.push_back(input.name(i));
      continue;
    }
    Categories categories = make_categories(fmt::format("column {} ('{}')", i, input.name(i)),
                                            source.is_text, source.made->cells);
    categories.from = {source.is_text ? texts : 0, source.place};
    for (size_t k = 0; k < source.made->outputs.size(); ++k) {
      TRY_STATUS(lowering.spend(source.made->cells.size() + 1, input.longest_name()));
      output.columns.push_back({0, static_cast<uint32_t>(columns.size()), false});
      output.names.push_back(source.made->names.empty() ? input.name(i) : source.made->names[k]);
      columns.push_back({categories, source.made->outputs[k], source.made->unknown[k]});
    }
  }
  if (columns.empty()) return step;
  const ValueId y =
      TRY(lowering.add(std::make_unique<OrdinalOp>(std::move(columns)), std::move(values)));
  for (uint32_t i = 0, next = 0; i < input.size(); ++i) {
    const Source& source = sources[i];
    if (source.made == nullptr) {
      ++next;
      continue;
    }
    for (size_t k = 0; k < source.made->outputs.size(); ++k) output.columns[next++].value = y;
  }
  return step;
}

Status check_input(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_options(self));
  TRY_STATUS(lowering.check_width(self, input));
  return {};
}

Result<Step> lower_ordinal(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_input(lowering, self, input));
  const std::vector<std::string> names = TRY(input_names(self));
  std::vector<Replacement> made;
  for (OrdinalColumn& column : TRY(ordinal_columns(lowering, self, names))) {
    Replacement one;
    one.column = column.column;
    one.cells = std::move(column.cells);
    one.outputs.push_back(std::move(column.codes));
    one.unknown.push_back(column.unknown);
    settle_missing(one, one.unknown);
    made.push_back(std::move(one));
  }
  return encoded(lowering, input, made);
}

/// OneHotEncoder, BinaryEncoder, BaseNEncoder: a row of a table for each code.
Result<Step> lower_rows(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_input(lowering, self, input));
  const std::vector<std::string> names = TRY(input_names(self));
  const bool refuse = TRY(policy(self, "handle_unknown")) == "error";
  const auto ordinals = TRY(ordinal_columns(lowering, TRY(self.attr("ordinal_encoder")), names));
  const pickle::Value mapping = TRY(self.attr("mapping"));
  if (mapping.size() != ordinals.size()) return invalid_argument("mapping: another size");
  std::vector<Replacement> made;
  for (size_t i = 0; i < ordinals.size(); ++i) {
    const auto name = mapping.at(i).find("col");
    const auto table = mapping.at(i).find("mapping");
    if (!name.has_value() || !table.has_value() ||
        TRY(column_place(lowering, self, *name, names)) != ordinals[i].column) {
      return invalid_argument("mapping: its columns are not the ordinal encoder's");
    }
    Replacement one;
    const bool one_hot = self.name() == "OneHotEncoder";
    TRY_STATUS(replace_codes(lowering, ordinals[i], TRY(read_frame(*table)), one_hot, one));
    if (one.outputs.empty()) return invalid_argument("mapping: a table without columns");
    if (refuse) std::fill(one.unknown.begin(), one.unknown.end(), std::nullopt);
    settle_missing(one, one.unknown);
    made.push_back(std::move(one));
  }
  return encoded(lowering, input, made);
}

/// The table of a column in a dict by names.
Result<Frame> table_of(pickle::Value self, const std::string& name) {
  const pickle::Value mapping = TRY(self.attr("mapping"));
  const auto table =
      mapping.kind() == pickle::Kind::kDict || mapping.kind() == pickle::Kind::kObject
          ? mapping.find(name)
          : std::nullopt;
  if (!table.has_value()) {
    return invalid_argument(fmt::format("{}.mapping: nothing for '{}'", self.name(), name));
  }
  return read_frame(*table);
}

Result<Step> lower_target(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_input(lowering, self, input));
  const std::vector<std::string> names = TRY(input_names(self));
  const bool refuse = TRY(policy(self, "handle_unknown")) == "error";
  std::vector<Replacement> made;
  for (const OrdinalColumn& ordinal :
       TRY(ordinal_columns(lowering, TRY(self.attr("ordinal_encoder")), names))) {
    Replacement one;
    TRY_STATUS(
        replace_codes(lowering, ordinal, TRY(table_of(self, names[ordinal.column])), false, one));
    if (refuse) one.unknown[0] = std::nullopt;
    settle_missing(one, one.unknown);
    made.push_back(std::move(one));
  }
  return encoded(lowering, input, made);
}

/// The columns named in `cols`, each with its table of the dict `mapping`.
Result<std::vector<std::pair<uint32_t, Frame>>> tables_by_name(Lowering& lowering,
                                                               pickle::Value self) {
  const std::vector<std::string> names = TRY(input_names(self));
  const pickle::Value columns = TRY(self.attr("cols"));
  std::vector<std::pair<uint32_t, Frame>> tables;
  for (const pickle::Value name : TRY(pickle::to_values(columns)).values) {
    const uint32_t place = TRY(column_place(lowering, self, name, names));
    tables.emplace_back(place, TRY(table_of(self, names[place])));
    TRY_STATUS(lowering.spend(tables.back().second.rows() * 8));
  }
  return tables;
}

Result<Step> lower_count(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_input(lowering, self, input));
  const std::string unknown = TRY(policy(self, "handle_unknown"));
  const std::string missing = TRY(policy(self, "handle_missing"));
  const auto groups = self.find_attr("_min_group_categories");
  if (groups.has_value() && groups->size() != 0) {
    return unimplemented("a CountEncoder with groups of rare categories is not supported");
  }
  std::optional<double> other;
  if (unknown == "value") other = missing == "return_nan" ? kNan : 0.0;
  if (unknown == "return_nan") other = kNan;
  std::vector<Replacement> made;
  for (auto& [place, frame] : TRY(tables_by_name(lowering, self))) {
    Replacement one;
    one.column = place;
    one.cells = std::move(frame.index);
    one.outputs.push_back(std::move(frame.columns.at(0)));
    one.unknown.push_back(other);
    settle_missing(one, one.unknown);
    made.push_back(std::move(one));
  }
  return encoded(lowering, input, made);
}

Result<Step> lower_leave_one_out(Lowering& lowering, pickle::Value self, const Features& input) {
  TRY_STATUS(check_input(lowering, self, input));
  const std::string unknown = TRY(policy(self, "handle_unknown"));
  const std::string missing = TRY(policy(self, "handle_missing"));
  const double mean = TRY(TRY(self.attr("_mean")).as_double());
  std::optional<double> other;
  if (unknown == "value") other = mean;
  if (unknown == "return_nan") other = kNan;
  std::vector<Replacement> made;
  for (auto& [place, frame] : TRY(tables_by_name(lowering, self))) {
    const auto sums = std::find(frame.names.begin(), frame.names.end(), "sum");
    const auto counts = std::find(frame.names.begin(), frame.names.end(), "count");
    if (sums == frame.names.end() || counts == frame.names.end()) {
      return invalid_argument("mapping: a table without sums and counts");
    }
    const auto& sum = frame.columns[static_cast<size_t>(sums - frame.names.begin())];
    const auto& count = frame.columns[static_cast<size_t>(counts - frame.names.begin())];
    Replacement one;
    one.column = place;
    std::vector<double>& means = one.outputs.emplace_back();
    for (size_t i = 0; i < frame.rows(); ++i) {
      means.push_back(count[i] > 1 ? sum[i] / count[i] : mean);
      if (missing == "return_nan" && is_missing(frame.index[i])) means.back() = kNan;
    }
    one.cells = std::move(frame.index);
    one.unknown.push_back(other);
    settle_missing(one, {missing == "value" ? std::optional(mean) : std::optional(kNan)});
    made.push_back(std::move(one));
  }
  return encoded(lowering, input, made);
}

}  // namespace

std::span<const EstimatorEntry> category_encoders_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"OrdinalEncoder", lower_ordinal},
      EstimatorEntry{"OneHotEncoder", lower_rows},
      EstimatorEntry{"BinaryEncoder", lower_rows},
      EstimatorEntry{"BaseNEncoder", lower_rows},
      EstimatorEntry{"TargetEncoder", lower_target},
      EstimatorEntry{"CountEncoder", lower_count},
      EstimatorEntry{"LeaveOneOutEncoder", lower_leave_one_out},
  };
  return kTable;
}

}  // namespace slipway::sklearn
