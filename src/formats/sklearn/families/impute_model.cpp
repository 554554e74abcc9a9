// MissingIndicator, KNNImputer and IterativeImputer.
#include "graph/ops/impute_model.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"

namespace slipway::sklearn {
namespace {

/// `missing_values` as a number; None and pandas.NA arrive as NaN in a numeric column.
Result<double> missing_number(pickle::Value self) {
  const auto value = self.find_attr("missing_values");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (!value.has_value() || value->is_none() || value->module().starts_with("pandas")) return nan;
  if (value->is_string()) {
    return unimplemented(fmt::format("{}.missing_values: a string", self.name()));
  }
  return value->as_double();
}

/// The features that a fitted MissingIndicator shows.
Result<std::vector<uint32_t>> shown_features(pickle::Value indicator, size_t width) {
  std::vector<uint32_t> columns;
  const pickle::Value features = TRY(indicator.attr("features_"));
  if (TRY(pickle::array_info(features)).element_count == 0) return columns;
  for (const int64_t column : TRY(pickle::to_i64(features)).values) {
    if (column < 0 || column >= static_cast<int64_t>(width)) {
      return invalid_argument(fmt::format(
          "MissingIndicator.features_: expected columns below {}, got {}", width, column));
    }
    columns.push_back(static_cast<uint32_t>(column));
  }
  return columns;
}

Result<Step> lower_missing_indicator(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const double missing = TRY(missing_number(self));
  const ValueId x = TRY(lowering.finite(self, input, {.allow_nan = std::isnan(missing)}));
  std::vector<uint32_t> columns = TRY(shown_features(self, input.size()));
  if (TRY(bool_attr_or(self, "error_on_new", true)) &&
      string_attr_or(self, "features", "missing-only") == "missing-only" &&
      columns.size() != input.size()) {
    // What had no missing value in training must have none now.
    Features rest;
    size_t next = 0;
    for (uint32_t i = 0; i < input.size(); ++i) {
      if (next < columns.size() && columns[next] == i) {
        ++next;
      } else {
        rest.columns.push_back({x, i, false});
      }
    }
    if (!std::isnan(missing)) {
      return unimplemented("MissingIndicator of a number, with error_on_new");
    }
    const ValueId checked = TRY(lowering.finite_part(self, rest));
    if (columns.empty()) return unimplemented("a MissingIndicator that shows no column");
    // One select over both makes the check a part of what is computed.
    std::vector<ColumnPick> picks;
    std::vector<uint32_t> order(input.size());
    uint32_t place = 0;
    next = 0;
    for (uint32_t i = 0; i < input.size(); ++i) {
      const bool shown = next < columns.size() && columns[next] == i;
      next += shown ? 1 : 0;
      picks.push_back(shown ? ColumnPick{0, i} : ColumnPick{1, place++});
    }
    const ValueId joined =
        TRY(lowering.add(std::make_unique<SelectOp>(std::move(picks)), {x, checked}));
    const auto width = static_cast<uint32_t>(columns.size());
    const ValueId y = TRY(
        lowering.add(std::make_unique<MissingIndicatorOp>(missing, std::move(columns)), {joined}));
    return transformed(y, width);
  }
  const auto width = static_cast<uint32_t>(columns.size());
  const ValueId y =
      TRY(lowering.add(std::make_unique<MissingIndicatorOp>(missing, std::move(columns)), {x}));
  return transformed(y, width);
}

/// Appends what add_indicator asks for.
Status append_indicator(Lowering& lowering, pickle::Value self, const Features& input, ValueId x,
                        double missing, Features& output) {
  if (!TRY(bool_attr_or(self, "add_indicator", false))) return {};
  std::vector<uint32_t> columns = TRY(shown_features(TRY(self.attr("indicator_")), input.size()));
  if (columns.empty()) return {};
  TRY_STATUS(lowering.spend(columns.size(), input.longest_name()));
  std::vector<std::string> names;
  for (const uint32_t column : columns) names.push_back("missingindicator_" + input.name(column));
  const auto width = static_cast<uint32_t>(columns.size());
  const ValueId flags =
      TRY(lowering.add(std::make_unique<MissingIndicatorOp>(missing, std::move(columns)), {x}));
  output.append(all_columns(flags, width, std::move(names)));
  return {};
}

Result<Step> lower_knn_imputer(Lowering& lowering, pickle::Value self, const Features& input) {
  const double missing = TRY(missing_number(self));
  const ValueId x = TRY(lowering.finite(self, input, {.allow_nan = std::isnan(missing)}));
  pickle::Array<double> points = TRY(matrix_attr(self, "_fit_X"));
  const uint32_t features = lowering.type(x).width;
  if (points.columns() != features || points.values.empty()) {
    return invalid_argument(
        fmt::format("KNNImputer._fit_X: expected {} columns, got {}", features, points.columns()));
  }
  const auto metric = self.find_attr("metric");
  if (metric.has_value() && (!metric->is_string() || metric->text() != "nan_euclidean")) {
    return unimplemented("KNNImputer.metric other than 'nan_euclidean'");
  }
  const auto weights = self.find_attr("weights");
  if (weights.has_value() && !weights->is_none() && !weights->is_string()) {
    return unimplemented("KNNImputer.weights: a function");
  }
  std::vector<bool> filled(features, false);
  for (size_t i = 0; i < points.values.size(); ++i) {
    if (points.values[i] == missing) points.values[i] = std::numeric_limits<double>::quiet_NaN();
    if (!std::isnan(points.values[i])) filled[i % features] = true;
  }
  std::vector<uint32_t> columns;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < features; ++i) {
    if (filled[i]) {
      columns.push_back(i);
      names.push_back(input.name(i));
    } else if (TRY(bool_attr_or(self, "keep_empty_features", false))) {
      return unimplemented("KNNImputer.keep_empty_features with a column that was empty");
    }
  }
  KnnImputeOp::Options options;
  options.missing = missing;
  const int64_t neighbors = TRY(int_attr_or(self, "n_neighbors", 5));
  if (neighbors < 1 || neighbors > INT32_MAX) {
    return invalid_argument(fmt::format("KNNImputer.n_neighbors: {}", neighbors));
  }
  options.neighbors = static_cast<uint32_t>(neighbors);
  options.distance_weights = string_attr_or(self, "weights", "uniform") == "distance";
  options.nan_counts = !written_since(self, 1, 7);
  const auto width = static_cast<uint32_t>(columns.size());
  const ValueId y =
      TRY(lowering.add(std::make_unique<KnnImputeOp>(options, features, std::move(points.values),
                                                     std::move(columns)),
                       {x}));
  Step step = transformed(y, width, std::move(names));
  TRY_STATUS(append_indicator(lowering, self, input, x, missing, *step.transform));
  return step;
}

/// One regression of the sequence: the feature, the features that it is predicted from, and by
/// what.
struct Turn {
  uint32_t feature = 0;
  std::vector<uint32_t> from;
  pickle::Value estimator;
};

Result<Turn> read_turn(pickle::Value triplet, size_t width) {
  const pickle::Value parts = triplet.kind() == pickle::Kind::kObject ? triplet.args() : triplet;
  if (parts.kind() != pickle::Kind::kTuple || parts.size() != 3) {
    return invalid_argument("IterativeImputer.imputation_sequence_: expected three parts");
  }
  Turn turn{0, {}, parts.at(2)};
  const int64_t feature = TRY(parts.at(0).as_int());
  std::vector<int64_t> places = TRY(pickle::to_i64(parts.at(1))).values;
  places.push_back(feature);
  for (const int64_t place : places) {
    if (place < 0 || place >= static_cast<int64_t>(width)) {
      return invalid_argument(
          fmt::format("IterativeImputer.imputation_sequence_: feature {} of {}", place, width));
    }
    turn.from.push_back(static_cast<uint32_t>(place));
  }
  turn.feature = turn.from.back();
  turn.from.pop_back();
  return turn;
}

/// The input columns that the initial imputer keeps.
Result<Features> kept_columns(Lowering& lowering, pickle::Value initial, const Features& input,
                              ValueId x, size_t kept) {
  Features columns = all_columns(x, static_cast<uint32_t>(input.size()));
  if (kept == input.size()) return columns;
  const pickle::Array<double> statistics = TRY(f64_attr(initial, "statistics_"));
  std::vector<uint32_t> some;
  TRY_STATUS(lowering.spend(input.size()));
  for (uint32_t i = 0; i < input.size() && i < statistics.values.size(); ++i) {
    if (!std::isnan(statistics.values[i])) some.push_back(i);
  }
  if (some.size() != kept) {
    return invalid_argument("IterativeImputer.initial_imputer_ does not fit the columns");
  }
  return columns.pick(some);
}

Result<Step> lower_iterative_imputer(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  if (TRY(bool_attr_or(self, "sample_posterior", false))) {
    return unimplemented("IterativeImputer.sample_posterior: it draws at random");
  }
  const double missing = TRY(missing_number(self));
  const ValueId x = TRY(lowering.finite(self, input, {.allow_nan = std::isnan(missing)}));
  const pickle::Value initial = TRY(self.attr("initial_imputer_"));
  const Step first = lowering.lower(initial, all_columns(x, lowering.type(x).width, input.names),
                                    "initial_imputer_");
  Step step;
  step.unknown = first.unknown;
  if (!first.transform.has_value()) return invalid_argument("its initial imputer is none");
  Features filled = *first.transform;
  if (first.unknown) {
    step.transform = std::move(filled);
    return step;
  }
  const Features came = TRY(kept_columns(lowering, initial, input, x, filled.size()));
  const pickle::Value sequence = TRY(self.attr("imputation_sequence_"));
  const bool turns =
      sequence.kind() == pickle::Kind::kList && TRY(int_attr_or(self, "n_iter_", 0)) != 0;
  std::vector<double> lows = TRY(f64_attr(self, "_min_value")).values;
  std::vector<double> highs = TRY(f64_attr(self, "_max_value")).values;
  if (lows.size() < filled.size() || highs.size() < filled.size()) {
    return invalid_argument("IterativeImputer._min_value does not fit the columns");
  }
  for (size_t i = 0; turns && i < sequence.size(); ++i) {
    const Turn turn = TRY(read_turn(sequence.at(i), filled.size()));
    TRY_STATUS(lowering.spend(turn.from.size() + 1));
    Features from;
    for (const uint32_t k : turn.from) from.columns.push_back(filled.columns[k]);
    const Step made =
        lowering.lower(turn.estimator, from, fmt::format("imputation_sequence_.{}", i));
    if (made.unknown) {
      step.unknown = true;
      break;
    }
    const Method* predict = made.find("predict");
    if (predict == nullptr || predict->width != 1 || !predict->labels.empty()) {
      return unimplemented("an IterativeImputer whose estimator is no regressor");
    }
    const auto one = [&](const ColumnRef& column) {
      Features alone;
      alone.columns.push_back(column);
      return lowering.dense(alone);
    };
    const ValueId before = TRY(one(came.columns[turn.feature]));
    const ValueId now = TRY(one(filled.columns[turn.feature]));
    const ValueId better = TRY(lowering.add(
        std::make_unique<FillPredictedOp>(missing, lows[turn.feature], highs[turn.feature]),
        {before, now, predict->value}));
    filled.columns[turn.feature] = {better, 0, false};
  }
  filled.unknown = step.unknown;
  TRY_STATUS(append_indicator(lowering, self, input, x, missing, filled));
  step.transform = std::move(filled);
  return step;
}

}  // namespace

std::span<const EstimatorEntry> impute_model_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"MissingIndicator", lower_missing_indicator},
      EstimatorEntry{"KNNImputer", lower_knn_imputer},
      EstimatorEntry{"IterativeImputer", lower_iterative_imputer},
  };
  return kTable;
}

}  // namespace slipway::sklearn
