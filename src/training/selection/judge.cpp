#include "training/selection/judge.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/compile.h"
#include "training/metrics/classification.h"
#include "training/metrics/regression.h"

namespace slipway::training {
namespace {

constexpr size_t kBatchRows = 4096;

/// All answers to the outputs that are wanted.
struct Answers {
  std::vector<int32_t> predicted;
  std::vector<double> values;
  std::vector<double> probabilities;
  std::vector<double> scores;
};

Result<std::shared_ptr<const Executable>> compiled(const Fit& fit, const Problem& problem,
                                                   uint32_t width) {
  GraphBuilder builder(width);
  ModelNaming naming;
  naming.labels = problem.labels;
  Signature signature;
  signature.columns.resize(width);
  signature.outputs = TRY(fit.model->append(builder, kNumbersInput, naming));
  auto graph = TRY(std::move(builder).finish(std::move(signature)));
  return engine::compile(std::move(graph));
}

Result<Answers> answer(const Executable& model, std::span<const double> x, uint32_t width) {
  const Signature& signature = model.signature();
  const auto predict = signature.find_output("predict");
  const auto proba = signature.find_output("predict_proba");
  const auto decision = signature.find_output("decision_function");
  if (!predict) return internal_error("the model has no output predict");
  OutputMask wanted = OutputMask{1} << *predict;
  if (proba) wanted |= OutputMask{1} << *proba;
  if (!proba && decision) wanted |= OutputMask{1} << *decision;
  const auto scratch = model.make_scratch();
  std::vector<OutputBuffer> outputs;
  Answers answers;
  const size_t rows = x.size() / width;
  for (size_t first = 0; first < rows; first += kBatchRows) {
    const size_t count = std::min(kBatchRows, rows - first);
    TRY_STATUS(model.run({count, x.data() + first * width}, wanted, *scratch, outputs));
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(answers.predicted, outputs[*predict].indices);
    append(answers.values, outputs[*predict].numbers);
    if (proba) append(answers.probabilities, outputs[*proba].numbers);
    if (!proba && decision && outputs[*decision].width == 1) {
      append(answers.scores, outputs[*decision].numbers);
    }
  }
  return answers;
}

MetricValues named(const Metrics& metrics) {
  const std::vector<double> values = metrics.values({});
  MetricValues named;
  named.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) named.emplace_back(metrics.names()[i], values[i]);
  return named;
}

}  // namespace

bool is_loss(std::string_view metric) {
  return metric == "log_loss" || metric == "brier_score" || metric.ends_with("_error");
}

std::string_view usual_metric(Task task) {
  return task == Task::kClassification ? "accuracy" : "r2";
}

std::vector<std::string> metric_names(const Problem& problem) {
  // Names depend on nothing but the task and the number of classes.
  if (problem.task == Task::kRegression) {
    constexpr std::array<double, 2> kValues = {0, 1};
    const auto metrics =
        RegressionMetrics::create({.truth = kValues, .predicted = kValues, .weights = {}});
    if (!metrics.ok()) return {};
    return {metrics->names().begin(), metrics->names().end()};
  }
  const size_t classes = problem.labels.size();
  std::vector<int32_t> truth(classes);
  std::iota(truth.begin(), truth.end(), 0);
  std::vector<double> probabilities(classes * classes, 0.0);
  for (size_t i = 0; i < classes; ++i) probabilities[i * classes + i] = 1;
  Classification judged;
  judged.classes = classes;
  judged.truth = truth;
  judged.predicted = truth;
  judged.probabilities = probabilities;
  const auto metrics = ClassificationMetrics::create(judged);
  if (!metrics.ok()) return {};
  return {metrics->names().begin(), metrics->names().end()};
}

Result<MetricValues> judge(const Fit& fit, const Problem& problem, std::span<const uint32_t> rows,
                           std::span<const double> x, uint32_t width) {
  const auto model = TRY(compiled(fit, problem, width));
  const Answers answers = TRY(answer(*model, x, width));
  std::vector<double> weights;
  for (const uint32_t row : rows) {
    if (!problem.weights.empty()) weights.push_back(problem.weights[row]);
  }
  if (problem.task == Task::kRegression) {
    std::vector<double> truth;
    truth.reserve(rows.size());
    for (const uint32_t row : rows) truth.push_back(problem.values[row]);
    const auto metrics = TRY(RegressionMetrics::create(
        {.truth = truth, .predicted = answers.values, .weights = weights}));
    return named(metrics);
  }
  std::vector<int32_t> truth;
  truth.reserve(rows.size());
  for (const uint32_t row : rows) truth.push_back(problem.classes[row]);
  Classification judged;
  judged.classes = problem.labels.size();
  judged.truth = truth;
  judged.predicted = answers.predicted;
  judged.probabilities = answers.probabilities;
  judged.scores = answers.scores;
  judged.weights = weights;
  const auto metrics = TRY(ClassificationMetrics::create(judged));
  return named(metrics);
}

}  // namespace slipway::training
