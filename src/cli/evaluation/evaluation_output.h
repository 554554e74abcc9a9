// An Evaluation for people and for programs.
#pragma once

#include <string>

#include "cli/commands.h"
#include "cli/evaluation/evaluation.h"

namespace slipway::cli {

/// For a terminal.
std::string evaluation_text(const Evaluation& evaluation, const EvaluateOptions& options);
/// docs/evaluate.md lists its fields.
std::string evaluation_json(const Evaluation& evaluation, const EvaluateOptions& options);
/// One HTML file with plots that needs nothing else.
std::string evaluation_page(const Evaluation& evaluation, const EvaluateOptions& options);

/// "0.9533", "n/a" for NaN.
std::string shown_number(double value);
/// "0.9133 to 0.9867", empty if there is no interval.
std::string shown_interval(const MetricValue& metric);
/// Which metrics a table of slices shows: the first that matter, by name.
std::vector<std::string> slice_metrics(const Evaluation& evaluation);
/// The value of that name; NaN if there is none.
double value_of(const std::vector<MetricValue>& metrics, const std::string& name);

}  // namespace slipway::cli
