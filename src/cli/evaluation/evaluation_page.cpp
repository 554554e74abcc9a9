// An Evaluation as an HTML page.
#include <fmt/format.h>

#include <algorithm>

#include "cli/evaluation/evaluation_output.h"
#include "report/page.h"

namespace slipway::cli {
namespace {

using report::Page;
using report::Range;
using report::Series;
using report::Svg;

constexpr Range kUnit{0, 1};

void add_head(Page& page, const Evaluation& evaluation, const EvaluateOptions& options) {
  std::vector<std::pair<std::string, std::string>> facts{
      {"model", options.model},
      {"data", options.data},
      {"task", std::string(task_name(evaluation.task))},
      {"target", evaluation.target},
      {"rows", fmt::format("{} of {}", evaluation.rows, evaluation.rows_read)}};
  if (evaluation.split != "none") {
    facts.emplace_back("split", fmt::format("{}, seed {}", evaluation.split, evaluation.seed));
  }
  if (evaluation.positive.has_value()) {
    facts.emplace_back("positive class", evaluation.classes[*evaluation.positive]);
  }
  page.facts(facts);
  for (const std::string& note : evaluation.notes) page.warning(note);
}

void add_metrics(Page& page, const Evaluation& evaluation) {
  page.heading("Metrics");
  report::Table table{{{"metric"}, {"value", true}}, {}};
  if (evaluation.replicates > 0) {
    table.columns.push_back({fmt::format("{:g} % interval", 100 * evaluation.level), true});
    page.paragraph(fmt::format("Intervals: percentiles of {} bootstrap replicates, seed {}.",
                               evaluation.replicates, evaluation.seed));
  }
  for (const MetricValue& metric : evaluation.metrics) {
    table.rows.push_back({metric.name, shown_number(metric.value), shown_interval(metric)});
  }
  page.table(table);
}

void add_classes(Page& page, const Evaluation& evaluation) {
  page.heading("Classes");
  report::Table table{{{"class"},
                       {"precision", true},
                       {"recall", true},
                       {"f1", true},
                       {"support", true},
                       {"ROC AUC", true},
                       {"average precision", true}},
                      {}};
  for (const ClassResult& one : evaluation.class_results) {
    table.rows.push_back({one.label, shown_number(one.scores.precision),
                          shown_number(one.scores.recall), shown_number(one.scores.f1),
                          fmt::format("{}", one.scores.support),
                          one.ranks ? shown_number(one.ranks->roc_auc) : "",
                          one.ranks ? shown_number(one.ranks->average_precision) : ""});
  }
  page.table(table);
  report::HeatMap counts{evaluation.classes, evaluation.classes, {}};
  report::HeatMap shares{evaluation.classes, evaluation.classes, {}, 1, 3};
  for (size_t row = 0; row < evaluation.classes.size(); ++row) {
    const double support = evaluation.class_results[row].scores.support;
    for (size_t column = 0; column < evaluation.classes.size(); ++column) {
      const double count = evaluation.confusion->cell(row, column);
      counts.values.push_back(count);
      shares.values.push_back(support == 0 ? 0 : count / support);
    }
  }
  page.charts({report::heat_map({"Confusion matrix", "predicted", "true"}, counts),
               report::heat_map({"Shares of the true class", "predicted", "true"}, shares)});
}

std::vector<Series> series_of(const Evaluation& evaluation,
                              const std::vector<double> training::RocCurve::*x,
                              const std::vector<double> training::RocCurve::*y) {
  std::vector<Series> out;
  out.reserve(evaluation.curves.size());
  for (const ClassCurves& one : evaluation.curves) {
    out.push_back({one.label, one.roc.*x, one.roc.*y});
  }
  return out;
}

void add_curves(Page& page, const Evaluation& evaluation) {
  if (evaluation.curves.empty()) return;
  page.heading("Curves");
  if (evaluation.curves.size() > report::kSeriesMax) {
    page.paragraph(fmt::format("The first {} of {} classes are drawn.", report::kSeriesMax,
                               evaluation.curves.size()));
  }
  std::vector<Series> precision_recall, uniform, quantile;
  for (const ClassCurves& one : evaluation.curves) {
    precision_recall.push_back(
        {one.label, one.precision_recall.recall, one.precision_recall.precision});
    uniform.push_back(
        {one.label, one.calibration_uniform.predicted, one.calibration_uniform.observed});
    quantile.push_back(
        {one.label, one.calibration_quantile.predicted, one.calibration_quantile.observed});
  }
  const report::PlotOptions plain{.x = kUnit, .y = kUnit};
  const report::PlotOptions diagonal{.diagonal = true, .x = kUnit, .y = kUnit};
  std::vector<Svg> charts{
      report::line_chart({"ROC", "false positive rate", "true positive rate"},
                         series_of(evaluation, &training::RocCurve::false_positive_rate,
                                   &training::RocCurve::true_positive_rate),
                         diagonal),
      report::line_chart({"Precision and recall", "recall", "precision"}, precision_recall, plain)};
  if (!uniform.front().x.empty()) {
    const report::PlotOptions dots{.diagonal = true, .markers = true, .x = kUnit, .y = kUnit};
    charts.push_back(report::line_chart(
        {"Calibration, bins of equal width", "predicted probability", "share of the class"},
        uniform, dots));
    charts.push_back(report::line_chart(
        {"Calibration, bins of equal size", "predicted probability", "share of the class"},
        quantile, dots));
  }
  page.charts(charts);
}

void add_residuals(Page& page, const Residuals& residuals, const std::string& target) {
  page.heading("Residuals");
  report::Table table;
  table.rows.emplace_back();
  for (size_t i = 0; i < residuals.quantiles.size(); ++i) {
    table.columns.push_back({fmt::format("{:g} %", 100 * kResidualQuantiles[i]), true});
    table.rows[0].push_back(shown_number(residuals.quantiles[i]));
  }
  page.paragraph("True value minus prediction, by quantile.");
  page.table(table);
  Series off{"", residuals.predicted, {}};
  for (size_t i = 0; i < residuals.truth.size(); ++i) {
    off.y.push_back(residuals.truth[i] - residuals.predicted[i]);
  }
  page.charts(
      {report::histogram({"Residuals", "true value minus prediction", "rows"}, residuals.edges,
                         residuals.counts),
       report::scatter_chart({"Predictions", "true " + target, "predicted"},
                             std::vector<Series>{{"", residuals.truth, residuals.predicted}},
                             {.diagonal = true}),
       report::scatter_chart({"Residuals by prediction", "predicted", "residual"},
                             std::vector<Series>{off}, {.zero_line = true})});
}

void add_slices(Page& page, const Evaluation& evaluation) {
  if (evaluation.slices.empty()) return;
  page.heading("Slices");
  const std::vector<std::string> names = slice_metrics(evaluation);
  report::Table table{{{"column"}, {"value"}, {"rows", true}}, {}};
  for (const std::string& name : names) table.columns.push_back({name, true});
  for (const SliceResult& slice : evaluation.slices) {
    std::vector<std::string> row{slice.column, slice.value, fmt::format("{}", slice.rows)};
    for (const std::string& name : names) {
      row.push_back(shown_number(value_of(slice.metrics, name)));
    }
    table.rows.push_back(std::move(row));
  }
  page.table(table);
  if (names.empty()) return;
  std::vector<report::Bar> bars;
  bars.reserve(evaluation.slices.size());
  for (const SliceResult& slice : evaluation.slices) {
    bars.push_back({slice.value, value_of(slice.metrics, names.front())});
  }
  page.charts({report::bar_chart({names.front() + " by slice", names.front()}, bars)});
}

void add_importance(Page& page, const Evaluation& evaluation) {
  if (evaluation.importance_metric.empty()) return;
  page.heading("Permutation importance");
  page.paragraph(
      fmt::format("What {} loses when a feature's values are mixed among the rows; the "
                  "line is one standard deviation either way.",
                  evaluation.importance_metric));
  std::vector<report::Bar> bars;
  report::Table table{{{"feature"}, {"mean", true}, {"deviation", true}}, {}};
  for (const ImportanceResult& one : evaluation.importance) {
    bars.push_back(
        {one.feature, one.mean, Range{one.mean - one.deviation, one.mean + one.deviation}});
    table.rows.push_back({one.feature, shown_number(one.mean), shown_number(one.deviation)});
  }
  page.charts({report::bar_chart({"Permutation importance", evaluation.importance_metric + " lost"},
                                 bars)});
  page.table(table);
}

}  // namespace

std::string evaluation_page(const Evaluation& evaluation, const EvaluateOptions& options) {
  Page page("Evaluation of " + options.model);
  add_head(page, evaluation, options);
  add_metrics(page, evaluation);
  if (evaluation.confusion.has_value()) {
    add_classes(page, evaluation);
    add_curves(page, evaluation);
  }
  if (evaluation.residuals.has_value()) {
    add_residuals(page, *evaluation.residuals, evaluation.target);
  }
  add_slices(page, evaluation);
  add_importance(page, evaluation);
  return std::move(page).finish();
}

}  // namespace slipway::cli
