#include "cli/evaluation/columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/edit_distance.h"
#include "rows/column_match.h"

namespace slipway::cli {
namespace {

std::vector<std::string> names_of(const data::Frame& frame) {
  std::vector<std::string> names;
  names.reserve(frame.columns.size());
  for (const data::Column& column : frame.columns) names.push_back(column.name);
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Whether the model's columns are told from others by their names.
bool matches_by_name(const data::Frame& frame, const Signature& signature) {
  if (signature.columns_named) return true;
  return std::ranges::all_of(signature.columns, [&](const InputColumn& column) {
    return frame.find(column.name) != nullptr;
  });
}

/// Columns that a flag names but that need not be features.
std::vector<std::string> mentioned(const EvaluateOptions& options) {
  std::vector<std::string> names = options.keys;
  names.insert(names.end(), options.slices.begin(), options.slices.end());
  if (!options.group.empty()) names.push_back(options.group);
  if (!options.time.empty()) names.push_back(options.time);
  if (!options.weight.empty()) names.push_back(options.weight);
  return names;
}

/// Of a model with names, all that are not among them; else those that a flag names, unless only
/// with them there are as many as the model has columns.
std::vector<std::string> not_features(const data::Frame& frame, const Signature& signature,
                                      const EvaluateOptions& options) {
  std::vector<std::string> ignored = options.keys;
  if (!options.target.empty()) ignored.push_back(options.target);
  if (signature.rows_are_records) return ignored;
  if (matches_by_name(frame, signature)) {
    for (const data::Column& column : frame.columns) {
      if (!signature.find_column(column.name).has_value() && !contains(ignored, column.name)) {
        ignored.push_back(column.name);
      }
    }
    return ignored;
  }
  if (frame.columns.size() == ignored.size() + signature.columns.size()) return ignored;
  for (const std::string& name : mentioned(options)) {
    if (!contains(ignored, name)) ignored.push_back(name);
  }
  return ignored;
}

Result<std::string> guess_target(const data::Frame& frame, const Signature& signature,
                                 const EvaluateOptions& options) {
  std::vector<std::string> candidates;
  if (!signature.rows_are_records && matches_by_name(frame, signature)) {
    const std::vector<std::string> flagged = mentioned(options);
    for (const data::Column& column : frame.columns) {
      if (!signature.find_column(column.name).has_value() && !contains(flagged, column.name)) {
        candidates.push_back(column.name);
      }
    }
    if (candidates.size() == 1) return candidates.front();
  }
  if (candidates.empty()) candidates = names_of(frame);
  constexpr size_t kShownMax = 20;
  const bool cut = candidates.size() > kShownMax;
  if (cut) candidates.resize(kShownMax);
  return invalid_argument(
      fmt::format("which column holds the true values? Say --target COLUMN, "
                  "one of: {}{}",
                  fmt::join(candidates, ", "), cut ? ", ..." : ""));
}

}  // namespace

Result<const data::Column*> column_named(const data::Frame& frame, const std::string& name,
                                         std::string_view what) {
  const data::Column* column = frame.find(name);
  if (column != nullptr) return column;
  const std::vector<std::string> names = names_of(frame);
  std::string hint;
  const std::string nearest = nearest_name(name, names);
  if (!nearest.empty()) hint = fmt::format(" (there is '{}')", nearest);
  return invalid_argument(
      fmt::format("the data has no column '{}' for the {}{}", name, what, hint));
}

Result<EvaluationColumns> find_columns(const data::Frame& frame, const Signature& signature,
                                       const EvaluateOptions& options) {
  EvaluationColumns columns;
  for (const std::string& name : options.keys) TRY(column_named(frame, name, "keys"));
  for (const std::string& name : options.slices) TRY(column_named(frame, name, "slices"));
  if (!options.group.empty()) TRY(column_named(frame, options.group, "groups"));
  if (!options.time.empty()) TRY(column_named(frame, options.time, "times"));
  if (!options.weight.empty()) TRY(column_named(frame, options.weight, "weights"));
  EvaluateOptions told = options;
  if (told.target.empty()) told.target = TRY(guess_target(frame, signature, options));
  TRY(column_named(frame, told.target, "target"));
  columns.target = told.target;
  columns.ignored = not_features(frame, signature, told);
  std::vector<std::string> others;
  for (const data::Column& column : frame.columns) {
    if (!contains(columns.ignored, column.name)) others.push_back(column.name);
  }
  const rows::ColumnMatch match = TRY(rows::match_columns(others, signature, {}));
  for (size_t i = 0; i < others.size(); ++i) {
    const rows::ColumnTarget& to = match.targets[i];
    const bool is_feature =
        to.kind == rows::ColumnTarget::Kind::kFeature && signature.columns[to.index].is_used;
    if (is_feature || to.kind == rows::ColumnTarget::Kind::kField) {
      columns.features.push_back(others[i]);
    }
  }
  return columns;
}

data::Frame take_rows(const data::Frame& frame, const std::vector<uint32_t>& rows) {
  data::Frame out;
  out.rows = rows.size();
  out.columns.reserve(frame.columns.size());
  for (const data::Column& column : frame.columns) {
    data::Column taken;
    taken.name = column.name;
    taken.kind = column.kind;
    taken.is_whole = column.is_whole;
    taken.time_format = column.time_format;
    taken.unit = column.unit;
    taken.dictionary = column.dictionary;
    for (const uint32_t row : rows) {
      if (column.is_text()) {
        taken.codes.push_back(column.codes[row]);
      } else {
        taken.numbers.push_back(column.numbers[row]);
      }
      taken.missing_count += column.is_missing(row) ? 1 : 0;
    }
    out.columns.push_back(std::move(taken));
  }
  return out;
}

}  // namespace slipway::cli
