#include "training/metrics/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace slipway::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

Status check_sizes(const Classification& judged) {
  const size_t rows = judged.truth.size();
  if (rows == 0) return invalid_argument("there are no rows to evaluate");
  if (rows >= UINT32_MAX) return resource_exhausted(fmt::format("too many rows: {}", rows));
  if (judged.classes == 0 || judged.classes > kClassesMax) {
    return invalid_argument(
        fmt::format("expected 1 to {} classes, got {}", kClassesMax, judged.classes));
  }
  const auto has = [&](size_t size, size_t width) { return size == 0 || size == rows * width; };
  if (judged.predicted.size() != rows || !has(judged.probabilities.size(), judged.classes) ||
      !has(judged.scores.size(), 1) || !has(judged.weights.size(), 1)) {
    return invalid_argument(fmt::format("expected as many predictions as rows, {}", rows));
  }
  return {};
}

Status check_values(const Classification& judged) {
  const auto is_class = [&](int32_t label) {
    return label >= 0 && static_cast<size_t>(label) < judged.classes;
  };
  for (size_t row = 0; row < judged.truth.size(); ++row) {
    if (!is_class(judged.truth[row]) || !is_class(judged.predicted[row])) {
      return invalid_argument(
          fmt::format("row {}: no class from 0 to {}", row, judged.classes - 1));
    }
    if (!judged.scores.empty() && std::isnan(judged.scores[row])) {
      return invalid_argument(fmt::format("row {}: the score is NaN", row));
    }
    if (!judged.weights.empty() && !(judged.weights[row] >= 0 && judged.weights[row] <= 1e300)) {
      return invalid_argument(
          fmt::format("row {}: expected a weight of 0 or more, got {}", row, judged.weights[row]));
    }
  }
  for (size_t i = 0; i < judged.probabilities.size(); ++i) {
    const double value = judged.probabilities[i];
    if (value >= 0 && value <= 1) continue;
    return invalid_argument(fmt::format("row {}: expected a probability from 0 to 1, got {}",
                                        i / judged.classes, value));
  }
  return {};
}

double weight_of(const Classification& judged, size_t row, std::span<const uint32_t> repeats) {
  const double weight = judged.weights.empty() ? 1 : judged.weights[row];
  return repeats.empty() ? weight : weight * repeats[row];
}

/// Of one class there is nothing to be told from.
bool has_probabilities(const Classification& judged) {
  return !judged.probabilities.empty() && judged.classes > 1;
}

std::vector<std::string_view> names_of(const Classification& judged) {
  std::vector<std::string_view> names{"accuracy", "balanced_accuracy"};
  const auto add = [&](std::initializer_list<std::string_view> more) {
    for (const std::string_view name : more) names.push_back(name);
  };
  if (judged.classes == 2) add({"precision", "recall", "f1"});
  add({"precision_macro", "recall_macro", "f1_macro", "precision_micro", "recall_micro", "f1_micro",
       "precision_weighted", "recall_weighted", "f1_weighted", "matthews_corrcoef", "cohen_kappa"});
  if (judged.classes == 2 && (has_probabilities(judged) || !judged.scores.empty())) {
    add({"roc_auc", "average_precision"});
  } else if (has_probabilities(judged)) {
    add({"roc_auc_ovr", "roc_auc_ovr_weighted", "average_precision_macro"});
  }
  if (has_probabilities(judged)) add({"log_loss", "brier_score"});
  return names;
}

void append(std::vector<double>& out, const ClassScores& scores) {
  out.insert(out.end(), {scores.precision, scores.recall, scores.f1});
}

}  // namespace

Result<ClassificationMetrics> ClassificationMetrics::create(const Classification& judged) {
  TRY_STATUS(check_sizes(judged));
  TRY_STATUS(check_values(judged));
  return ClassificationMetrics(judged);
}

