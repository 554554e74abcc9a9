#include "cli/packed_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_escape.h"
#include "cli/training_profile.h"

namespace slipway::cli {
namespace {

constexpr size_t kCategoriesMax = 100;
constexpr size_t kDataRowsMax = 100'000;  // that ranges are told from
constexpr size_t kBatchRows = 4096;

void note_text(const StringCell& cell, ColumnRange& range) {
  if (cell.missing()) ++range.missing;
  if (!range.is_category || !cell.is_text()) return;
  if (!range.categories.contains(cell.view())) range.categories.emplace(cell.view());
  range.is_category = range.categories.size() <= kCategoriesMax;
}

void note_rows(const Signature& signature, InputBuffer& rows, std::vector<ColumnRange>& ranges) {
  for (size_t row = 0; row < rows.rows(); ++row) {
    for (size_t i = 0; i < ranges.size(); ++i) {
      if (signature.columns[i].is_record()) continue;
      if (signature.columns[i].is_text()) {
        note_text(rows.string_row(row)[i], ranges[i]);
        continue;
      }
      const double value = rows.number_row(row)[i];
      if (std::isnan(value)) {
        ++ranges[i].missing;
      } else {
        ranges[i].min = std::min(ranges[i].min, value);
        ranges[i].max = std::max(ranges[i].max, value);
      }
    }
  }
}

void append_range(std::string& json, const InputColumn& column, const ColumnRange& range) {
  if (column.is_record()) return;
  json.append(fmt::format(", \"missing\": {}", range.missing));
  if (!column.is_text()) {
    if (range.min > range.max) return;
    json.append(", \"min\": ");
    append_json_number(json, range.min);
    json.append(", \"max\": ");
    append_json_number(json, range.max);
    return;
  }
  if (!range.is_category) return;
  json.append(", \"categories\": [");
  for (auto it = range.categories.begin(); it != range.categories.end(); ++it) {
    if (it != range.categories.begin()) json.append(", ");
    append_json_string(json, *it);
  }
  json.push_back(']');
}

}  // namespace

Status read_data_facts(rows::RowSource& source, const Signature& signature, DataFacts& facts) {
  facts.ranges.resize(signature.columns.size());
  const bool is_profiled = facts.profile.empty();
  ProfiledRows profiled(signature);
  std::vector<rows::KeyCell> keys;
  InputBuffer later;
  while (facts.rows < kDataRowsMax) {
    InputBuffer& rows = facts.rows == 0 ? facts.first : later;
    const size_t count = TRY(source.next(kBatchRows, rows, keys));
    if (count == 0) break;
    note_rows(signature, rows, facts.ranges);
    if (is_profiled) profiled.add(rows);
    facts.rows += count;
  }
  if (facts.rows == 0) return invalid_argument("the data hold no row");
  if (is_profiled) facts.profile = profiled.profile();
  return {};
}

void append_inputs(std::string& json, const Signature& signature,
                   const std::vector<ColumnRange>& ranges) {
  json.append("\"inputs\": [");
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    const InputColumn& column = signature.columns[i];
    json.append(i == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ");
    append_json_string(json, column.name);
    json.append(fmt::format(", \"type\": \"{}\"", column_type_name(column.type)));
    if (!column.is_used) json.append(", \"used\": false");
    if (!ranges.empty()) append_range(json, column, ranges[i]);
    json.push_back('}');
  }
  json.append("\n]");
}

}  // namespace slipway::cli
