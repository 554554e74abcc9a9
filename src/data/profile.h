// Profile: what a table holds, column by column and together, and what in it looks wrong.
//
//   Frame --profile_frame--> Profile --> table, JSON, HTML page (cli/profile_output.h)
//
// Numbers are as pandas gives them: quantiles interpolated linearly, standard deviations with n -
// 1, correlations over the rows in which both columns have a value. All statistics leave missing
// values out. Thread rule: plain functions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/frame.h"

namespace slipway::data {

/// The quantiles of a column, and the shares of values below them.
inline constexpr std::array<double, 7> kQuantiles = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
inline constexpr size_t kTopValues = 10;
inline constexpr size_t kBinsMax = 30;
/// Columns that are correlated with each other: the first so many.
inline constexpr size_t kCorrelatedMax = 100;

struct TopValue {
  std::string text;
  size_t count = 0;
};

/// Equal bins from the least to the greatest finite value.
struct Histogram {
  std::vector<double> edges;   // one more than counts
  std::vector<double> counts;  // whole numbers
};

/// Of numbers and times (in seconds since 1970).
struct NumberProfile {
  double min = 0;
  double max = 0;
  double mean = 0;
  double std = 0;  // NaN of one value
  std::array<double, kQuantiles.size()> quantiles{};
  size_t zeros = 0;
  size_t infinite = 0;
  Histogram histogram;
};

/// Of texts, in bytes.
struct TextProfile {
  size_t size_min = 0;
  size_t size_max = 0;
  double size_mean = 0;
  double numbers_share = 0;  // of the values that would be numbers
  double blank_share = 0;    // of those that hold a blank: sentences rather than words
};

struct ColumnProfile {
  std::string name;
  ColumnKind kind = ColumnKind::kNumber;
  bool is_whole = false;
  std::string time_format;
  std::string unit;
  size_t values = 0;  // that are not missing
  size_t missing = 0;
  size_t distinct = 0;
  std::vector<TopValue> top;            // the commonest, at most kTopValues
  std::optional<NumberProfile> number;  // numbers and times that have values
  std::optional<TextProfile> text;      // texts that have values
};

/// Pearson's coefficient of each pair of number and boolean columns; NaN where one is constant.
struct Correlations {
  std::vector<std::string> names;
  std::vector<double> values;  // names x names
};

/// How a column and the target go together.
struct Association {
  enum class Measure : uint8_t {
    kPearson,           // two numbers
    kCorrelationRatio,  // a number and classes: sqrt(variance between / variance in all)
    kCramersV,          // two columns of classes, without correction for bias
  };
  std::string column;
  Measure measure = Measure::kPearson;
  double value = 0;                          // NaN: one of the two is constant
  std::optional<double> mutual_information;  // of two columns of classes, in nats
  /// How well the column alone tells the target, learnt on each half of the rows and tried on the
  /// other: the share of right classes, or R2. NaN: too few rows.
  double alone = 0;
};
/// "pearson", "correlation_ratio", "cramers_v".
std::string_view measure_name(Association::Measure measure);

struct Suspicion {
  enum class Kind : uint8_t {
    kAllMissing,
    kConstant,
    kNearlyConstant,
    kIdentifier,
    kMixedTypes,
    kHighCardinality,
    kMostlyMissing,
    kInfinite,
    kLeaksTarget,
  };
  std::string column;
  Kind kind = Kind::kConstant;
  std::string text;  // "each of 150 values is different"
};
/// "all_missing", "leaks_target", ...
std::string_view suspicion_name(Suspicion::Kind kind);

struct TargetProfile {
  std::string name;
  bool has_classes = false;
  std::vector<TopValue> classes;          // all, the commonest first
  std::vector<Association> associations;  // the strongest first
};

struct Profile {
  size_t rows = 0;
  size_t duplicate_rows = 0;  // equal to an earlier one in all columns
  std::vector<ColumnProfile> columns;
  Correlations correlations;
  std::optional<TargetProfile> target;
  std::vector<Suspicion> suspicions;
};

/// `target`: a column, or empty. INVALID_ARGUMENT if it is not there or has no values.
Result<Profile> profile_frame(const Frame& frame, const std::string& target);

/// One column alone, with its `top` commonest values.
ColumnProfile profile_column(const Column& column, size_t top);

/// Whether a target's values are classes: texts, truth values, and at most 20 different whole
/// numbers.
bool has_classes(const Column& column);

}  // namespace slipway::data
