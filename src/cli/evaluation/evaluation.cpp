#include "cli/evaluation/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/machine.h"
#include "base/quantile.h"
#include "cli/evaluation/columns.h"
#include "cli/evaluation/importance.h"
#include "cli/evaluation/judged.h"
#include "cli/evaluation/slices.h"
#include "cli/evaluation/split_rows.h"
#include "data/read_frame.h"

namespace slipway::cli {
namespace {

constexpr size_t kCalibrationBins = 10;
constexpr size_t kHistogramBins = 40;

Status check_values(const data::Frame& frame, const EvaluationColumns& columns) {
  if (frame.rows == 0) return invalid_argument("the data has no rows");
  const data::Column& target = *frame.find(columns.target);
  if (target.missing_count == frame.rows) {
    return invalid_argument(fmt::format("column '{}', the target, has no values", target.name));
  }
  for (const std::string& feature : columns.features) {
    if (frame.find(feature)->missing_count < frame.rows) continue;
    return invalid_argument(
        fmt::format("column '{}', a feature of the model, has no values", feature));
  }
  return {};
}

std::vector<uint32_t> rows_with_value(const data::Column& column) {
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < column.rows(); ++row) {
    if (!column.is_missing(row)) rows.push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

/// The rows, copied into `storage` unless they are all: a table may take much of the memory.
const data::Frame& some_rows(const data::Frame& frame, const std::vector<uint32_t>& rows,
                             data::Frame& storage) {
  if (rows.size() == frame.rows) return frame;
  storage = take_rows(frame, rows);
  return storage;
}

/// Before the model runs: labels that it does not know, texts for a regression.
Status check_target(const data::Column& target, const Signature& signature,
                    const ModelRoles& roles) {
  if (roles.task == Task::kRegression) return numbers_of(target).status();
  const std::optional<ClassTable> known = known_classes(signature, roles);
  return known.has_value() ? classes_of(target, *known).status() : Status();
}

std::vector<MetricValue> named_values(const training::Metrics& metrics) {
  const std::vector<double> values = metrics.values({});
  std::vector<MetricValue> out;
  out.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    out.push_back({std::string(metrics.names()[i]), values[i], std::nullopt});
  }
  return out;
}

void add_curves(const Judged& judged, const training::ClassificationMetrics& metrics,
                Evaluation& out) {
  // Curves of a thousand classes would tell nobody anything.
  constexpr size_t kCurvesMax = 50;
  if (!metrics.has_rankings()) return;
  const size_t classes = judged.table->size();
  for (size_t i = 0; i < std::min(classes, kCurvesMax); ++i) {
    const bool is_positive = static_cast<int32_t>(i) == judged.positive;
    if (classes == 2 && !is_positive) continue;
    ClassCurves curves{judged.table->text(i),
                       metrics.ranking(i).roc(),
                       metrics.ranking(i).precision_recall(),
                       {},
                       {}};
    if (!judged.probabilities.empty()) {
      const training::CalibrationInput input{std::span(judged.probabilities).subspan(i), classes,
                                             judged.truth, static_cast<int32_t>(i)};
      curves.calibration_uniform =
          training::calibration_curve(input, kCalibrationBins, training::Binning::kUniform);
      curves.calibration_quantile =
          training::calibration_curve(input, kCalibrationBins, training::Binning::kQuantile);
    }
    out.curves.push_back(std::move(curves));
  }
}

Status add_classes(const Judged& judged, Evaluation& out) {
  const training::ClassificationMetrics metrics = TRY(judged.classification());
  out.classes = judged.table->texts();
  if (out.classes.size() == 2) out.positive = static_cast<size_t>(judged.positive);
  out.confusion = metrics.confusion();
  for (size_t i = 0; i < out.classes.size(); ++i) {
    ClassResult result{out.classes[i], out.confusion->scores(i), std::nullopt};
    if (metrics.has_rankings() && (out.classes.size() > 2 || out.positive == i)) {
      result.ranks = metrics.ranking(i).scores({});
    }
    out.class_results.push_back(std::move(result));
  }
  add_curves(judged, metrics, out);
  return {};
}

Residuals residuals_of(const Judged& judged) {
  Residuals out;
  std::vector<double> sorted;
  sorted.reserve(judged.rows());
  for (size_t row = 0; row < judged.rows(); ++row) {
    sorted.push_back(judged.true_values[row] - judged.values[row]);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const double q : kResidualQuantiles) {
    out.quantiles.push_back(quantile_of_sorted(sorted, q));
  }
  const double lower = sorted.front();
  const double width = (sorted.back() - lower) / kHistogramBins;
  if (width > 0 && std::isfinite(width)) {
    out.counts.resize(kHistogramBins);
    for (size_t i = 0; i <= kHistogramBins; ++i) {
      out.edges.push_back(i == kHistogramBins ? sorted.back()
                                              : lower + static_cast<double>(i) * width);
    }
    for (const double value : sorted) {
      const auto bin = static_cast<size_t>((value - lower) / width);
      ++out.counts[std::min(bin, kHistogramBins - 1)];
    }
  }
  const size_t points = std::min(judged.rows(), kResidualPointsMax);
  for (size_t i = 0; i < points; ++i) {
    const size_t row = i * judged.rows() / points;
    out.truth.push_back(judged.true_values[row]);
    out.predicted.push_back(judged.values[row]);
  }
  return out;
}

Status add_slices(const data::Frame& frame, const Judged& judged, const EvaluateOptions& options,
                  Evaluation& out) {
  for (const std::string& name : options.slices) {
    for (const Slice& slice : slices_of(*frame.find(name))) {
      const Judged some = judged.take(slice.rows);
      const auto metrics = TRY(some.metrics());
      out.slices.push_back({name, slice.value, slice.rows.size(), named_values(*metrics)});
    }
  }
  return {};
}

Status add_metrics(const Judged& judged, const EvaluateOptions& options, uint32_t threads,
                   Evaluation& out) {
  const auto metrics = TRY(judged.metrics());
  out.metrics = named_values(*metrics);
  if (options.replicates == 0) return {};
  const std::vector<training::ConfidenceInterval> intervals =
      training::bootstrap(*metrics, {options.replicates, options.seed, options.level, threads});
  for (size_t i = 0; i < intervals.size(); ++i) out.metrics[i].interval = intervals[i];
  return {};
}

}  // namespace

Result<data::Schema> schema_for(const Executable& model, const EvaluateOptions& options) {
  data::Schema schema;
  data::expect_columns(model.signature(), schema);
  const ModelRoles roles = TRY(find_roles(model.signature(), options.task));
  const LabelTable* labels = class_labels(model.signature(), roles);
  const bool texts =
      roles.labels.has_value() && model.signature().outputs[*roles.labels].dtype == DType::kString;
  if (!options.target.empty() && texts && (labels == nullptr || labels->dtype == DType::kString)) {
    data::ColumnSchema& target = schema.columns[options.target];
    if (!target.kind.has_value()) target.kind = data::ColumnKind::kCategory;
    target.is_optional = true;  // that it is missing is said elsewhere
  }
  return schema;
}

Result<Evaluation> evaluate_model(const Executable& model, const data::Frame& frame,
                                  const EvaluateOptions& options) {
  const Signature& signature = model.signature();
  const ModelRoles roles = TRY(find_roles(signature, options.task));
  const EvaluationColumns columns = TRY(find_columns(frame, signature, options));
  TRY_STATUS(check_values(frame, columns));
  data::Frame kept;
  const data::Frame& known = some_rows(frame, rows_with_value(*frame.find(columns.target)), kept);
  TRY_STATUS(check_target(*known.find(columns.target), signature, roles));
  data::Frame tested;
  const data::Frame& chosen =
      some_rows(known, TRY(rows_to_evaluate(known, *known.find(columns.target), options)), tested);
  const data::Column& target = *chosen.find(columns.target);

  Evaluation out;
  out.task = roles.task;
  out.target = columns.target;
  out.rows_read = frame.rows;
  out.rows_without_target = frame.rows - known.rows;
  out.rows = chosen.rows;
  out.split = options.split;
  out.seed = options.seed;
  out.replicates = options.replicates;
  out.level = options.level;
  if (out.rows_without_target > 0) {
    out.notes.push_back(fmt::format("{} rows have no value of the target and are left out",
                                    out.rows_without_target));
  }
  std::vector<double> weights;
  if (!options.weight.empty()) weights = TRY(weights_of(*chosen.find(options.weight)));
  const uint32_t threads = options.threads > 0 ? options.threads : detect_machine().cpus();
  const Predictor predictor(model, roles, columns.ignored, threads);
  Predictions predictions = TRY(predictor.run(chosen));
  Judged judged = TRY(judge(target, std::move(predictions), signature, roles, options, out.notes));
  judged.weights = std::move(weights);
  TRY_STATUS(add_metrics(judged, options, threads, out));
  if (roles.task == Task::kClassification) {
    TRY_STATUS(add_classes(judged, out));
  } else {
    out.residuals = residuals_of(judged);
  }
  TRY_STATUS(add_slices(chosen, judged, options, out));
  if (options.importance) {
    out.importance_metric = importance_metric(roles.task);
    out.importance =
        TRY(permutation_importance(predictor, chosen, judged, columns.features, options));
  }
  return out;
}

}  // namespace slipway::cli
