#include "cli/evaluation/importance.h"

#include <algorithm>
#include <cmath>

#include "training/random.h"

namespace slipway::cli {
namespace {

template <typename T>
std::vector<T> permuted(const std::vector<T>& values, const std::vector<uint32_t>& order) {
  std::vector<T> out;
  if (values.empty()) return out;
  out.reserve(order.size());
  for (const uint32_t place : order) out.push_back(values[place]);
  return out;
}

Result<double> score(const Judged& judged, const Predictions& predictions,
                     std::optional<double> threshold) {
  if (judged.task == Task::kRegression) {
    const auto metrics = TRY(training::RegressionMetrics::create(
        {judged.true_values, predictions.values, judged.weights}));
    const auto place = std::ranges::find(metrics.names(), importance_metric(judged.task));
    return metrics.values({})[static_cast<size_t>(place - metrics.names().begin())];
  }
  const std::vector<int32_t> classes =
      predicted_classes(predictions, *judged.table, judged.positive, threshold);
  double right = 0;
  double all = 0;
  for (size_t row = 0; row < classes.size(); ++row) {
    const double weight = judged.weights.empty() ? 1 : judged.weights[row];
    if (classes[row] == judged.truth[row]) right += weight;
    all += weight;
  }
  return right / all;
}

void summarise(ImportanceResult& result) {
  const auto count = static_cast<double>(result.drops.size());
  for (const double drop : result.drops) result.mean += drop / count;
  double squares = 0;
  for (const double drop : result.drops) squares += (drop - result.mean) * (drop - result.mean);
  result.deviation = std::sqrt(squares / count);
}

}  // namespace

std::string_view importance_metric(Task task) {
  return task == Task::kRegression ? "r2" : "accuracy";
}

Result<std::vector<ImportanceResult>> permutation_importance(
    const Predictor& predictor, data::Frame frame, const Judged& judged,
    const std::vector<std::string>& features, const EvaluateOptions& options) {
  const Predictions unmixed = TRY(predictor.run(frame));
  const double base = TRY(score(judged, unmixed, options.threshold));
  std::vector<ImportanceResult> results;
  for (size_t place = 0; place < features.size(); ++place) {
    const auto column = std::ranges::find(frame.columns, features[place], &data::Column::name);
    const std::vector<double> numbers = column->numbers;
    const std::vector<int32_t> codes = column->codes;
    ImportanceResult result{features[place]};
    for (uint32_t repeat = 0; repeat < options.repeats; ++repeat) {
      training::Random random(options.seed, place * options.repeats + repeat);
      const std::vector<uint32_t> order = random.permutation(static_cast<uint32_t>(frame.rows));
      column->numbers = permuted(numbers, order);
      column->codes = permuted(codes, order);
      const Predictions mixed = TRY(predictor.run(frame));
      result.drops.push_back(base - TRY(score(judged, mixed, options.threshold)));
    }
    column->numbers = numbers;
    column->codes = codes;
    summarise(result);
    results.push_back(std::move(result));
  }
  std::ranges::stable_sort(results, [](const ImportanceResult& a, const ImportanceResult& b) {
    return a.mean > b.mean;
  });
  return results;
}

}  // namespace slipway::cli
