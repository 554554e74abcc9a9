// Evaluation: all that `slipway evaluate` finds out about a model on a table, before it is printed.
//
//   model, Frame, EvaluateOptions --evaluate_model--> Evaluation --> terminal, JSON, HTML
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/evaluation/model_roles.h"
#include "data/frame.h"
#include "data/schema.h"
#include "engine/executable.h"
#include "training/metrics/bootstrap.h"
#include "training/metrics/calibration.h"
#include "training/metrics/confusion.h"
#include "training/metrics/curves.h"

namespace slipway::cli {

struct MetricValue {
  std::string name;
  double value = 0;                                      // NaN: undefined
  std::optional<training::ConfidenceInterval> interval;  // of a bootstrap
};

struct ClassResult {
  std::string label;
  training::ClassScores scores;
  std::optional<training::RankScores> ranks;  // one class against the rest
};

/// Curves of one class against the rest.
struct ClassCurves {
  std::string label;
  training::RocCurve roc;
  training::PrecisionRecallCurve precision_recall;
  training::CalibrationCurve calibration_uniform;  // of 10 bins, empty without probabilities
  training::CalibrationCurve calibration_quantile;
};

/// Truth minus prediction.
struct Residuals {
  std::vector<double> quantiles;  // 0, 0.05, 0.25, 0.5, 0.75, 0.95, 1
  std::vector<double> edges;      // of a histogram
  std::vector<double> counts;
  std::vector<double> truth;  // of at most kResidualPointsMax rows, evenly chosen
  std::vector<double> predicted;
};
inline constexpr double kResidualQuantiles[] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
inline constexpr size_t kResidualPointsMax = 2000;

struct SliceResult {
  std::string column;
  std::string value;  // "London", "10 to 20", "(missing)"
  size_t rows = 0;
  std::vector<MetricValue> metrics;
};

/// How much the metric worsens when the feature's values are mixed among the rows.
struct ImportanceResult {
  std::string feature;
  double mean = 0;
  double deviation = 0;  // standard deviation of the repeats
  std::vector<double> drops;
};

struct Evaluation {
  Task task = Task::kRegression;
  std::string target;
  size_t rows_read = 0;
  size_t rows_without_target = 0;
  size_t rows = 0;  // evaluated
  std::string split;
  uint64_t seed = 0;
  uint32_t replicates = 0;
  double level = 0.95;
  std::vector<std::string> notes;  // what the reader should know

  std::vector<MetricValue> metrics;
  std::vector<SliceResult> slices;
  std::string importance_metric;  // empty: not asked for
  std::vector<ImportanceResult> importance;

  // Of a classifier.
  std::vector<std::string> classes;
  std::optional<size_t> positive;          // of two
  std::vector<ClassResult> class_results;  // one for each class
  std::optional<training::ConfusionMatrix> confusion;
  std::vector<ClassCurves> curves;

  std::optional<Residuals> residuals;  // of a regression
};

/// What the data's columns must be read as, so that labels and texts stay what they are.
Result<data::Schema> schema_for(const Executable& model, const EvaluateOptions& options);

/// INVALID_ARGUMENT: no such column, a target without values, labels that the model does not know,
/// nothing to evaluate, a split that cannot be.
Result<Evaluation> evaluate_model(const Executable& model, const data::Frame& frame,
                                  const EvaluateOptions& options);

}  // namespace slipway::cli
