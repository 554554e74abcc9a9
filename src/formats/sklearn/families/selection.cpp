// Feature selection: which columns pass is in the fitted attributes, so that nothing is computed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/estimator_table.h"
#include "formats/sklearn/families/importances.h"

namespace slipway::sklearn {
namespace {

using Mask = std::vector<bool>;

/// The chosen columns, behind the check that the selector makes of all.
Result<Step> selected(Lowering& lowering, pickle::Value self, const Features& input,
                      const Mask& mask, bool allow_nan = false) {
  TRY_STATUS(lowering.check_width(self, input));
  if (mask.size() != input.size()) {
    return invalid_argument(fmt::format("{} selects from {} columns, {} reach it", self.name(),
                                        mask.size(), input.size()));
  }
  const ValueId checked = TRY(lowering.finite_or_sparse(self, input, {.allow_nan = allow_nan}));
  const Features all = all_columns(checked, static_cast<uint32_t>(input.size()), input.names);
  std::vector<uint32_t> chosen;
  for (uint32_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) chosen.push_back(i);
  }
  if (chosen.empty()) return unimplemented("it selects no column at all");
  Step step;
  step.transform = all.pick(chosen);
  return step;
}

Result<Mask> support(pickle::Value self) {
  const pickle::Array<int64_t> values = TRY(i64_attr(self, "support_"));
  Mask mask;
  for (const int64_t value : values.values) mask.push_back(value != 0);
  return mask;
}

Mask below(const std::vector<double>& values, double bound) {
  Mask mask;
  for (const double value : values) mask.push_back(value < bound);
  return mask;
}

/// numpy.percentile with linear interpolation; the values are not NaN.
double percentile(std::vector<double> values, double percent) {
  std::ranges::sort(values);
  const double place = static_cast<double>(values.size() - 1) * (percent / 100);
  const double floor = std::floor(place);
  const auto low = static_cast<size_t>(std::max(floor, 0.0));
  const size_t high = std::min(low + 1, values.size() - 1);
  const double part = place - floor;
  const double step = values[high] - values[low];
  return part < 0.5 ? values[low] + step * part : values[high] - step * (1 - part);
}

/// NaN counts as the lowest score.
Result<std::vector<double>> clean_scores(pickle::Value self) {
  std::vector<double> scores = TRY(f64_attr(self, "scores_")).values;
  for (double& score : scores) {
    if (std::isnan(score)) score = std::numeric_limits<double>::lowest();
  }
  return scores;
}

Result<Mask> best_count(pickle::Value self, pickle::Value count) {
  const std::vector<double> scores = TRY(clean_scores(self));
  if (count.is_string()) return Mask(scores.size(), true);  // "all"
  const int64_t wanted = TRY(count.as_int());
  Mask mask(scores.size(), false);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&scores](size_t i) { return scores[i]; });
  const auto kept =
      static_cast<size_t>(std::clamp<int64_t>(wanted, 0, static_cast<int64_t>(scores.size())));
  for (size_t i = scores.size() - kept; i < scores.size(); ++i) mask[order[i]] = true;
  return mask;
}

Result<Mask> best_percent(pickle::Value self, double percent) {
  const std::vector<double> scores = TRY(clean_scores(self));
  if (!(percent > 0 && percent < 100) || scores.empty()) return Mask(scores.size(), percent >= 100);
  const double threshold = percentile(scores, 100 - percent);
  Mask mask;
  size_t count = 0;
  for (const double score : scores) {
    mask.push_back(score > threshold);
    count += score > threshold ? 1 : 0;
  }
  const auto most = static_cast<size_t>(static_cast<double>(scores.size()) * percent / 100);
  for (size_t i = 0; i < scores.size() && count < most; ++i) {
    if (scores[i] != threshold) continue;
    mask[i] = true;
    ++count;
  }
  return mask;
}

