// What in a table looks wrong. Each rule is a sentence of docs/data.md.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/internal/association.h"

namespace slipway::data {
namespace {

using Kind = Suspicion::Kind;

constexpr double kNearlyAll = 0.99;
constexpr double kMostlyMissing = 0.5;
constexpr size_t kIdentifiersMin = 20;
constexpr size_t kManyCategories = 50;
constexpr double kManyShare = 0.1;
constexpr double kFewNumbers = 0.05;
constexpr double kSentences = 0.5;
constexpr double kTellsTarget = 0.98;
/// Of the errors that one makes without the column.
constexpr double kErrorsLeft = 0.1;

/// Whole numbers that only go up, or fill a range without a gap.
bool counts_rows(const Column& column, const ColumnProfile& profile) {
  if (!column.is_whole || profile.missing > 0 || !profile.number.has_value()) return false;
  const double range = profile.number->max - profile.number->min + 1;
  if (range == static_cast<double>(profile.values)) return true;
  return std::is_sorted(column.numbers.begin(), column.numbers.end());
}

bool is_identifier(const Column& column, const ColumnProfile& profile) {
  if (profile.values < kIdentifiersMin || profile.distinct != profile.values) return false;
  if (column.is_text()) return profile.text->blank_share < kSentences;
  return counts_rows(column, profile);
}

bool has_many_categories(const Column& column, const ColumnProfile& profile) {
  return column.is_text() && profile.distinct > kManyCategories &&
         static_cast<double>(profile.distinct) > kManyShare * static_cast<double>(profile.values) &&
         profile.text->blank_share < kSentences;
}

void check_column(const Column& column, const ColumnProfile& profile, size_t rows,
                  std::vector<Suspicion>& found) {
  const auto add = [&](Kind kind, std::string text) {
    found.push_back({profile.name, kind, std::move(text)});
  };
  if (profile.values == 0) return add(Kind::kAllMissing, "no row has a value");
  const std::string top = profile.top.empty() ? "" : profile.top[0].text.substr(0, 40);
  const auto values = static_cast<double>(profile.values);
  if (profile.distinct == 1) {
    add(Kind::kConstant, fmt::format("each value is '{}'", top));
  } else if (static_cast<double>(profile.top[0].count) >= kNearlyAll * values) {
    add(Kind::kNearlyConstant,
        fmt::format("{} of {} values are '{}'", profile.top[0].count, profile.values, top));
  }
  if (is_identifier(column, profile)) {
    add(Kind::kIdentifier, fmt::format("each of its {} values is different", profile.values));
  } else if (has_many_categories(column, profile)) {
    add(Kind::kHighCardinality,
        fmt::format("{} different texts in {} values", profile.distinct, profile.values));
  }
  const double numbers = profile.text.has_value() ? profile.text->numbers_share : 0;
  if (numbers > kFewNumbers && numbers < 1) {
    add(Kind::kMixedTypes,
        fmt::format("texts, but {:.3g} % of the values are numbers", 100 * numbers));
  }
  const double missing = static_cast<double>(profile.missing) / static_cast<double>(rows);
  if (missing > kMostlyMissing) {
    add(Kind::kMostlyMissing, fmt::format("{:.3g} % of the rows have no value", 100 * missing));
  }
  if (profile.number.has_value() && profile.number->infinite > 0) {
    add(Kind::kInfinite, fmt::format("{} values are infinite", profile.number->infinite));
  }
}

void check_leaks(const TargetProfile& target, std::vector<Suspicion>& found) {
  double all = 0;
  for (const TopValue& value : target.classes) all += static_cast<double>(value.count);
  const double blind_errors =
      target.classes.empty() ? 1 : 1 - static_cast<double>(target.classes[0].count) / all;
  for (const Association& association : target.associations) {
    const bool tells = association.alone >= kTellsTarget &&
                       1 - association.alone <= kErrorsLeft * blind_errors && blind_errors > 0;
    if (!tells) continue;
    found.push_back({association.column, Kind::kLeaksTarget,
                     fmt::format("it alone tells '{}' with {} {:.4g}", target.name,
                                 target.has_classes ? "accuracy" : "R2", association.alone)});
  }
}

}  // namespace

std::vector<Suspicion> find_suspicions(const Frame& frame, const Profile& profile) {
  std::vector<Suspicion> found;
  for (size_t i = 0; frame.rows > 0 && i < frame.columns.size(); ++i) {
    check_column(frame.columns[i], profile.columns[i], frame.rows, found);
  }
  if (profile.target.has_value()) check_leaks(*profile.target, found);
  return found;
}

}  // namespace slipway::data
