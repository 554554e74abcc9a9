// Numbers and truth values: outliers are clipped, missing ones are filled, then they are scaled or
// put into bins. Neighbours are looked for among scaled numbers: other units would outweigh.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "graph/ops/basic.h"
#include "graph/ops/column_functions.h"
#include "graph/ops/encode.h"
#include "graph/ops/expression_builder.h"
#include "graph/ops/impute.h"
#include "graph/ops/impute_model.h"
#include "graph/ops/scale.h"
#include "training/parallel.h"
#include "training/preparation/internal/number_statistics.h"
#include "training/preparation/internal/part.h"
#include "training/preparation/internal/run_matrix.h"

namespace slipway::training {
namespace {

using Plan = PreparationPlan;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Number {
  std::string name;
  uint32_t place = 0;  // of the model's columns
  Fences fences;       // infinite: it is not clipped
  double fill = 0;
  NumberScale scale;
  std::vector<double> edges;  // between its bins
  bool indicated = false;
};

bool is_clipped(const Plan& plan) {
  return plan.outliers == Plan::Outliers::kClipIqr || plan.outliers == Plan::Outliers::kClipZ;
}

bool is_scaled(const Plan& plan) {
  const bool among_neighbors = plan.bins == 0 || plan.numbers == Plan::Fill::kNeighbors;
  return plan.scale != Plan::Scale::kNone && among_neighbors;
}

class Numbers final : public Part {
 public:
  /// `points`: the training rows as they are before neighbours fill them, row-major.
  Numbers(const Plan& plan, std::vector<Number> numbers, std::vector<double> points)
      : plan_(plan), numbers_(std::move(numbers)), points_(std::move(points)) {}

  std::vector<std::string> names() const override;
  Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                         const std::string& path) const override;

 private:
  uint32_t width() const { return static_cast<uint32_t>(numbers_.size()); }
  Result<ValueId> append_clip(GraphBuilder& graph, ValueId value, const std::string& path) const;
  Result<ValueId> append_fill(GraphBuilder& graph, ValueId value, const std::string& path) const;
  Result<ValueId> append_scale(GraphBuilder& graph, ValueId value, const std::string& path) const;
  Result<ValueId> append_bins(GraphBuilder& graph, ValueId value, const std::string& path) const;
  Result<ValueId> append_indicators(GraphBuilder& graph, const PartSource& from, ValueId value,
                                    const std::string& path) const;