/// Benjamini and Hochberg's false discovery rate.
Result<Mask> false_discovery(pickle::Value self, double alpha) {
  const std::vector<double> values = TRY(f64_attr(self, "pvalues_")).values;
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  double largest = -1;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const double bound = alpha / static_cast<double>(sorted.size()) * static_cast<double>(i + 1);
    if (sorted[i] <= bound) largest = sorted[i];
  }
  Mask mask;
  for (const double value : values) mask.push_back(largest >= 0 && value <= largest);
  return mask;
}

Result<Mask> by_p_value(pickle::Value self, double alpha) {
  return below(TRY(f64_attr(self, "pvalues_")).values, alpha);
}

Result<Mask> family_wise(pickle::Value self, double alpha) {
  const std::vector<double> values = TRY(f64_attr(self, "pvalues_")).values;
  return below(values, alpha / static_cast<double>(values.size()));
}

Result<Step> lower_select_k_best(Lowering& lowering, pickle::Value self, const Features& input) {
  return selected(lowering, self, input, TRY(best_count(self, TRY(self.attr("k")))));
}

Result<Step> lower_select_percentile(Lowering& lowering, pickle::Value self,
                                     const Features& input) {
  const double percent = TRY(double_attr_or(self, "percentile", 10));
  return selected(lowering, self, input, TRY(best_percent(self, percent)));
}

template <Result<Mask> (*Choose)(pickle::Value, double)>
Result<Step> lower_by_alpha(Lowering& lowering, pickle::Value self, const Features& input) {
  const double alpha = TRY(double_attr_or(self, "alpha", 0.05));
  return selected(lowering, self, input, TRY(Choose(self, alpha)));
}

Result<Step> lower_generic(Lowering& lowering, pickle::Value self, const Features& input) {
  const std::string mode = string_attr_or(self, "mode", "percentile");
  const pickle::Value parameter = TRY(self.attr("param"));
  if (mode == "k_best") {
    return selected(lowering, self, input, TRY(best_count(self, parameter)));
  }
  const double number = TRY(parameter.as_double());
  if (mode == "percentile") {
    return selected(lowering, self, input, TRY(best_percent(self, number)));
  }
  if (mode == "fpr") return selected(lowering, self, input, TRY(by_p_value(self, number)));
  if (mode == "fdr") return selected(lowering, self, input, TRY(false_discovery(self, number)));
  if (mode == "fwe") return selected(lowering, self, input, TRY(family_wise(self, number)));
  return invalid_argument(fmt::format("GenericUnivariateSelect.mode '{}' is not known", mode));
}

Result<Step> lower_variance(Lowering& lowering, pickle::Value self, const Features& input) {
  const double threshold = TRY(double_attr_or(self, "threshold", 0));
  Mask mask;
  for (const double variance : TRY(f64_attr(self, "variances_")).values) {
    mask.push_back(variance > threshold);
  }
  return selected(lowering, self, input, mask, true);
}

/// Estimators that take NaN themselves, so that their selectors do.
bool takes_missing(pickle::Value estimator) {
  return estimator.name().starts_with("HistGradientBoosting");
}

/// RFE and RFECV also answer as the estimator that was fitted on the chosen columns.
Result<Step> lower_elimination(Lowering& lowering, pickle::Value self, const Features& input) {
  const pickle::Value estimator = TRY(self.attr("estimator_"));
  Step step = TRY(selected(lowering, self, input, TRY(support(self)), takes_missing(estimator)));
  const Step inner = lowering.lower(estimator, *step.transform, "estimator_");
  step.methods = inner.methods;
  step.unknown = inner.unknown;
  return step;
}

