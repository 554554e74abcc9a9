#include "formats/sklearn/families/category_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/json_escape.h"
#include "formats/sklearn/attributes.h"

namespace slipway::sklearn {
namespace {

constexpr uint64_t kCategoryCost = 8;  // in columns: each is held several times, by text and code

std::string as_json(const pickle::Cell& cell) {
  std::string json;
  if (cell.kind == pickle::Cell::Kind::kString) {
    append_json_string(json, cell.text);
  } else {
    append_json_number(json, cell.number);
  }
  return json;
}

}  // namespace

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

void show_known(Lowering& lowering, const ColumnRef& column, const Cells& cells) {
  const auto known = std::ranges::find_if(
      cells, [](const auto& cell) { return cell.kind != pickle::Cell::Kind::kMissing; });
  if (known != cells.end()) lowering.set_example(column, as_json(*known));
}

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
    show_known(lowering, input.columns[i], cells[i]);
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

}  // namespace slipway::sklearn
