#include "data/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/edit_distance.h"
#include "base/quantile.h"
#include "data/cell_text.h"
#include "data/internal/association.h"

namespace slipway::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kClassesMax = 20;

/// Sums in long double: 64 bits of mantissa keep a million values exact enough for 1e-9.
void set_moments(const std::vector<double>& values, NumberProfile& profile) {
  const auto count = static_cast<long double>(values.size());
  long double sum = 0;
  for (const double value : values) sum += value;
  const long double mean = sum / count;
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  profile.mean = static_cast<double>(mean);
  profile.std = values.size() < 2 ? kNan : static_cast<double>(std::sqrt(squares / (count - 1)));
}

Histogram histogram_of(const std::vector<double>& sorted) {
  Histogram histogram;
  const auto first = std::upper_bound(sorted.begin(), sorted.end(), -INFINITY);
  const auto last = std::lower_bound(first, sorted.end(), INFINITY);
  const auto count = static_cast<size_t>(last - first);
  if (count == 0) return histogram;
  const double low = *first;
  const double width = *(last - 1) - low;
  const size_t bins =
      width > 0 && std::isfinite(width)
          ? std::clamp<size_t>(static_cast<size_t>(std::sqrt(static_cast<double>(count))), 1,
                               kBinsMax)
          : 1;
  histogram.counts.assign(bins, 0);
  histogram.edges.reserve(bins + 1);
  for (size_t i = 0; i <= bins; ++i) {
    histogram.edges.push_back(low + width * (static_cast<double>(i) / static_cast<double>(bins)));
  }
  for (auto value = first; value != last; ++value) {
    const double place = bins == 1 ? 0 : (*value - low) / width * static_cast<double>(bins);
    histogram.counts[std::min(static_cast<size_t>(place), bins - 1)] += 1;
  }
  return histogram;
}

/// The commonest of counted values, each count with its place; ties in the order of places.
std::vector<std::pair<size_t, size_t>> commonest(std::vector<std::pair<size_t, size_t>> counts,
                                                 size_t most) {
  const auto end = counts.begin() + static_cast<ptrdiff_t>(std::min(most, counts.size()));
  std::partial_sort(counts.begin(), end, counts.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  counts.erase(end, counts.end());
  return counts;
}

std::string value_text(const Column& column, double value) {
  if (column.kind == ColumnKind::kBoolean) return value != 0 ? "true" : "false";
  return column.kind == ColumnKind::kTime ? time_text(value) : number_text(value);
}

void profile_numbers(const Column& column, size_t top, ColumnProfile& profile) {
  std::vector<double> sorted;
  sorted.reserve(profile.values);
  for (const double value : column.numbers) {
    if (!std::isnan(value)) sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::pair<size_t, size_t>> runs;  // length and begin
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin + 1;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    runs.emplace_back(end - begin, begin);
    begin = end;
  }
  profile.distinct = runs.size();
  for (const auto& [count, begin] : commonest(std::move(runs), top)) {
    profile.top.push_back({value_text(column, sorted[begin]), count});
  }
  if (sorted.empty() || column.kind == ColumnKind::kBoolean) return;
  NumberProfile& number = profile.number.emplace();
  number.min = sorted.front();
  number.max = sorted.back();
  set_moments(sorted, number);
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    number.quantiles.at(i) = quantile_of_sorted(sorted, kQuantiles.at(i));
  }
  number.zeros = static_cast<size_t>(std::count(sorted.begin(), sorted.end(), 0));
  number.infinite = static_cast<size_t>(
      std::count_if(sorted.begin(), sorted.end(), [](double value) { return std::isinf(value); }));
  number.histogram = histogram_of(sorted);
}

std::vector<std::pair<size_t, size_t>> count_codes(const Column& column) {
  std::vector<std::pair<size_t, size_t>> counts(column.dictionary.size());
  for (size_t i = 0; i < counts.size(); ++i) counts[i].second = i;
  for (const int32_t code : column.codes) {
    if (code >= 0) ++counts[static_cast<size_t>(code)].first;
  }
  return counts;
}

void profile_texts(const Column& column, size_t top, ColumnProfile& profile) {
  std::vector<std::pair<size_t, size_t>> counts = count_codes(column);
  profile.distinct = counts.size();
  if (!counts.empty()) {
    TextProfile& text = profile.text.emplace();
    text.size_min = SIZE_MAX;
    double sizes = 0;
    double numbers = 0;
    double blanks = 0;
    for (const auto& [count, code] : counts) {
      const std::string_view value = column.dictionary.text(static_cast<int32_t>(code));
      text.size_min = std::min(text.size_min, value.size());
      text.size_max = std::max(text.size_max, value.size());
      const auto weight = static_cast<double>(count);
      sizes += weight * static_cast<double>(value.size());
      numbers += parse_number(value).form == NumberForm::kNumber ? weight : 0;
      blanks += value.find(' ') != std::string_view::npos ? weight : 0;
    }
    const auto values = static_cast<double>(profile.values);
    text.size_mean = sizes / values;
    text.numbers_share = numbers / values;
    text.blank_share = blanks / values;
  }
  for (const auto& [count, code] : commonest(std::move(counts), top)) {
    profile.top.push_back({std::string(column.dictionary.text(static_cast<int32_t>(code))), count});
  }
}