Result<Step> lower_sequential(Lowering& lowering, pickle::Value self, const Features& input) {
  return selected(lowering, self, input, TRY(support(self)),
                  takes_missing(TRY(self.attr("estimator"))));
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool is_l1(pickle::Value estimator) {
  const std::string_view name = estimator.name();
  if (name.find("Lasso") != std::string_view::npos) return true;
  if (string_attr_or(estimator, "penalty", "") == "l1") return true;
  const bool elastic = name == "ElasticNet" || name == "ElasticNetCV";
  const auto ratio = estimator.find_attr(name == "ElasticNetCV" ? "l1_ratio_" : "l1_ratio");
  if (!elastic || !ratio.has_value()) return false;
  const Result<double> number = ratio->as_double();
  return number.ok() && std::fabs(*number - 1) <= 1e-8 + 1e-5;  // numpy.isclose
}

/// "mean", "1.25*median", a number, or None.
Result<double> threshold_of(pickle::Value self, pickle::Value estimator,
                            const std::vector<double>& scores) {
  const auto attr = self.find_attr("threshold");
  std::string text;
  if (!attr.has_value() || attr->is_none()) {
    if (is_l1(estimator)) return 1e-5;
    text = "mean";
  } else if (const auto word = attr->as_string(); word.ok()) {
    text = std::string(*word);
  } else {
    return attr->as_double();
  }
  std::erase(text, ' ');
  double scale = 1;
  if (const size_t star = text.find('*'); star != std::string::npos) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + star, scale);
    if (error != std::errc() || end != text.data() + star) {
      return invalid_argument(fmt::format("SelectFromModel.threshold '{}' is not known", text));
    }
    text = text.substr(star + 1);
  }
  if (text == "mean") return scale * mean_of(scores);
  if (text == "median") return scale * percentile(scores, 50);
  return invalid_argument(fmt::format("SelectFromModel.threshold '{}' is not known", text));
}

Result<Step> lower_from_model(Lowering& lowering, pickle::Value self, const Features& input) {
  const auto fitted = self.find_attr("estimator_");
  const pickle::Value estimator =
      fitted.has_value() ? *fitted : TRY(self.attr("estimator"));  // prefit before 1.3
  if (string_attr_or(self, "importance_getter", "auto") != "auto" ||
      (self.find_attr("importance_getter").has_value() &&
       !TRY(self.attr("importance_getter")).is_string())) {
    return unimplemented("SelectFromModel.importance_getter: only 'auto'");
  }
  const double order = TRY(double_attr_or(self, "norm_order", 1));
  const std::vector<double> scores = TRY(feature_importances(estimator, order));
  if (scores.empty()) return invalid_argument("SelectFromModel: no importances");
  const double threshold = TRY(threshold_of(self, estimator, scores));
  Mask mask(scores.size(), true);
  auto most = self.find_attr("max_features_");
  if (!most.has_value()) most = self.find_attr("max_features");
  if (most.has_value() && !most->is_none()) {
    const int64_t count = TRY(most->as_int());
    std::vector<size_t> order_of(scores.size());
    std::iota(order_of.begin(), order_of.end(), size_t{0});
    std::ranges::stable_sort(order_of, {}, [&scores](size_t i) { return -scores[i]; });
    const auto kept =
        static_cast<size_t>(std::clamp<int64_t>(count, 0, static_cast<int64_t>(scores.size())));
    for (size_t i = kept; i < scores.size(); ++i) mask[order_of[i]] = false;
  }
  for (size_t i = 0; i < scores.size(); ++i) mask[i] = mask[i] && !(scores[i] < threshold);
  return selected(lowering, self, input, mask, takes_missing(estimator));
}

}  // namespace

std::span<const EstimatorEntry> selection_family() {
  static constexpr std::array kTable = {
      EstimatorEntry{"SelectKBest", lower_select_k_best},
      EstimatorEntry{"SelectPercentile", lower_select_percentile},
      EstimatorEntry{"SelectFpr", lower_by_alpha<by_p_value>},
      EstimatorEntry{"SelectFdr", lower_by_alpha<false_discovery>},
      EstimatorEntry{"SelectFwe", lower_by_alpha<family_wise>},
      EstimatorEntry{"GenericUnivariateSelect", lower_generic},
      EstimatorEntry{"VarianceThreshold", lower_variance},
      EstimatorEntry{"RFE", lower_elimination},
      EstimatorEntry{"RFECV", lower_elimination},
      EstimatorEntry{"SelectFromModel", lower_from_model},
      EstimatorEntry{"SequentialFeatureSelector", lower_sequential},
  };
  return kTable;
}

}  // namespace slipway::sklearn
