// Numbers and truth values: missing ones are filled, then scaled.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/quantile.h"
#include "graph/ops/basic.h"
#include "graph/ops/impute.h"
#include "graph/ops/scale.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The numbers of some rows that are there.
std::vector<double> present(const data::Column& column, std::span<const uint32_t> rows) {
  std::vector<double> numbers;
  numbers.reserve(rows.size());
  for (const uint32_t row : rows) {
    if (!column.is_missing(row)) numbers.push_back(column.numbers[row]);
  }
  return numbers;
}

double mean_of(std::span<const double> numbers) {
  const double first =
      std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
  double rest = 0;  // what rounding took from the first sum
  for (const double number : numbers) rest += number - first;
  return first + rest / static_cast<double>(numbers.size());
}

/// The first of the most frequent of sorted numbers.
double mode_of(std::span<const double> sorted) {
  double mode = sorted[0];
  size_t most = 0;
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    if (end - begin > most) {
      most = end - begin;
      mode = sorted[begin];
    }
    begin = end;
  }
  return mode;
}

/// `sorted`: the numbers that are there.
double fill_of(const PreparationPlan& plan, std::span<const double> sorted) {
  switch (plan.numbers) {
    case PreparationPlan::Fill::kMean: return mean_of(sorted);
    case PreparationPlan::Fill::kMedian: return quantile_of_sorted(sorted, 0.5);
    case PreparationPlan::Fill::kMostFrequent: return mode_of(sorted);
    case PreparationPlan::Fill::kConstant: return plan.constant;
    case PreparationPlan::Fill::kKeep: return kNan;
  }
  return kNan;
}

/// Shift and factor of a scaler over numbers that are there, `filled` of them at `fill`.
std::pair<double, double> scale_of(PreparationPlan::Scale scale, std::vector<double> numbers) {
  std::ranges::sort(numbers);
  const auto not_zero = [](double factor) { return factor == 0 ? 1.0 : factor; };
  switch (scale) {
    case PreparationPlan::Scale::kNone: return {0, 1};
    case PreparationPlan::Scale::kMinMax:
      return {numbers.front(), not_zero(numbers.back() - numbers.front())};
    case PreparationPlan::Scale::kRobust:
      return {quantile_of_sorted(numbers, 0.5),
              not_zero(quantile_of_sorted(numbers, 0.75) - quantile_of_sorted(numbers, 0.25))};
    case PreparationPlan::Scale::kStandard: break;
  }
  const double mean = mean_of(numbers);
  double squares = 0;
  for (const double number : numbers) squares += (number - mean) * (number - mean);
  const double variance = squares / static_cast<double>(numbers.size());
  // What is no more than rounding of a constant counts as one (scikit-learn's
  // _is_constant_feature).
  const auto count = static_cast<double>(numbers.size());
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  const double rounding = count * kEpsilon * variance + std::pow(count * mean * kEpsilon, 2);
  return {mean, variance <= rounding ? 1.0 : std::sqrt(variance)};
}

struct Number {
  std::string name;
  uint32_t place = 0;  // of the model's columns
  double fill = 0;
  double shift = 0;  // scaled: (x - shift) / factor
  double factor = 1;
  bool indicated = false;
};

class Numbers final : public Part {
 public:
  Numbers(const PreparationPlan& plan, std::vector<Number> numbers)
      : plan_(plan), numbers_(std::move(numbers)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    names.reserve(2 * numbers_.size());
    for (const Number& number : numbers_) names.push_back(number.name);
    for (const Number& number : numbers_) {
      if (number.indicated) names.push_back(number.name + " (missing)");
    }
    return names;
  }
  Result<ValueId> append(GraphBuilder& graph, const std::string& path) const override;

 private:
  const PreparationPlan plan_;
  const std::vector<Number> numbers_;
};

Result<ValueId> Numbers::append(GraphBuilder& graph, const std::string& path) const {
  std::vector<ColumnPick> picks;
  std::vector<ColumnPick> indicated;
  std::vector<uint32_t> places;
  std::vector<double> fills;
  std::vector<double> shifts;
  std::vector<double> factors;
  for (const Number& number : numbers_) {
    places.push_back(static_cast<uint32_t>(picks.size()));
    picks.push_back({0, number.place});
    fills.push_back(number.fill);
    shifts.push_back(number.shift);
    factors.push_back(number.factor);
    if (number.indicated) indicated.push_back({0, number.place});
  }
  const auto width = static_cast<uint32_t>(picks.size());
  ValueId value = TRY(graph.add(std::make_unique<SelectOp>(picks), {kNumbersInput}, path));
  if (plan_.numbers != PreparationPlan::Fill::kKeep) {
    value = TRY(graph.add(std::make_unique<ImputeOp>(kNan, std::move(places), std::move(fills)),
                          {value}, path + ".impute"));
  }
  if (plan_.scale != PreparationPlan::Scale::kNone) {
    value = TRY(graph.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width,
                                                    std::move(shifts), std::move(factors)),
                          {value}, path + ".scale"));
  }
  if (indicated.empty()) return value;
  const size_t flags = indicated.size();
  std::vector<uint32_t> all(flags);
  std::iota(all.begin(), all.end(), 0U);
  const ValueId raw =
      TRY(graph.add(std::make_unique<SelectOp>(std::move(indicated)), {kNumbersInput}, path));
  const ValueId missing =
      TRY(graph.add(std::make_unique<MissingIndicatorOp>(kNan, std::move(all)), {raw}, path));
  std::vector<ColumnPick> both;
  for (uint32_t i = 0; i < width; ++i) both.push_back({0, i});
  for (uint32_t i = 0; i < flags; ++i) both.push_back({1, i});
  return graph.add(std::make_unique<SelectOp>(std::move(both)), {value, missing}, path);
}

Number fitted(const PartColumn& column, const PartInput& input) {
  const PreparationPlan& plan = input.plan;
  Number number;
  number.name = column.column->name;
  number.place = column.place;
  std::vector<double> numbers = present(*column.column, input.all.rows);
  std::ranges::sort(numbers);
  number.fill = fill_of(plan, numbers);
  const size_t missing = input.all.rows.size() - numbers.size();
  number.indicated = plan.indicate_missing && missing > 0;
  // As in a pipeline, the scaler sees what was filled in.
  if (plan.numbers != PreparationPlan::Fill::kKeep) {
    numbers.insert(numbers.end(), missing, number.fill);
  }
  std::tie(number.shift, number.factor) = scale_of(plan.scale, std::move(numbers));
  return number;
}

}  // namespace

Result<FittedPart> fit_numbers(const PartInput& input) {
  std::vector<Number> numbers;
  numbers.reserve(input.columns.size());
  for (const PartColumn& column : input.columns) numbers.push_back(fitted(column, input));
  return FittedPart{std::make_shared<Numbers>(input.plan, std::move(numbers)), {}};
}

}  // namespace slipway::training