uint64_t mixed(uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

uint64_t cell_hash(const Column& column, size_t row) {
  if (column.is_text()) return static_cast<uint64_t>(column.codes[row]);
  const double value = column.numbers[row];
  if (std::isnan(value)) return UINT64_MAX;
  return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);  // -0 is 0
}

bool equal_rows(const Frame& frame, size_t a, size_t b) {
  return std::all_of(frame.columns.begin(), frame.columns.end(), [&](const Column& column) {
    return cell_hash(column, a) == cell_hash(column, b);
  });
}

/// Rows that equal an earlier one: a table of the rows that differ, by hash.
size_t count_duplicates(const Frame& frame) {
  if (frame.columns.empty()) return 0;
  std::vector<uint64_t> hashes(frame.rows, 0);
  for (const Column& column : frame.columns) {
    for (size_t row = 0; row < frame.rows; ++row) {
      hashes[row] = mixed(hashes[row] ^ cell_hash(column, row));
    }
  }
  constexpr size_t kFree = SIZE_MAX;
  std::vector<size_t> slots(std::bit_ceil(frame.rows * 2 + 1), kFree);
  size_t duplicates = 0;
  for (size_t row = 0; row < frame.rows; ++row) {
    size_t slot = hashes[row] & (slots.size() - 1);
    while (slots[slot] != kFree &&
           !(hashes[slots[slot]] == hashes[row] && equal_rows(frame, slots[slot], row))) {
      slot = (slot + 1) & (slots.size() - 1);
    }
    duplicates += slots[slot] == kFree ? 0 : 1;
    if (slots[slot] == kFree) slots[slot] = row;
  }
  return duplicates;
}

Result<const Column*> find_target(const Frame& frame, const std::string& name) {
  const Column* column = frame.find(name);
  if (column == nullptr) {
    std::vector<std::string> names;
    names.reserve(frame.columns.size());
    for (const Column& known : frame.columns) names.push_back(known.name);
    const std::string nearest = nearest_name(name, names);
    return invalid_argument(
        fmt::format("there is no column '{}' for the target{}", name,
                    nearest.empty() ? "" : fmt::format(" (there is '{}')", nearest)));
  }
  if (column->missing_count == frame.rows) {
    return invalid_argument(fmt::format("the target has no values: '{}'", name));
  }
  return column;
}

}  // namespace

std::string_view measure_name(Association::Measure measure) {
  switch (measure) {
    case Association::Measure::kPearson: return "pearson";
    case Association::Measure::kCorrelationRatio: return "correlation_ratio";
    case Association::Measure::kCramersV: return "cramers_v";
  }
  return "";
}

std::string_view suspicion_name(Suspicion::Kind kind) {
  switch (kind) {
    case Suspicion::Kind::kAllMissing: return "all_missing";
    case Suspicion::Kind::kConstant: return "constant";
    case Suspicion::Kind::kNearlyConstant: return "nearly_constant";
    case Suspicion::Kind::kIdentifier: return "identifier";
    case Suspicion::Kind::kMixedTypes: return "mixed_types";
    case Suspicion::Kind::kHighCardinality: return "high_cardinality";
    case Suspicion::Kind::kMostlyMissing: return "mostly_missing";
    case Suspicion::Kind::kInfinite: return "infinite";
    case Suspicion::Kind::kLeaksTarget: return "leaks_target";
  }
  return "";
}

bool has_classes(const Column& column) {
  if (column.is_text() || column.kind == ColumnKind::kBoolean) return true;
  if (column.kind != ColumnKind::kNumber || !column.is_whole) return false;
  std::vector<double> seen;
  for (const double value : column.numbers) {
    if (std::isnan(value) || std::find(seen.begin(), seen.end(), value) != seen.end()) continue;
    if (seen.size() == kClassesMax) return false;
    seen.push_back(value);
  }
  return true;
}

ColumnProfile profile_column(const Column& column, size_t top) {
  ColumnProfile profile;
  profile.name = column.name;
  profile.kind = column.kind;
  profile.is_whole = column.is_whole;
  profile.time_format = column.time_format;
  profile.unit = column.unit;
  profile.missing = column.missing_count;
  profile.values = column.rows() - column.missing_count;
  if (column.is_text()) {
    profile_texts(column, top, profile);
  } else {
    profile_numbers(column, top, profile);
  }
  return profile;
}

Result<Profile> profile_frame(const Frame& frame, const std::string& target) {
  Profile profile;
  profile.rows = frame.rows;
  const Column* target_column = target.empty() ? nullptr : TRY(find_target(frame, target));
  profile.columns.reserve(frame.columns.size());
  for (const Column& column : frame.columns) {
    profile.columns.push_back(profile_column(column, kTopValues));
  }
  profile.duplicate_rows = count_duplicates(frame);
  profile.correlations = correlate(frame);
  if (target_column != nullptr) {
    TargetProfile& found = profile.target.emplace();
    found.name = target;
    found.has_classes = has_classes(*target_column);
    if (found.has_classes) found.classes = profile_column(*target_column, SIZE_MAX).top;
    found.associations = associate(frame, *target_column);
  }
  profile.suspicions = find_suspicions(frame, profile);
  return profile;
}

}  // namespace slipway::data
