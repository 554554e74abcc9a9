// An Evaluation as tables for a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "cli/evaluation/evaluation_output.h"
#include "cli/plain_text.h"

namespace slipway::cli {
namespace {

constexpr size_t kClassesMax = 20;  // in tables of a terminal
constexpr size_t kLabelWidth = 24;

std::string plain(std::string_view text, size_t characters_max = kLabelWidth) {
  return plain_text(text, characters_max);
}

template <typename... Arguments>
void add(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

void add_head(std::string& out, const Evaluation& evaluation, const EvaluateOptions& options) {
  add(out, "{} on {}: {} of {} rows, target '{}'", options.model, options.data, evaluation.rows,
      evaluation.rows_read, plain(evaluation.target));
  if (evaluation.split != "none")
    add(out, ", split {} (seed {})", evaluation.split, evaluation.seed);
  out += "\n";
  for (const std::string& note : evaluation.notes) {
    add(out, "note: {}\n", plain(note, 400));
  }
}

void add_metrics(std::string& out, const Evaluation& evaluation) {
  const std::string interval =
      evaluation.replicates > 0 ? fmt::format("{:g} % interval", 100 * evaluation.level) : "";
  add(out, "\n{:<32}{:>12}  {}\n", "metric", "value", interval);
  for (const MetricValue& metric : evaluation.metrics) {
    add(out, "{:<32}{:>12}  {}\n", metric.name, shown_number(metric.value), shown_interval(metric));
  }
}

void add_classes(std::string& out, const Evaluation& evaluation) {
  if (evaluation.class_results.empty()) return;
  add(out, "\n{:<24}{:>11}{:>11}{:>11}{:>11}\n", "class", "precision", "recall", "f1", "support");
  const size_t shown = std::min(evaluation.class_results.size(), kClassesMax);
  for (size_t i = 0; i < shown; ++i) {
    const ClassResult& one = evaluation.class_results[i];
    add(out, "{:<24}{:>11}{:>11}{:>11}{:>11}{}\n", plain(one.label),
        shown_number(one.scores.precision), shown_number(one.scores.recall),
        shown_number(one.scores.f1), one.scores.support,
        evaluation.positive == i ? "  (positive)" : "");
  }
  if (shown < evaluation.class_results.size()) {
    add(out, "and {} more (--json has all)\n", evaluation.class_results.size() - shown);
    return;
  }
  add(out, "\n{:<24}", "true \\ predicted");
  for (const std::string& label : evaluation.classes) add(out, " {:>9}", plain(label, 9));
  out += "\n";
  for (size_t row = 0; row < evaluation.classes.size(); ++row) {
    add(out, "{:<24}", plain(evaluation.classes[row]));
    for (size_t column = 0; column < evaluation.classes.size(); ++column) {
      add(out, " {:>9}", evaluation.confusion->cell(row, column));
    }
    out += "\n";
  }
}

void add_residuals(std::string& out, const Evaluation& evaluation) {
  if (!evaluation.residuals.has_value()) return;
  add(out, "\n{:<24}", "residual quantile");
  for (const double q : kResidualQuantiles) add(out, " {:>9}", q);
  add(out, "\n{:<24}", "");
  for (const double value : evaluation.residuals->quantiles)
    add(out, " {:>9}", shown_number(value));
  out += "\n";
}

void add_slices(std::string& out, const Evaluation& evaluation) {
  if (evaluation.slices.empty()) return;
  const std::vector<std::string> names = slice_metrics(evaluation);
  add(out, "\n{:<40}{:>9}", "slice", "rows");
  for (const std::string& name : names) add(out, " {:>20}", name);
  out += "\n";
  for (const SliceResult& slice : evaluation.slices) {
    add(out, "{:<40}{:>9}", plain(slice.column) + " = " + plain(slice.value, 14), slice.rows);
    for (const std::string& name : names) {
      add(out, " {:>20}", shown_number(value_of(slice.metrics, name)));
    }
    out += "\n";
  }
}

void add_importance(std::string& out, const Evaluation& evaluation) {
  if (evaluation.importance_metric.empty()) return;
  add(out, "\n{:<24}{:>14}{:>14}\n", "feature",
      fmt::format("{} lost", evaluation.importance_metric), "deviation");
  constexpr size_t kFeaturesMax = 40;
  const size_t shown = std::min(evaluation.importance.size(), kFeaturesMax);
  for (size_t i = 0; i < shown; ++i) {
    const ImportanceResult& one = evaluation.importance[i];
    add(out, "{:<24}{:>14}{:>14}\n", plain(one.feature), shown_number(one.mean),
        shown_number(one.deviation));
  }
  if (shown < evaluation.importance.size()) {
    add(out, "and {} more (--json has all)\n", evaluation.importance.size() - shown);
  }
}

}  // namespace

std::string shown_number(double value) {
  return std::isnan(value) ? "n/a" : fmt::format("{:.4g}", value);
}

std::string shown_interval(const MetricValue& metric) {
  if (!metric.interval.has_value() || std::isnan(metric.interval->lower)) return "";
  return fmt::format("{} to {}", shown_number(metric.interval->lower),
                     shown_number(metric.interval->upper));
}

std::vector<std::string> slice_metrics(const Evaluation& evaluation) {
  std::vector<std::string> names;
  for (const char* name : {"accuracy", "f1", "f1_macro", "roc_auc", "log_loss",
                           "mean_absolute_error", "root_mean_squared_error", "r2"}) {
    const bool known =
        std::ranges::find(evaluation.metrics, name, &MetricValue::name) != evaluation.metrics.end();
    if (known) names.emplace_back(name);
  }
  return names;
}

double value_of(const std::vector<MetricValue>& metrics, const std::string& name) {
  const auto found = std::ranges::find(metrics, name, &MetricValue::name);
  return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->value;
}

std::string evaluation_text(const Evaluation& evaluation, const EvaluateOptions& options) {
  std::string out;
  add_head(out, evaluation, options);
  add_metrics(out, evaluation);
  add_classes(out, evaluation);
  add_residuals(out, evaluation);
  add_slices(out, evaluation);
  add_importance(out, evaluation);
  return out;
}

}  // namespace slipway::cli
