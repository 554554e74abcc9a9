// Judge: what a fitted model answers on rows that it has not seen, against the truth.
//
//   Fit, matrix --judge--> names and values of all metrics (training/metrics)
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "training/selection/problem.h"

namespace slipway::training {

using MetricValues = std::vector<std::pair<std::string, double>>;

/// Whether less is better: of errors and losses.
bool is_loss(std::string_view metric);
/// "accuracy", "r2": what models are chosen by if nobody says otherwise.
std::string_view usual_metric(Task task);

/// The names of all metrics that models of this problem may be judged by; of a classification with
/// probabilities.
std::vector<std::string> metric_names(const Problem& problem);

/// `x`: rows.size() x width features. Metrics in scikit-learn's names.
Result<MetricValues> judge(const Fit& fit, const Problem& problem, std::span<const uint32_t> rows,
                           std::span<const double> x, uint32_t width);

}  // namespace slipway::training
