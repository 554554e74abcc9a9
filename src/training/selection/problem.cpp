#include "training/selection/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "training/selection/role_columns.h"

namespace slipway::training {
namespace {

/// A whole-numbered target with no more distinct values is taken for classes.
constexpr size_t kNumberClassesMax = 20;
constexpr size_t kLabelClassesMax = 4096;

/// The distinct values, ascending, as scikit-learn orders classes.
std::vector<double> distinct_numbers(const data::Column& column, size_t most) {
  std::set<double> found;
  for (const double number : column.numbers) {
    if (!std::isnan(number)) found.insert(number);
    if (found.size() > most) break;
  }
  return {found.begin(), found.end()};
}

Task guessed_task(const data::Column& column) {
  if (column.is_text() || column.kind == data::ColumnKind::kBoolean) return Task::kClassification;
  const bool few = column.kind == data::ColumnKind::kNumber && column.is_whole &&
                   distinct_numbers(column, kNumberClassesMax).size() <= kNumberClassesMax;
  return few ? Task::kClassification : Task::kRegression;
}

void set_text_classes(const data::Column& column, Problem& problem) {
  std::map<std::string_view, int32_t> places;
  for (const int32_t code : column.codes) {
    if (code >= 0) places.emplace(column.dictionary.text(code), 0);
  }
  problem.labels.dtype = DType::kString;
  int32_t next = 0;
  for (auto& [text, place] : places) {
    place = next++;
    problem.labels.strings.emplace_back(text);
  }
  for (size_t row = 0; row < column.codes.size(); ++row) {
    const int32_t code = column.codes[row];
    if (code >= 0) problem.classes[row] = places.at(column.dictionary.text(code));
  }
}

void set_number_classes(const data::Column& column, Problem& problem) {
  const std::vector<double> found = distinct_numbers(column, kLabelClassesMax);
  const bool is_bool = column.kind == data::ColumnKind::kBoolean;
  problem.labels.dtype = is_bool ? DType::kBool : column.is_whole ? DType::kInt64 : DType::kFloat64;
  for (const double number : found) {
    if (problem.labels.dtype == DType::kFloat64) {
      problem.labels.floats.push_back(number);
    } else {
      problem.labels.ints.push_back(static_cast<int64_t>(number));
    }
  }
  for (size_t row = 0; row < column.numbers.size(); ++row) {
    if (std::isnan(column.numbers[row])) continue;
    const auto place = std::ranges::lower_bound(found, column.numbers[row]);
    problem.classes[row] = static_cast<int32_t>(place - found.begin());
  }
}

Status set_target(const data::Column& column, Problem& problem) {
  if (problem.task == Task::kRegression) {
    if (column.is_text()) {
      return invalid_argument(fmt::format(
          "the target '{}' holds texts, expected numbers for a regression", column.name));
    }
    problem.values = column.numbers;
    return {};
  }
  problem.classes.assign(column.rows(), -1);
  const size_t distinct = column.is_text() ? column.dictionary.size()
                                           : distinct_numbers(column, kLabelClassesMax).size();
  if (distinct > kLabelClassesMax) {
    return invalid_argument(
        fmt::format("the target '{}' has over {} classes; is it one for a "
                    "regression (--task regression)?",
                    column.name, kLabelClassesMax));
  }
  if (column.is_text()) {
    set_text_classes(column, problem);
  } else {
    set_number_classes(column, problem);
  }
  if (problem.labels.size() == 1) {
    return invalid_argument(
        fmt::format("the target '{}' has one class only ({}): there is nothing to tell apart",
                    column.name, column.cell_text(problem.rows[0])));
  }
  return {};
}

/// Words that come once each (keys, hashes) say nothing of other rows.
bool holds_identifiers(const data::Column& column, const std::vector<uint32_t>& rows) {
  if (column.kind != data::ColumnKind::kText) return false;
  std::vector<bool> seen(column.dictionary.size());
  for (const uint32_t row : rows) {
    if (column.codes[row] < 0) continue;
    const auto code = static_cast<size_t>(column.codes[row]);
    const std::string_view text = column.dictionary.text(column.codes[row]);
    if (seen[code] || text.find_first_of(" \t\n") != std::string_view::npos) return false;
    seen[code] = true;
  }
  return true;
}

/// No mean and no scale can be told of infinite numbers.
Status refuse_infinite(const data::Column& column, const std::vector<uint32_t>& rows) {
  if (column.is_text()) return {};
  const auto row =
      std::ranges::find_if(rows, [&](uint32_t each) { return std::isinf(column.numbers[each]); });
  if (row == rows.end()) return {};
  return invalid_argument(
      fmt::format("column '{}' is infinite in row {} (from 0), expected finite or missing numbers",
                  column.name, *row));
}

/// Why a column is no feature; empty if it is one.
std::string unfit(const data::Column& column, const std::vector<uint32_t>& rows) {
  if (std::ranges::all_of(rows, [&](uint32_t row) { return column.is_missing(row); })) {
    return "it has no value";
  }
  if (holds_identifiers(column, rows)) return "its texts are one word each, all different";
  const uint32_t first = rows[0];
  const bool is_constant = std::ranges::all_of(rows, [&](uint32_t row) {
    if (column.is_missing(row) || column.is_missing(first)) {
      return column.is_missing(row) && column.is_missing(first);
    }
    return column.is_text() ? column.codes[row] == column.codes[first]
                            : column.numbers[row] == column.numbers[first];
  });
  return is_constant ? "it is the same everywhere" : "";
}

/// Whether the column is something else than a feature.
bool has_role(const std::string& name, const ProblemOptions& options) {
  return name == options.target || name == options.group || name == options.time ||
         name == options.weight ||
         std::ranges::find(options.ignored, name) != options.ignored.end();
}

}  // namespace

std::vector<uint32_t> frame_rows(const Problem& problem, std::span<const uint32_t> places) {
  std::vector<uint32_t> rows;
  rows.reserve(places.size());
  for (const uint32_t place : places) rows.push_back(problem.rows[place]);
  return rows;
}

Result<Problem> make_problem(const data::Frame& frame, const ProblemOptions& options) {
  Problem problem;
  problem.frame = &frame;
  problem.target = options.target;
  const data::Column* target = TRY(column_of(frame, options.target));
  for (const std::string& name : options.ignored) {
    TRY_STATUS(column_of(frame, name).status());
  }
  for (size_t row = 0; row < frame.rows; ++row) {
    if (!target->is_missing(row)) problem.rows.push_back(static_cast<uint32_t>(row));
  }
  if (problem.rows.empty()) {
    return invalid_argument(
        fmt::format("the target '{}' has no value in {} rows", options.target, frame.rows));
  }
  if (problem.rows.size() < frame.rows) {
    problem.notes.push_back(
        fmt::format("{} rows are left out: they have no target", frame.rows - problem.rows.size()));
  }
  problem.task = options.task.value_or(guessed_task(*target));
  TRY_STATUS(set_target(*target, problem));
  TRY_STATUS(refuse_infinite(*target, problem.rows));
  TRY_STATUS(set_roles(options, problem));
  for (const data::Column& column : frame.columns) {
    if (has_role(column.name, options)) continue;
    if (const std::string reason = unfit(column, problem.rows); !reason.empty()) {
      problem.notes.push_back(fmt::format("column '{}' is left out: {}", column.name, reason));
      continue;
    }
    TRY_STATUS(refuse_infinite(column, problem.rows));
    problem.features.push_back(column.name);
  }
  if (problem.features.empty()) {
    return invalid_argument("no column is left to learn from");
  }
  return problem;
}

}  // namespace slipway::training
