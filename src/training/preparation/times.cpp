// Dates and times: what clients send is a text, of the form of the training data or ISO 8601, or a
// number of seconds; features are the days since the first training row and the parts of the
// calendar that vary.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "base/quantile.h"
#include "data/cell_text.h"
#include "data/schema.h"
#include "graph/ops/basic.h"
#include "graph/ops/expression_builder.h"
#include "graph/ops/impute.h"
#include "graph/ops/scale.h"
#include "training/preparation/internal/number_statistics.h"
#include "training/preparation/internal/part.h"
#include "training/preparation/internal/run_matrix.h"

namespace slipway::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kDaySeconds = 86400;
/// Digits alone are seconds since 1970 from here on (March 1973): 20240501 is none, but a date that
/// somebody has written so.
constexpr double kSecondsMin = 1e8;
constexpr double kSecondsMax = 2.5e11;  // about year 9892

struct CalendarPart {
  TimePart part;
  std::string_view name;
  double first;   // its least value
  double period;  // 0: it does not come round
};

constexpr std::array kParts = {
    CalendarPart{TimePart::kYear, "year", 0, 0},
    CalendarPart{TimePart::kMonth, "month", 1, 12},
    CalendarPart{TimePart::kDay, "day", 1, 31},
    CalendarPart{TimePart::kDayOfWeek, "weekday", 0, 7},
    CalendarPart{TimePart::kDayOfYear, "day of year", 1, 366},
    CalendarPart{TimePart::kHour, "hour", 0, 24},
    CalendarPart{TimePart::kMinute, "minute", 0, 60},
    CalendarPart{TimePart::kSecond, "second", 0, 60},
};

/// A feature of a moment.
struct TimeFeature {
  enum class Kind : uint8_t { kElapsed, kPart, kSine, kCosine };
  Kind kind = Kind::kElapsed;
  size_t part = 0;  // of kParts

  std::string name_of(const std::string& column) const {
    switch (kind) {
      case Kind::kElapsed: return column + " (days)";
      case Kind::kSine: return fmt::format("{} ({}, sine)", column, kParts[part].name);
      case Kind::kCosine: return fmt::format("{} ({}, cosine)", column, kParts[part].name);
      case Kind::kPart: break;
    }
    return fmt::format("{} ({})", column, kParts[part].name);
  }
};

struct Time {
  std::string name;
  uint32_t place = 0;  // of the model's columns
  std::string form;    // of the training data
  double origin = 0;   // the first training row's, in seconds
  double fill = kNan;  // of a missing one
  bool indicated = false;
  std::vector<TimeFeature> features;
};

Result<TermId> either(ExpressionBuilder& terms, Code code, TermId a, TermId b) {
  return terms.apply(code, {a, b});
}

/// The moment that a text says: NaN where there is none. What is no time is refused.
Result<TermId> moment_of(ExpressionBuilder& terms, TermId text, const Time& time) {
  TermId moment = TRY(terms.apply_with_text(Code::kParseTimeForm, {text}, time.form));
  if (time.form != text::kIsoForm) {
    const TermId iso = TRY(terms.apply_with_text(Code::kParseTimeForm, {text}, text::kIsoForm));
    moment = TRY(either(terms, Code::kCoalesce, moment, iso));
  }
  const TermId number = TRY(terms.apply(Code::kParseNumber, {text}));
  const TermId size = TRY(terms.apply(Code::kAbsolute, {number}));
  const TermId low = TRY(either(terms, Code::kLessOrEqual, terms.number(kSecondsMin), size));
  const TermId high = TRY(either(terms, Code::kLess, size, terms.number(kSecondsMax)));
  const TermId is_seconds = TRY(either(terms, Code::kAnd, low, high));
  const TermId seconds =
      TRY(terms.apply(Code::kChoose, {is_seconds, number, terms.missing_number()}));
  moment = TRY(either(terms, Code::kCoalesce, moment, seconds));

  const TermId trimmed = TRY(terms.apply(Code::kTrim, {text}));
  const TermId place = TRY(terms.find(trimmed, data::usual_missing_markers()));
  const TermId is_marker = TRY(either(terms, Code::kLessOrEqual, terms.number(0), place));
  const TermId is_missing = TRY(terms.apply(Code::kIsTextMissing, {text}));
  const TermId is_blank = TRY(either(terms, Code::kOr, is_missing, is_marker));
  const TermId is_unknown = TRY(terms.apply(Code::kIsMissing, {moment}));
  const TermId is_known = TRY(terms.apply(Code::kNot, {is_unknown}));
  const TermId is_fine = TRY(either(terms, Code::kOr, is_known, is_blank));
  const std::string form =
      time.form == text::kIsoForm ? std::string() : fmt::format("of the form {}, or ", time.form);
  return terms.apply_with_text(
      Code::kRequire, {moment, is_fine},
      fmt::format("column '{}': expected a time {}as 2024-05-01 or 2024-05-01T12:30:00+02:00, or "
                  "the seconds since 1970",
                  time.name, form));
}