ClassificationMetrics::ClassificationMetrics(const Classification& judged)
    : judged_(judged), names_(names_of(judged)) {
  if (judged.classes == 2 && has_probabilities(judged)) {
    rankings_.emplace_back(judged.probabilities.subspan(static_cast<size_t>(judged.positive)), 2,
                           judged.truth, judged.positive, judged.weights);
  } else if (judged.classes == 2 && !judged.scores.empty()) {
    std::vector<double> scores(judged.scores.begin(), judged.scores.end());
    if (judged.positive == 0) {
      for (double& score : scores) score = -score;
    }
    rankings_.emplace_back(scores, 1, judged.truth, judged.positive, judged.weights);
  } else if (has_probabilities(judged)) {
    rankings_.reserve(judged.classes);
    for (size_t i = 0; i < judged.classes; ++i) {
      rankings_.emplace_back(judged.probabilities.subspan(i), judged.classes, judged.truth,
                             static_cast<int32_t>(i), judged.weights);
    }
  }
}

const Ranking& ClassificationMetrics::ranking(size_t label) const {
  CHECK(has_rankings());
  return rankings_.size() == 1 ? rankings_[0] : rankings_[label];
}

ConfusionMatrix ClassificationMetrics::confusion(std::span<const uint32_t> repeats) const {
  ConfusionMatrix matrix(judged_.classes);
  for (size_t row = 0; row < rows(); ++row) {
    if (!repeats.empty() && repeats[row] == 0) continue;
    matrix.add(judged_.truth[row], judged_.predicted[row], weight_of(judged_, row, repeats));
  }
  return matrix;
}

std::vector<double> ClassificationMetrics::values(std::span<const uint32_t> repeats) const {
  const ConfusionMatrix matrix = confusion(repeats);
  std::vector<double> out{matrix.accuracy(), matrix.balanced_accuracy()};
  if (judged_.classes == 2) append(out, matrix.scores(static_cast<size_t>(judged_.positive)));
  append(out, matrix.macro());
  append(out, matrix.micro());
  append(out, matrix.weighted());
  out.push_back(matrix.matthews_correlation());
  out.push_back(matrix.cohen_kappa());
  if (has_rankings()) append_rank_scores(repeats, out);
  if (has_probabilities(judged_)) append_probability_scores(repeats, out);
  CHECK(out.size() == names_.size());
  return out;
}

void ClassificationMetrics::append_rank_scores(std::span<const uint32_t> repeats,
                                               std::vector<double>& out) const {
  if (rankings_.size() == 1) {
    const RankScores scores = rankings_[0].scores(repeats);
    out.insert(out.end(), {scores.roc_auc, scores.average_precision});
    return;
  }
  std::vector<double> shares(judged_.classes);
  for (size_t row = 0; row < rows(); ++row) {
    shares[static_cast<size_t>(judged_.truth[row])] += weight_of(judged_, row, repeats);
  }
  double auc_sum = 0, auc_weighted = 0, precision_sum = 0, total = 0;
  for (size_t i = 0; i < rankings_.size(); ++i) {
    const RankScores scores = rankings_[i].scores(repeats);
    auc_sum += scores.roc_auc;
    // A class of no weight does not make the weighted mean undefined (as in scikit-learn).
    if (shares[i] != 0) auc_weighted += scores.roc_auc * shares[i];
    precision_sum += scores.average_precision;
    total += shares[i];
  }
  const auto classes = static_cast<double>(rankings_.size());
  out.insert(out.end(), {auc_sum / classes, auc_weighted / total, precision_sum / classes});
}

void ClassificationMetrics::append_probability_scores(std::span<const uint32_t> repeats,
                                                      std::vector<double>& out) const {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  double loss = 0, distance = 0, total = 0;
  for (size_t row = 0; row < rows(); ++row) {
    const double weight = weight_of(judged_, row, repeats);
    if (weight == 0) continue;
    const auto truth = static_cast<size_t>(judged_.truth[row]);
    const double* probabilities = judged_.probabilities.data() + row * judged_.classes;
    loss -= weight * std::log(std::clamp(probabilities[truth], kEpsilon, 1 - kEpsilon));
    double squares = 0;
    for (size_t i = 0; i < judged_.classes; ++i) {
      const double off = (i == truth ? 1 : 0) - probabilities[i];
      squares += off * off;
    }
    distance += weight * squares;
    total += weight;
  }
  out.push_back(total == 0 ? kUndefined : loss / total);
  out.push_back(total == 0 ? kUndefined : distance / total * (judged_.classes == 2 ? 0.5 : 1));
}

}  // namespace slipway::training
