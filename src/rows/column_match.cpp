#include "rows/column_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/edit_distance.h"

namespace slipway::rows {
namespace {

/// Names to how often they stand there, or to places: a table of a hostile client may have
/// millions.
using Counts = std::unordered_map<std::string_view, uint32_t>;

Counts count_names(const std::vector<std::string>& names) {
  Counts counts;
  counts.reserve(names.size());
  for (const std::string& name : names) ++counts[name];
  return counts;
}

Status missing_column(std::string_view what, const std::string& name,
                      const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(name, names);
  return invalid_argument(
      fmt::format("{} '{}' is missing{}", what, name,
                  nearest.empty() ? "" : fmt::format(" (there is '{}')", nearest)));
}

Status given_twice(const std::string& name) {
  return invalid_argument(fmt::format("column '{}' stands there twice", name));
}

Status check_named(const std::vector<std::string>& names, const Counts& counts,
                   const Signature& signature) {
  for (const InputColumn& column : signature.columns) {
    const auto count = counts.find(column.name);
    if (count == counts.end()) {
      if (column.is_used) return missing_column("column", column.name, names);
    } else if (count->second > 1) {
      return given_twice(column.name);
    }
  }
  return {};
}

Status check_count(size_t features, const Signature& signature) {
  if (features == signature.columns.size()) return {};
  return invalid_argument(fmt::format(
      "the model was trained without column names and takes {} columns, got {}{}",
      signature.columns.size(), features,
      features > signature.columns.size() ? "; --keys says which are none of them" : ""));
}

Status match_features(const std::vector<std::string>& names, const Counts& counts,
                      const Signature& signature, const Counts& keys, ColumnMatch& match) {
  const bool by_name =
      signature.columns_named ||
      std::all_of(signature.columns.begin(), signature.columns.end(),
                  [&](const InputColumn& column) { return counts.contains(column.name); });
  Counts places;
  for (uint32_t i = 0; by_name && i < signature.columns.size(); ++i) {
    places.emplace(signature.columns[i].name, i);
  }
  uint32_t features = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    uint32_t column = features;
    if (by_name) {
      const auto place = places.find(names[i]);
      if (place == places.end()) continue;
      column = place->second;
    } else if (keys.contains(names[i])) {
      continue;
    }
    match.targets[i] = {ColumnTarget::Kind::kFeature, column};
    ++features;
  }
  return by_name ? check_named(names, counts, signature) : check_count(features, signature);
}

}  // namespace

Result<ColumnMatch> match_columns(const std::vector<std::string>& names, const Signature& signature,
                                  const std::vector<std::string>& keys) {
  const Counts counts = count_names(names);
  const Counts wanted_keys = count_names(keys);
  ColumnMatch match;
  match.targets.resize(names.size());
  for (const std::string& key : keys) {
    if (!counts.contains(key)) return missing_column("key column", key, names);
  }
  if (signature.rows_are_records) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (counts.at(names[i]) > 1) return given_twice(names[i]);
      if (!wanted_keys.contains(names[i])) match.targets[i].kind = ColumnTarget::Kind::kField;
    }
  } else {
    TRY_STATUS(match_features(names, counts, signature, wanted_keys, match));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_other = keys.empty() && match.targets[i].kind == ColumnTarget::Kind::kNone;
    if (!is_other && !wanted_keys.contains(names[i])) continue;
    match.key_columns.push_back(i);
    match.key_names.push_back(names[i]);
  }
  return match;
}

}  // namespace slipway::rows