/// A feature of a moment that is there.
Result<TermId> feature_of(ExpressionBuilder& terms, TermId moment, const Time& time,
                          TimeFeature feature) {
  using Kind = TimeFeature::Kind;
  if (feature.kind == Kind::kElapsed) {
    const TermId since = TRY(either(terms, Code::kSubtract, moment, terms.number(time.origin)));
    return either(terms, Code::kDivide, since, terms.number(kDaySeconds));
  }
  const CalendarPart& part = kParts[feature.part];
  const TermId value =
      TRY(terms.apply(Code::kTimePart, {moment}, static_cast<uint32_t>(part.part)));
  if (feature.kind == Kind::kPart) return value;
  const TermId from = TRY(either(terms, Code::kSubtract, value, terms.number(part.first)));
  const double turn = 2 * std::numbers::pi / part.period;
  const TermId angle = TRY(either(terms, Code::kMultiply, from, terms.number(turn)));
  // A quarter of a turn is 0 and not 6e-17: trees would tell it from three quarters.
  constexpr double kGrid = 1e12;
  const TermId turned =
      TRY(terms.apply(feature.kind == Kind::kSine ? Code::kSin : Code::kCos, {angle}));
  const TermId whole = TRY(either(terms, Code::kMultiply, turned, terms.number(kGrid)));
  const TermId rounded = TRY(terms.apply(Code::kRoundHalfEven, {whole}));
  return either(terms, Code::kDivide, rounded, terms.number(kGrid));
}

class Times final : public Part {
 public:
  Times(const PreparationPlan& plan, std::vector<Time> times)
      : plan_(plan), times_(std::move(times)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const Time& time : times_) {
      for (const TimeFeature feature : time.features) names.push_back(feature.name_of(time.name));
    }
    for (const Time& time : times_) {
      if (time.indicated) names.push_back(time.name + " (missing)");
    }
    return names;
  }
  Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                         const std::string& path) const override;
  /// The features of moments, one column for each time; not scaled.
  Result<ValueId> append_features(GraphBuilder& graph, ValueId moments,
                                  const std::string& path) const;
  void set_scales(std::vector<NumberScale> scales) { scales_ = std::move(scales); }

 private:
  Result<ValueId> append_flags(GraphBuilder& graph, ValueId moments, ValueId features,
                               const std::string& path) const;

  const PreparationPlan plan_;
  const std::vector<Time> times_;
  std::vector<NumberScale> scales_;  // of each feature; none: as they are
};

Result<ValueId> Times::append_features(GraphBuilder& graph, ValueId moments,
                                       const std::string& path) const {
  std::vector<uint32_t> filled;
  std::vector<double> fills;
  ExpressionBuilder terms;
  ValueId value = moments;
  if (plan_.numbers != PreparationPlan::Fill::kKeep) {
    for (uint32_t i = 0; i < times_.size(); ++i) {
      filled.push_back(i);
      fills.push_back(times_[i].fill);
    }
    value = TRY(graph.add(std::make_unique<ImputeOp>(kNan, std::move(filled), std::move(fills)),
                          {value}, path + ".times"));
  }
  std::vector<TermId> features;
  for (uint32_t i = 0; i < times_.size(); ++i) {
    const TermId moment = terms.column(value, i, ValueKind::kDense);
    for (const TimeFeature feature : times_[i].features) {
      features.push_back(TRY(feature_of(terms, moment, times_[i], feature)));
    }
  }
  return terms.add_to(graph, features, path + ".calendar");
}

Result<ValueId> Times::append_flags(GraphBuilder& graph, ValueId moments, ValueId features,
                                    const std::string& path) const {
  std::vector<uint32_t> indicated;
  for (uint32_t i = 0; i < times_.size(); ++i) {
    if (times_[i].indicated) indicated.push_back(i);
  }
  if (indicated.empty()) return features;
  const auto flags = static_cast<uint32_t>(indicated.size());
  const ValueId missing = TRY(
      graph.add(std::make_unique<MissingIndicatorOp>(kNan, std::move(indicated)), {moments}, path));
  std::vector<ColumnPick> both;
  for (uint32_t i = 0; i < graph.type(features).width; ++i) both.push_back({0, i});
  for (uint32_t i = 0; i < flags; ++i) both.push_back({1, i});
  return graph.add(std::make_unique<SelectOp>(std::move(both)), {features, missing}, path);
}

