#include "training/selection/role_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/edit_distance.h"

namespace slipway::training {
namespace {

/// `what`: "groups", "times", "weights".
Status check_complete(const data::Column& column, const Problem& problem, std::string_view what) {
  const auto missing =
      std::ranges::count_if(problem.rows, [&](uint32_t row) { return column.is_missing(row); });
  if (missing == 0) return {};
  return invalid_argument(fmt::format("column '{}', of the {}, has no value in {} of {} rows",
                                      column.name, what, missing, problem.rows.size()));
}

Status check_numbers(const data::Column& column, std::string_view what) {
  if (!column.is_text()) return {};
  return invalid_argument(fmt::format("column '{}', of the {}, holds texts: expected {}",
                                      column.name, what,
                                      what == "times" ? "times or numbers" : "numbers"));
}

Status set_groups(const data::Column& column, Problem& problem) {
  TRY_STATUS(check_complete(column, problem, "groups"));
  problem.groups = value_numbers(column);
  return {};
}

/// Rows of one time keep their order.
Status set_times(const data::Column& column, Problem& problem) {
  TRY_STATUS(check_numbers(column, "times"));
  TRY_STATUS(check_complete(column, problem, "times"));
  problem.times = column.numbers;
  std::ranges::stable_sort(
      problem.rows, [&](uint32_t a, uint32_t b) { return problem.times[a] < problem.times[b]; });
  return {};
}

Status set_weights(const data::Column& column, Problem& problem) {
  TRY_STATUS(check_numbers(column, "weights"));
  TRY_STATUS(check_complete(column, problem, "weights"));
  double sum = 0;
  for (const uint32_t row : problem.rows) {
    const double weight = column.numbers[row];
    if (weight >= 0 && weight <= 1e300) {
      sum += weight;
      continue;
    }
    return invalid_argument(
        fmt::format("column '{}', of the weights, holds {} in row {}: expected 0 or more",
                    column.name, weight, row + 1));
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    return invalid_argument(
        fmt::format("column '{}', of the weights, has the sum {}", column.name, sum));
  }
  problem.weights = column.numbers;
  return {};
}

std::vector<int32_t> text_numbers(const data::Column& column) {
  std::vector<int32_t> order(column.dictionary.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](int32_t code) { return column.dictionary.text(code); });
  std::vector<int32_t> rank(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    rank[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  }
  std::vector<int32_t> ids;
  ids.reserve(column.rows());
  for (const int32_t code : column.codes) {
    ids.push_back(code < 0 ? -1 : rank[static_cast<size_t>(code)]);
  }
  return ids;
}

std::vector<int32_t> number_numbers(const data::Column& column) {
  std::vector<double> values;
  values.reserve(column.rows());
  std::ranges::copy_if(column.numbers, std::back_inserter(values),
                       [](double value) { return !std::isnan(value); });
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  std::vector<int32_t> ids;
  ids.reserve(column.rows());
  for (const double value : column.numbers) {
    const auto place = std::ranges::lower_bound(values, value);
    ids.push_back(std::isnan(value) ? -1 : static_cast<int32_t>(place - values.begin()));
  }
  return ids;
}

}  // namespace

std::vector<int32_t> value_numbers(const data::Column& column) {
  return column.is_text() ? text_numbers(column) : number_numbers(column);
}

Result<const data::Column*> column_of(const data::Frame& frame, const std::string& name) {
  const data::Column* column = frame.find(name);
  if (column != nullptr) return column;
  std::vector<std::string> names;
  names.reserve(frame.columns.size());
  for (const data::Column& other : frame.columns) names.push_back(other.name);
  const std::string nearest = nearest_name(name, names);
  return invalid_argument(
      fmt::format("there is no column '{}'{}", name,
                  nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
}

Status set_roles(const ProblemOptions& options, Problem& problem) {
  const std::array<std::pair<const std::string*, Status (*)(const data::Column&, Problem&)>, 3>
      roles = {{{&options.group, set_groups},
                {&options.time, set_times},
                {&options.weight, set_weights}}};
  for (const auto& [name, set] : roles) {
    if (name->empty()) continue;
    if (*name == options.target) {
      return invalid_argument(fmt::format(
          "column '{}' is the target: it cannot be that of the groups, times or weights too",
          *name));
    }
    const data::Column* column = TRY(column_of(*problem.frame, *name));
    TRY_STATUS(set(*column, problem));
  }
  return {};
}

}  // namespace slipway::training
