// Features that are left out: those that hardly vary, and all but the best by a score.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "graph/ops/basic.h"
#include "training/preparation/internal/feature_scores.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {
namespace {

class Kept final : public Step {
 public:
  /// `places`: ascending.
  Kept(std::vector<uint32_t> places, std::span<const std::string> names)
      : places_(std::move(places)) {
    names_.reserve(places_.size());
    for (const uint32_t place : places_) names_.push_back(names[place]);
  }
  std::vector<std::string> names() const override { return names_; }
  Result<ValueId> append(GraphBuilder& graph, ValueId matrix,
                         const std::string& path) const override {
    std::vector<ColumnPick> picks;
    picks.reserve(places_.size());
    for (const uint32_t place : places_) picks.push_back({0, place});
    return graph.add(std::make_unique<SelectOp>(std::move(picks)), {matrix}, path + ".select");
  }

 private:
  const std::vector<uint32_t> places_;
  std::vector<std::string> names_;
};

/// The rows with their target, in order.
struct Target {
  std::vector<int32_t> classes;
  std::vector<double> values;
};

Target target_of(const PreparationInput& input) {
  Target target;
  const bool is_classes = input.target.class_count > 0;
  for (const uint32_t row : input.rows) {
    if (is_classes) target.classes.push_back(input.target.classes[row]);
    if (!is_classes) target.values.push_back(input.target.values[row]);
  }
  return target;
}

Result<std::vector<double>> scores_of(const StepInput& input, const ScoredRows& rows) {
  switch (input.plan.select) {
    case PreparationPlan::Select::kMutualInformation: return mutual_information(rows);
    case PreparationPlan::Select::kChi2: return chi2_scores(rows, input.names);
    case PreparationPlan::Select::kForest: return forest_importances(rows);
    case PreparationPlan::Select::kCoefficients: return coefficient_sizes(rows);
    case PreparationPlan::Select::kF:
    case PreparationPlan::Select::kAll: break;
  }
  return f_scores(rows);
}

}  // namespace

Result<std::shared_ptr<const Step>> fit_variance(const StepInput& input) {
  const std::vector<double> found = variances(input.x, static_cast<uint32_t>(input.names.size()));
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < found.size(); ++i) {
    if (found[i] > *input.plan.variance_threshold) places.push_back(i);
  }
  if (places.empty()) {
    const double most = *std::ranges::max_element(found);
    return invalid_argument(
        fmt::format("no feature varies more than the threshold {}: the most is {}",
                    *input.plan.variance_threshold, most));
  }
  return std::shared_ptr<const Step>(std::make_shared<Kept>(std::move(places), input.names));
}

Result<std::shared_ptr<const Step>> fit_selection(const StepInput& input) {
  const auto missing = std::ranges::find_if(input.x, [](double x) { return std::isnan(x); });
  if (missing != input.x.end()) {
    const auto place = static_cast<size_t>(missing - input.x.begin()) % input.names.size();
    return invalid_argument(
        fmt::format("features are selected by numbers, and '{}' has missing ones; impute them",
                    input.names[place]));
  }
  const Target target = target_of(input.all);
  ScoredRows rows;
  rows.x = input.x;
  rows.columns = static_cast<uint32_t>(input.names.size());
  rows.classes = target.classes;
  rows.class_count = input.all.target.class_count;
  rows.values = target.values;
  rows.seed = input.all.seed;
  rows.threads = input.all.threads;
  std::vector<double> scores = TRY(scores_of(input, rows));
  for (double& score : scores) {
    if (std::isnan(score)) score = -std::numeric_limits<double>::infinity();
  }
  // Of equal ones the last are taken, as SelectKBest does.
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return scores[a] < scores[b]; });
  const size_t count = std::min<size_t>(input.plan.select_count, order.size());
  std::vector<uint32_t> places(order.end() - static_cast<ptrdiff_t>(count), order.end());
  std::ranges::sort(places);
  return std::shared_ptr<const Step>(std::make_shared<Kept>(std::move(places), input.names));
}

}  // namespace slipway::training
