#include "rows/column_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/edit_distance.h"
#include "text/time_form.h"

namespace slipway::rows {
namespace {

/// How often each name stands in a list, and where first. A few names are compared one by one,
/// sooner than a hash table is made; a table of a hostile client may have millions.
class Names {
 public:
  explicit Names(const std::vector<std::string>& names) : names_(names.begin(), names.end()) {
    index();
  }
  explicit Names(const std::vector<InputColumn>& columns) {
    names_.reserve(columns.size());
    for (const InputColumn& column : columns) names_.emplace_back(column.name);
    index();
  }

  size_t count(std::string_view name) const {
    if (!is_hashed()) return static_cast<size_t>(std::ranges::count(names_, name));
    const auto entry = entries_.find(name);
    return entry == entries_.end() ? 0 : entry->second.count;
  }
  bool contains(std::string_view name) const { return count(name) > 0; }
  std::optional<size_t> find(std::string_view name) const {
    if (!is_hashed()) {
      const auto place = std::ranges::find(names_, name);
      if (place == names_.end()) return std::nullopt;
      return static_cast<size_t>(place - names_.begin());
    }
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return std::nullopt;
    return entry->second.first;
  }

 private:
  static constexpr size_t kComparedMax = 16;
  struct Entry {
    size_t first = 0;
    size_t count = 0;
  };
  bool is_hashed() const { return names_.size() > kComparedMax; }
  void index() {
    if (!is_hashed()) return;
    entries_.reserve(names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      entries_.try_emplace(names_[i], Entry{.first = i}).first->second.count += 1;
    }
  }

  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, Entry> entries_;
};

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

Status check_named(const std::vector<std::string>& names, const Names& given,
                   const Signature& signature) {
  for (const InputColumn& column : signature.columns) {
    const size_t count = given.count(column.name);
    if (count == 0) {
      if (column.is_used) return missing_column("column", column.name, names);
    } else if (count > 1) {
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

Status match_features(const std::vector<std::string>& names, const Names& given,
                      const Signature& signature, const Names& keys, ColumnMatch& match) {
  const bool by_name =
      signature.columns_named ||
      std::all_of(signature.columns.begin(), signature.columns.end(),
                  [&](const InputColumn& column) { return given.contains(column.name); });
  const Names places(signature.columns);
  uint32_t features = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    uint32_t column = features;
    if (by_name) {
      const std::optional<size_t> place = places.find(names[i]);
      if (!place) continue;
      column = static_cast<uint32_t>(*place);
    } else if (keys.contains(names[i])) {
      continue;
    }
    match.targets[i] = {ColumnTarget::Kind::kFeature, column};
    ++features;
  }
  return by_name ? check_named(names, given, signature) : check_count(features, signature);
}

}  // namespace

Result<ColumnMatch> match_columns(const std::vector<std::string>& names, const Signature& signature,
                                  const std::vector<std::string>& keys) {
  const Names given(names);
  const Names wanted_keys(keys);
  ColumnMatch match;
  match.targets.resize(names.size());
  for (const std::string& key : keys) {
    if (!given.contains(key)) return missing_column("key column", key, names);
  }
  if (signature.rows_are_records) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (given.count(names[i]) > 1) return given_twice(names[i]);
      if (!wanted_keys.contains(names[i])) match.targets[i].kind = ColumnTarget::Kind::kField;
    }
  } else {
    TRY_STATUS(match_features(names, given, signature, wanted_keys, match));
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_other = keys.empty() && match.targets[i].kind == ColumnTarget::Kind::kNone;
    if (!is_other && !wanted_keys.contains(names[i])) continue;
    match.key_columns.push_back(i);
    match.key_names.push_back(names[i]);
  }
  return match;
}

bool holds_times(const InputColumn& column) {
  const std::string_view example = column.example;
  return column.is_text() && example.size() > 2 && example.front() == '"' &&
         text::parse_time(example.substr(1, example.size() - 2), text::kIsoForm).has_value();
}

}  // namespace slipway::rows
