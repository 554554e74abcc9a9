#include "formats/sklearn/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::sklearn {
namespace {

/// A key as a JSON object spells it: a model trained on {1: 2.5} is asked {"1": 2.5}.
Result<std::string> key_text(pickle::Value key, const std::string& place) {
  if (key.kind() == pickle::Kind::kInt) return fmt::format("{}", TRY(key.as_int()));
  const auto text = key.as_string();
  if (text.ok()) return std::string(*text);
  return unimplemented(
      fmt::format("{}: expected keys that JSON can spell, got a {}", place, key.type_name()));
}

Result<std::vector<std::string>> read_list(Lowering& lowering, pickle::Value list,
                                           const std::string& place) {
  std::vector<std::string> entries;
  TRY_STATUS(lowering.spend(list.size()));
  for (size_t i = 0; i < list.size(); ++i) {
    entries.push_back(TRY(key_text(list.at(i), place)));
    TRY_STATUS(lowering.spend(1, entries.back().size()));
  }
  // scikit-learn sorts a set's entries, by code points, which is the order of their bytes.
  if (list.kind() == pickle::Kind::kSet) std::ranges::sort(entries);
  return entries;
}

}  // namespace

Result<std::vector<std::string>> read_vocabulary(Lowering& lowering, pickle::Value self,
                                                 std::string_view attribute) {
  const pickle::Value dict = TRY(self.attr(attribute));
  const std::string place = fmt::format("{}.{}", self.name(), attribute);
  if (dict.kind() == pickle::Kind::kList || dict.kind() == pickle::Kind::kTuple ||
      dict.kind() == pickle::Kind::kSet) {
    return read_list(lowering, dict, place);
  }
  if (dict.kind() != pickle::Kind::kDict && dict.kind() != pickle::Kind::kObject) {
    return invalid_argument(fmt::format("{}: expected a dict, got {}", place, dict.type_name()));
  }
  TRY_STATUS(lowering.spend(dict.size()));
  std::vector<std::string> entries(dict.size());
  std::vector<bool> seen(dict.size(), false);
  for (size_t i = 0; i < dict.size(); ++i) {
    const pickle::Value::Entry entry = dict.entry(i);
    std::string text = TRY(key_text(entry.key, place));
    TRY_STATUS(lowering.spend(1, text.size()));
    const int64_t column = TRY(entry.value.as_int());
    if (column < 0 || static_cast<uint64_t>(column) >= seen.size() ||
        seen[static_cast<size_t>(column)]) {
      return invalid_argument(fmt::format("{}: column {} of {} is given twice or does not exist",
                                          place, column, seen.size()));
    }
    seen[static_cast<size_t>(column)] = true;
    entries[static_cast<size_t>(column)] = std::move(text);
  }
  return entries;
}

}  // namespace slipway::sklearn