Result<ValueId> Times::append(GraphBuilder& graph, const PartSource& from,
                              const std::string& path) const {
  ExpressionBuilder terms;
  std::vector<TermId> outputs;
  outputs.reserve(times_.size());
  for (const Time& time : times_) {
    const TermId text = terms.column(from.texts, time.place, ValueKind::kString);
    outputs.push_back(TRY(moment_of(terms, text, time)));
  }
  const ValueId moments = TRY(terms.add_to(graph, outputs, path + ".times"));
  ValueId value = TRY(append_features(graph, moments, path));
  if (!scales_.empty()) {
    std::vector<double> shifts;
    std::vector<double> factors;
    for (const NumberScale& scale : scales_) {
      shifts.push_back(scale.shift);
      factors.push_back(scale.factor);
    }
    const auto width = static_cast<uint32_t>(scales_.size());
    value = TRY(graph.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width,
                                                    std::move(shifts), std::move(factors)),
                          {value}, path + ".scale"));
  }
  return append_flags(graph, moments, value, path);
}

/// Numbers have a constant of their own, which is no moment.
double fill_of_times(const PreparationPlan& plan, std::span<const double> sorted) {
  const bool as_numbers = plan.numbers == PreparationPlan::Fill::kMean ||
                          plan.numbers == PreparationPlan::Fill::kMostFrequent;
  return as_numbers ? fill_of(plan, sorted) : quantile_of_sorted(sorted, 0.5);
}

std::vector<TimeFeature> all_features(const PreparationPlan& plan) {
  using Kind = TimeFeature::Kind;
  std::vector<TimeFeature> features;
  if (plan.times != PreparationPlan::Times::kParts) features.push_back({Kind::kElapsed, 0});
  if (plan.times == PreparationPlan::Times::kElapsed) return features;
  for (size_t i = 0; i < kParts.size(); ++i) {
    if (plan.cyclic_times && kParts[i].period > 0) {
      features.push_back({Kind::kSine, i});
      features.push_back({Kind::kCosine, i});
    } else {
      features.push_back({Kind::kPart, i});
    }
  }
  return features;
}

Time fitted(const PartColumn& column, const PartInput& input) {
  Time time;
  time.name = column.column->name;
  time.place = column.place;
  time.form =
      column.column->time_format.empty() ? std::string(text::kIsoForm) : column.column->time_format;
  std::vector<double> moments = present_numbers(*column.column, input.all.rows);
  time.indicated = input.plan.indicate_missing && moments.size() < input.all.rows.size();
  std::ranges::sort(moments);
  time.origin = moments.front();
  time.fill = fill_of_times(input.plan, moments);
  time.features = all_features(input.plan);
  return time;
}

/// The training rows' features, a column after the other.
Result<std::vector<std::vector<double>>> columns_of(const Times& part, size_t times,
                                                    const PartInput& input) {
  std::vector<double> moments;
  moments.reserve(input.all.rows.size() * times);
  for (const uint32_t row : input.all.rows) {
    for (const PartColumn& column : input.columns) moments.push_back(column.column->numbers[row]);
  }
  const std::vector<double> matrix = TRY(run_matrix(moments, times, [&](GraphBuilder& graph) {
    return part.append_features(graph, kNumbersInput, "times");
  }));
  std::vector<std::vector<double>> columns(part.names().size());
  const size_t width = matrix.size() / input.all.rows.size();
  columns.resize(width);
  for (size_t i = 0; i < matrix.size(); ++i) {
    if (!std::isnan(matrix[i])) columns[i % width].push_back(matrix[i]);
  }
  for (std::vector<double>& column : columns) std::ranges::sort(column);
  return columns;
}

}  // namespace

Result<FittedPart> fit_times(const PartInput& input) {
  std::vector<Time> times;
  times.reserve(input.columns.size());
  for (const PartColumn& column : input.columns) times.push_back(fitted(column, input));
  const auto columns = TRY(columns_of(Times(input.plan, times), times.size(), input));
  // What is the same in all rows tells nothing; one feature stays, so that there is one.
  std::vector<NumberScale> scales;
  size_t place = 0;
  for (Time& time : times) {
    std::vector<TimeFeature> kept;
    for (size_t i = 0; i < time.features.size(); ++i, ++place) {
      const std::vector<double>& sorted = columns[place];
      const bool varies = !sorted.empty() && sorted.front() < sorted.back();
      const bool is_last_chance = kept.empty() && i + 1 == time.features.size();
      if (!varies && !is_last_chance) continue;
      kept.push_back(time.features[i]);
      if (input.plan.scale == PreparationPlan::Scale::kNone) continue;
      scales.push_back(sorted.empty() ? NumberScale{} : scale_of(input.plan.scale, sorted));
    }
    time.features = std::move(kept);
  }
  auto part = std::make_shared<Times>(input.plan, std::move(times));
  part->set_scales(std::move(scales));
  return FittedPart{std::move(part), {}};
}

}  // namespace slipway::training