  const Plan plan_;
  const std::vector<Number> numbers_;
  const std::vector<double> points_;
};

/// "age (-inf, 3)", "age [3, 7)", "age [7, inf)".
void name_bins(const Number& number, std::vector<std::string>& names) {
  const std::vector<double>& edges = number.edges;
  for (size_t i = 0; i <= edges.size(); ++i) {
    const std::string low = i == 0 ? "(-inf" : fmt::format("[{}", edges[i - 1]);
    const std::string high = i == edges.size() ? "inf" : fmt::format("{}", edges[i]);
    names.push_back(fmt::format("{} {}, {})", number.name, low, high));
  }
}

std::vector<std::string> Numbers::names() const {
  std::vector<std::string> names;
  names.reserve(2 * numbers_.size());
  for (const Number& number : numbers_) {
    if (plan_.bins > 0 && plan_.bins_encode == Plan::Encode::kOneHot) {
      name_bins(number, names);
    } else {
      names.push_back(number.name);
    }
  }
  for (const Number& number : numbers_) {
    if (number.indicated) names.push_back(number.name + " (missing)");
  }
  return names;
}

Result<ValueId> Numbers::append(GraphBuilder& graph, const PartSource& from,
                                const std::string& path) const {
  std::vector<ColumnPick> picks;
  picks.reserve(numbers_.size());
  for (const Number& number : numbers_) picks.push_back({0, number.place});
  ValueId value =
      TRY(graph.add(std::make_unique<SelectOp>(std::move(picks)), {from.numbers}, path));
  if (is_clipped(plan_)) value = TRY(append_clip(graph, value, path + ".clip"));
  const bool by_neighbors = plan_.numbers == Plan::Fill::kNeighbors;
  if (!by_neighbors && plan_.numbers != Plan::Fill::kKeep) {
    value = TRY(append_fill(graph, value, path + ".impute"));
  }
  if (is_scaled(plan_)) value = TRY(append_scale(graph, value, path + ".scale"));
  if (by_neighbors) value = TRY(append_fill(graph, value, path + ".impute"));
  if (plan_.bins > 0) value = TRY(append_bins(graph, value, path + ".bins"));
  return append_indicators(graph, from, value, path);
}

Result<ValueId> Numbers::append_clip(GraphBuilder& graph, ValueId value,
                                     const std::string& path) const {
  ExpressionBuilder terms;
  std::vector<TermId> clipped;
  clipped.reserve(numbers_.size());
  for (uint32_t i = 0; i < width(); ++i) {
    const Fences& fences = numbers_[i].fences;
    TermId term = terms.column(value, i, ValueKind::kDense);
    if (std::isfinite(fences.low)) {
      term = TRY(terms.apply(Code::kMaximum, {term, terms.number(fences.low)}));
      term = TRY(terms.apply(Code::kMinimum, {term, terms.number(fences.high)}));
    }
    clipped.push_back(term);
  }
  return terms.add_to(graph, clipped, path);
}

Result<ValueId> Numbers::append_fill(GraphBuilder& graph, ValueId value,
                                     const std::string& path) const {
  std::vector<uint32_t> places(numbers_.size());
  std::iota(places.begin(), places.end(), 0U);
  if (plan_.numbers == Plan::Fill::kNeighbors) {
    KnnImputeOp::Options options;
    options.missing = kNan;
    options.neighbors = plan_.neighbors;
    return graph.add(std::make_unique<KnnImputeOp>(options, width(), points_, std::move(places)),
                     {value}, path);
  }
  std::vector<double> fills;
  fills.reserve(numbers_.size());
  for (const Number& number : numbers_) fills.push_back(number.fill);
  return graph.add(std::make_unique<ImputeOp>(kNan, std::move(places), std::move(fills)), {value},
                   path);
}

Result<ValueId> Numbers::append_scale(GraphBuilder& graph, ValueId value,
                                      const std::string& path) const {
  std::vector<double> shifts;
  std::vector<double> factors;
  shifts.reserve(numbers_.size());
  factors.reserve(numbers_.size());
  for (const Number& number : numbers_) {
    shifts.push_back(number.scale.shift);
    factors.push_back(number.scale.factor);
  }
  return graph.add(std::make_unique<ScaleOp>(ScaleOp::Form::kSubtractDivide, width(),
                                             std::move(shifts), std::move(factors)),
                   {value}, path);
}

Result<ValueId> Numbers::append_bins(GraphBuilder& graph, ValueId value,
                                     const std::string& path) const {
  std::vector<std::vector<double>> edges;
  edges.reserve(numbers_.size());
  for (const Number& number : numbers_) edges.push_back(number.edges);
  const ValueId bins = TRY(graph.add(std::make_unique<BinsOp>(std::move(edges)), {value}, path));
  if (plan_.bins_encode == Plan::Encode::kOrdinal) return bins;
  std::vector<OneHotOp::Column> columns;
  columns.reserve(numbers_.size());
  int32_t next = 0;
  for (uint32_t i = 0; i < width(); ++i) {
    OneHotOp::Column column;
    column.categories.from = {0, i};
    for (size_t bin = 0; bin <= numbers_[i].edges.size(); ++bin) {
      column.categories.numbers.push_back(static_cast<double>(bin));
      column.targets.push_back(next++);
    }
    columns.push_back(std::move(column));
  }
  return graph.add(
      std::make_unique<OneHotOp>(static_cast<uint32_t>(next), false, std::move(columns)), {bins},
      path);
}

Result<ValueId> Numbers::append_indicators(GraphBuilder& graph, const PartSource& from,
                                           ValueId value, const std::string& path) const {
  std::vector<ColumnPick> indicated;
  for (const Number& number : numbers_) {
    if (number.indicated) indicated.push_back({0, number.place});
  }
  if (indicated.empty()) return value;
  const size_t flags = indicated.size();
  std::vector<uint32_t> all(flags);
  std::iota(all.begin(), all.end(), 0U);
  const ValueId raw =
      TRY(graph.add(std::make_unique<SelectOp>(std::move(indicated)), {from.numbers}, path));
  const ValueId missing =
      TRY(graph.add(std::make_unique<MissingIndicatorOp>(kNan, std::move(all)), {raw}, path));
  std::vector<ColumnPick> both;
  for (uint32_t i = 0; i < graph.type(value).width; ++i) both.push_back({0, i});
  for (uint32_t i = 0; i < flags; ++i) both.push_back({1, i});
  return graph.add(std::make_unique<SelectOp>(std::move(both)), {value, missing}, path);
}

Number fitted(const PartColumn& wanted, const PartInput& input) {
  const Plan& plan = input.plan;
  const data::Column& column = *wanted.column;
  Number number;
  number.name = column.name;
  number.place = wanted.place;
  std::vector<double> numbers = present_numbers(column, input.all.rows);
  std::ranges::sort(numbers);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  number.fences = {-kInfinity, kInfinity};
  if (is_clipped(plan) && column.kind != data::ColumnKind::kBoolean) {
    number.fences = fences_of(plan, numbers);
    for (double& x : numbers) x = std::clamp(x, number.fences.low, number.fences.high);
  }
  number.fill = fill_of(plan, numbers);
  const size_t missing = input.all.rows.size() - numbers.size();
  number.indicated = plan.indicate_missing && missing > 0;
  // As in a pipeline, the scaler sees what was filled in.
  if (!std::isnan(number.fill)) {
    numbers.insert(std::ranges::upper_bound(numbers, number.fill), missing, number.fill);
  }
  if (is_scaled(plan)) number.scale = scale_of(plan.scale, numbers);
  if (plan.bins > 0 && plan.numbers != Plan::Fill::kNeighbors) {
    number.edges = inner_edges(plan, numbers);
  }
  return number;
}

/// The training rows as they are before neighbours fill them.
std::vector<double> points_of(const PartInput& input, std::span<const Number> numbers) {
  std::vector<double> points(input.all.rows.size() * numbers.size());
  for (size_t j = 0; j < numbers.size(); ++j) {
    const Number& number = numbers[j];
    const data::Column& column = *input.columns[j].column;
    for (size_t i = 0; i < input.all.rows.size(); ++i) {
      const double x = column.numbers[input.all.rows[i]];  // clamp() lets NaN through
      points[i * numbers.size() + j] =
          (std::clamp(x, number.fences.low, number.fences.high) - number.scale.shift) /
          number.scale.factor;
    }
  }
  return points;
}

/// Bins of what neighbours have filled.
Status fit_bins(const PartInput& input, std::span<const double> points,
                std::vector<Number>& numbers) {
  const Plan& plan = input.plan;
  const size_t width = numbers.size();
  std::vector<uint32_t> places(width);
  std::iota(places.begin(), places.end(), 0U);
  const auto append = [&](GraphBuilder& graph) -> Result<ValueId> {
    KnnImputeOp::Options options;
    options.missing = kNan;
    options.neighbors = plan.neighbors;
    std::vector<double> copy(points.begin(), points.end());
    return graph.add(std::make_unique<KnnImputeOp>(options, static_cast<uint32_t>(width),
                                                   std::move(copy), places),
                     {kNumbersInput}, "impute");
  };
  const std::vector<double> filled = TRY(run_matrix(points, width, append, input.all.threads));
  for (size_t j = 0; j < width; ++j) {
    std::vector<double> column;
    column.reserve(filled.size() / width);
    for (size_t at = j; at < filled.size(); at += width) column.push_back(filled[at]);
    std::ranges::sort(column);
    numbers[j].edges = inner_edges(plan, column);
  }
  return {};
}

}  // namespace

Result<FittedPart> fit_numbers(const PartInput& input) {
  std::vector<Number> numbers(input.columns.size());
  for_each_index(numbers.size(), input.all.threads,
                 [&](size_t i) { numbers[i] = fitted(input.columns[i], input); });
  std::vector<double> points;
  if (input.plan.numbers == Plan::Fill::kNeighbors) {
    points = points_of(input, numbers);
    if (input.plan.bins > 0) TRY_STATUS(fit_bins(input, points, numbers));
  }
  return FittedPart{std::make_shared<Numbers>(input.plan, std::move(numbers), std::move(points)),
                    {}};
}

}  // namespace slipway::training
