// An Evaluation as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/json_escape.h"
#include "cli/evaluation/evaluation_output.h"

namespace slipway::cli {
namespace {

constexpr size_t kCurvePointsMax = 1000;

/// Objects and lists as text, with the commas where they belong.
class Json {
 public:
  Json& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ": ";
    after_key_ = true;
    return *this;
  }
  Json& open(char bracket) {
    comma();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  Json& close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  Json& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  Json& number(double value) {
    comma();
    append_json_number(out_, value);
    return *this;
  }
  Json& count(uint64_t value) {
    comma();
    out_ += fmt::format("{}", value);
    return *this;
  }
  Json& null() {
    comma();
    out_ += "null";
    return *this;
  }
  Json& numbers(const std::vector<double>& values) {
    open('[');
    for (const double value : values) number(value);
    return close(']');
  }
  std::string finish() && { return std::move(out_) + "\n"; }

 private:
  void comma() {
    if (!first_ && !after_key_) out_ += ", ";
    first_ = after_key_ = false;
  }

  std::string out_;
  bool first_ = true;
  bool after_key_ = false;
};

/// Evenly chosen, the first and the last among them. Lists of one curve are thinned alike.
std::vector<double> thinned(const std::vector<double>& values) {
  if (values.size() <= kCurvePointsMax) return values;
  std::vector<double> some;
  some.reserve(kCurvePointsMax);
  for (size_t i = 0; i < kCurvePointsMax; ++i) {
    some.push_back(values[i * (values.size() - 1) / (kCurvePointsMax - 1)]);
  }
  return some;
}

void add_head(Json& json, const Evaluation& evaluation, const EvaluateOptions& options) {
  json.key("model").text(options.model).key("data").text(options.data);
  json.key("task").text(task_name(evaluation.task)).key("target").text(evaluation.target);
  json.key("rows").count(evaluation.rows).key("rows_read").count(evaluation.rows_read);
  json.key("rows_without_target").count(evaluation.rows_without_target);
  json.key("split").text(evaluation.split).key("seed").count(evaluation.seed);
  json.key("notes").open('[');
  for (const std::string& note : evaluation.notes) json.text(note);
  json.close(']').key("bootstrap");
  if (evaluation.replicates == 0) {
    json.null();
  } else {
    json.open('{').key("replicates").count(evaluation.replicates);
    json.key("level").number(evaluation.level).close('}');
  }
}

void add_metrics(Json& json, const Evaluation& evaluation) {
  json.key("metrics").open('{');
  for (const MetricValue& metric : evaluation.metrics) {
    json.key(metric.name).open('{').key("value").number(metric.value);
    if (metric.interval.has_value()) {
      json.key("lower").number(metric.interval->lower).key("upper").number(metric.interval->upper);
    }
    json.close('}');
  }
  json.close('}');
}

void add_classes(Json& json, const Evaluation& evaluation) {
  json.key("classes").open('[');
  for (const std::string& label : evaluation.classes) json.text(label);
  json.close(']').key("positive");
  if (evaluation.positive.has_value()) {
    json.text(evaluation.classes[*evaluation.positive]);
  } else {
    json.null();
  }
  json.key("per_class").open('[');
  for (const ClassResult& one : evaluation.class_results) {
    json.open('{').key("label").text(one.label).key("precision").number(one.scores.precision);
    json.key("recall").number(one.scores.recall).key("f1").number(one.scores.f1);
    json.key("support").number(one.scores.support);
    if (one.ranks.has_value()) {
      json.key("roc_auc").number(one.ranks->roc_auc);
      json.key("average_precision").number(one.ranks->average_precision);
    }
    json.close('}');
  }
  json.close(']').key("confusion").open('[');
  for (size_t row = 0; row < evaluation.classes.size(); ++row) {
    json.open('[');
    for (size_t column = 0; column < evaluation.classes.size(); ++column) {
      json.number(evaluation.confusion->cell(row, column));
    }
    json.close(']');
  }
  json.close(']');
}

void add_calibration(Json& json, std::string_view name, const training::CalibrationCurve& curve) {
  json.key(name).open('{').key("predicted").numbers(curve.predicted);
  json.key("observed").numbers(curve.observed).key("rows").numbers(curve.rows).close('}');
}

void add_curves(Json& json, const Evaluation& evaluation) {
  json.key("curves").open('[');
  for (const ClassCurves& one : evaluation.curves) {
    json.open('{').key("label").text(one.label).key("roc").open('{');
    json.key("false_positive_rate").numbers(thinned(one.roc.false_positive_rate));
    json.key("true_positive_rate").numbers(thinned(one.roc.true_positive_rate));
    json.key("thresholds").numbers(thinned(one.roc.thresholds)).close('}');
    json.key("precision_recall").open('{');
    json.key("precision").numbers(thinned(one.precision_recall.precision));
    json.key("recall").numbers(thinned(one.precision_recall.recall)).close('}');
    json.key("calibration").open('{');
    add_calibration(json, "uniform", one.calibration_uniform);
    add_calibration(json, "quantile", one.calibration_quantile);
    json.close('}').close('}');
  }
  json.close(']');
}

void add_residuals(Json& json, const Residuals& residuals) {
  json.key("residuals").open('{').key("quantiles").open('[');
  for (size_t i = 0; i < residuals.quantiles.size(); ++i) {
    json.open('[').number(kResidualQuantiles[i]).number(residuals.quantiles[i]).close(']');
  }
  json.close(']').key("histogram").open('{').key("edges").numbers(residuals.edges);
  json.key("counts").numbers(residuals.counts).close('}');
  json.key("points").open('{').key("true").numbers(residuals.truth);
  json.key("predicted").numbers(residuals.predicted).close('}').close('}');
}

void add_slices(Json& json, const Evaluation& evaluation) {
  json.key("slices").open('[');
  for (const SliceResult& slice : evaluation.slices) {
    json.open('{').key("column").text(slice.column).key("value").text(slice.value);
    json.key("rows").count(slice.rows).key("metrics").open('{');
    for (const MetricValue& metric : slice.metrics) json.key(metric.name).number(metric.value);
    json.close('}').close('}');
  }
  json.close(']');
}

void add_importance(Json& json, const Evaluation& evaluation) {
  json.key("importance").open('{').key("metric").text(evaluation.importance_metric);
  json.key("features").open('[');
  for (const ImportanceResult& one : evaluation.importance) {
    json.open('{').key("feature").text(one.feature).key("mean").number(one.mean);
    json.key("deviation").number(one.deviation).key("drops").numbers(one.drops).close('}');
  }
  json.close(']').close('}');
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation, const EvaluateOptions& options) {
  Json json;
  json.open('{');
  add_head(json, evaluation, options);
  add_metrics(json, evaluation);
  if (evaluation.confusion.has_value()) {
    add_classes(json, evaluation);
    add_curves(json, evaluation);
  }
  if (evaluation.residuals.has_value()) add_residuals(json, *evaluation.residuals);
  add_slices(json, evaluation);
  if (!evaluation.importance_metric.empty()) add_importance(json, evaluation);
  json.close('}');
  return std::move(json).finish();
}

}  // namespace slipway::cli
