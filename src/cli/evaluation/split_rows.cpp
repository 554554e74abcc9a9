#include "cli/evaluation/split_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <numeric>
#include <unordered_map>

#include "training/splits/holdout.h"

namespace slipway::cli {
namespace {

/// A number for each distinct value, in the order in which they come; missing ones are a value too.
std::vector<int32_t> numbered_values(const data::Column& column) {
  if (column.is_text()) return column.codes;
  std::vector<int32_t> ids;
  ids.reserve(column.rows());
  std::unordered_map<double, int32_t> places;
  for (const double value : column.numbers) {
    // NaN equals nothing: its place is -1.
    const int32_t id =
        value == value ? places.emplace(value, static_cast<int32_t>(places.size())).first->second
                       : -1;
    ids.push_back(id);
  }
  return ids;
}

Result<double> share_of(const std::string& split, size_t begin) {
  double share = 0;
  const auto [end, error] =
      std::from_chars(split.data() + begin, split.data() + split.size(), share);
  if (error == std::errc() && end == split.data() + split.size()) return share;
  return invalid_argument(
      fmt::format("--split: expected a share such as 0.2, got '{}'", split.substr(begin)));
}

Result<const data::Column*> needed(const data::Frame& frame, const std::string& name,
                                   std::string_view flag) {
  const data::Column* column = frame.find(name);
  if (column != nullptr) return column;
  return invalid_argument(fmt::format("this split needs --{} COLUMN", flag));
}

}  // namespace

Result<std::vector<uint32_t>> rows_to_evaluate(const data::Frame& frame, const data::Column& target,
                                               const EvaluateOptions& options) {
  if (options.split == "none") {
    std::vector<uint32_t> all(frame.rows);
    std::iota(all.begin(), all.end(), 0U);
    return all;
  }
  const size_t equals = options.split.find('=');
  const std::string kind = options.split.substr(0, equals);
  if (equals == std::string::npos ||
      (kind != "holdout" && kind != "stratified" && kind != "grouped" && kind != "time")) {
    return invalid_argument(
        fmt::format("--split: expected none, holdout=SHARE, stratified=SHARE, "
                    "grouped=SHARE or time=SHARE, got '{}'",
                    options.split));
  }
  const training::Shares shares{TRY(share_of(options.split, equals + 1)), 0, options.seed};
  training::Parts parts;
  if (kind == "holdout") {
    parts = TRY(training::split_shuffled(frame.rows, shares));
  } else if (kind == "stratified") {
    parts = TRY(training::split_stratified(numbered_values(target), shares));
  } else if (kind == "grouped") {
    const data::Column* group = TRY(needed(frame, options.group, "group"));
    parts = TRY(training::split_grouped(numbered_values(*group), shares));
  } else {
    const data::Column* time = TRY(needed(frame, options.time, "time"));
    if (time->is_text()) {
      return invalid_argument(
          fmt::format("column '{}' holds texts: expected times or numbers", time->name));
    }
    parts = TRY(training::split_by_time(time->numbers, shares));
  }
  return parts.test;
}

}  // namespace slipway::cli
