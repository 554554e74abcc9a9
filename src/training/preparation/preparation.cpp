#include "training/preparation/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/quantile.h"
#include "data/frame_rows.h"
#include "engine/compile.h"
#include "graph/ops/basic.h"
#include "graph/ops/encode.h"
#include "graph/ops/impute.h"
#include "graph/ops/scale.h"

namespace slipway::training {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kBatchRows = 4096;

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

template <typename Value, size_t kCount>
std::optional<Value> find_word(const std::array<std::pair<std::string_view, Value>, kCount>& words,
                               std::string_view word) {
  for (const auto& [name, value] : words) {
    if (name == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<PreparationPlan::Fill> find_fill(std::string_view word) {
  using Fill = PreparationPlan::Fill;
  constexpr std::array<std::pair<std::string_view, Fill>, 5> kWords = {{
      {"mean", Fill::kMean},
      {"median", Fill::kMedian},
      {"most_frequent", Fill::kMostFrequent},
      {"constant", Fill::kConstant},
      {"keep", Fill::kKeep},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Scale> find_scale(std::string_view word) {
  using Scale = PreparationPlan::Scale;
  constexpr std::array<std::pair<std::string_view, Scale>, 4> kWords = {{
      {"none", Scale::kNone},
      {"standard", Scale::kStandard},
      {"minmax", Scale::kMinMax},
      {"robust", Scale::kRobust},
  }};
  return find_word(kWords, word);
}

std::optional<PreparationPlan::Encode> find_encode(std::string_view word) {
  using Encode = PreparationPlan::Encode;
  constexpr std::array<std::pair<std::string_view, Encode>, 2> kWords = {{
      {"onehot", Encode::kOneHot},
      {"ordinal", Encode::kOrdinal},
  }};
  return find_word(kWords, word);
}

Result<Preparation> Preparation::fit(const data::Frame& frame, std::span<const std::string> columns,
                                     std::span<const uint32_t> rows, const PreparationPlan& plan) {
  Preparation made;
  made.plan_ = plan;
  if (columns.empty()) return invalid_argument("there is no column to learn from");
  for (const std::string& name : columns) {
    const data::Column* column = frame.find(name);
    if (column == nullptr) return invalid_argument(fmt::format("there is no column '{}'", name));
    if (column->kind == data::ColumnKind::kTime || column->kind == data::ColumnKind::kText) {
      return unimplemented(
          fmt::format("column '{}' holds {}, which cannot be learnt from; leave it out, or say "
                      "another type for it",
                      name, column->kind == data::ColumnKind::kTime ? "times" : "free texts"));
    }
    if (std::ranges::all_of(rows, [&](uint32_t row) { return column->is_missing(row); })) {
      return invalid_argument(
          fmt::format("column '{}' has no value in the {} rows to learn from", name, rows.size()));
    }
    InputColumn input;
    input.name = name;
    if (column->is_text()) {
      input.type = ColumnType::kText;
      input.takes_integers = true;
    }
    made.columns_.push_back(std::move(input));
    if (column->is_text()) {
      made.fit_category(*column, rows);
    } else {
      made.fit_number(*column, rows);
    }
  }
  made.name_features();
  return made;
}

void Preparation::fit_number(const data::Column& column, std::span<const uint32_t> rows) {
  Number number;
  number.column = static_cast<uint32_t>(columns_.size() - 1);
  std::vector<double> numbers = present(column, rows);
  std::ranges::sort(numbers);
  number.fill = fill_of(plan_, numbers);
  const size_t missing = rows.size() - numbers.size();
  number.indicated = plan_.indicate_missing && missing > 0;
  // As in a pipeline, the scaler sees what was filled in.
  if (plan_.numbers != PreparationPlan::Fill::kKeep) {
    numbers.insert(numbers.end(), missing, number.fill);
  }
  std::tie(number.shift, number.factor) = scale_of(plan_.scale, std::move(numbers));
  numbers_.push_back(number);
}

void Preparation::fit_category(const data::Column& column, std::span<const uint32_t> rows) {
  Category category;
  category.column = static_cast<uint32_t>(columns_.size() - 1);
  std::vector<size_t> counts(column.dictionary.size());
  size_t missing = 0;
  for (const uint32_t row : rows) {
    if (column.codes[row] < 0) {
      ++missing;
    } else {
      ++counts[static_cast<size_t>(column.codes[row])];
    }
  }
  std::vector<std::pair<size_t, std::string>> found;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    found.emplace_back(counts[code], column.dictionary.text(static_cast<int32_t>(code)));
  }
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  category.fills_missing = plan_.fill_categories;
  category.has_missing = missing > 0 && !plan_.fill_categories;
  category.texts.reserve(found.size());
  for (auto& [count, text] : found) {
    const bool is_frequent =
        count >= plan_.category_rows_min && category.frequent < plan_.categories_max;
    if (is_frequent) ++category.frequent;
    category.texts.push_back(std::move(text));
  }
  categories_.push_back(std::move(category));
}

void Preparation::name_features() {
  for (const Number& number : numbers_) names_.push_back(columns_[number.column].name);
  for (const Number& number : numbers_) {
    if (number.indicated) names_.push_back(columns_[number.column].name + " (missing)");
  }
  for (const Category& category : categories_) {
    const std::string& name = columns_[category.column].name;
    if (plan_.encode == PreparationPlan::Encode::kOrdinal) {
      names_.push_back(name);
      continue;
    }
    for (uint32_t i = 0; i < category.frequent; ++i) {
      names_.push_back(fmt::format("{}={}", name, category.texts[i]));
    }
    if (category.frequent < category.texts.size()) names_.push_back(name + " (rare)");
    if (category.has_missing) names_.push_back(name + " (missing)");
  }
}

Signature Preparation::signature() const {
  Signature signature;
  signature.columns = columns_;
  signature.columns_named = true;
  signature.matrices.strings = !categories_.empty();
  return signature;
}

Result<ValueId> Preparation::append_numbers(GraphBuilder& graph, const std::string& path) const {
  std::vector<ColumnPick> picks;
  std::vector<ColumnPick> indicated;
  std::vector<uint32_t> places;
  std::vector<double> fills;
  std::vector<double> shifts;
  std::vector<double> factors;
  for (const Number& number : numbers_) {
    places.push_back(static_cast<uint32_t>(picks.size()));
    picks.push_back({0, number.column});
    fills.push_back(number.fill);
    shifts.push_back(number.shift);
    factors.push_back(number.factor);
    if (number.indicated) indicated.push_back({0, number.column});
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

Result<ValueId> Preparation::append_categories(GraphBuilder& graph, const std::string& path) const {
  const bool is_one_hot = plan_.encode == PreparationPlan::Encode::kOneHot;
  std::vector<OneHotOp::Column> one_hot;
  std::vector<OrdinalOp::Column> ordinal;
  uint32_t width = 0;
  for (const Category& category : categories_) {
    Categories known;
    known.from = {0, category.column};
    known.column = fmt::format("column '{}'", columns_[category.column].name);
    known.is_text = true;
    known.texts = category.texts;
    const auto rare = static_cast<int32_t>(category.frequent);
    const bool has_rare = category.frequent < category.texts.size();
    const int32_t missing = rare + (has_rare ? 1 : 0);
    std::vector<int32_t> codes;
    for (uint32_t i = 0; i < category.texts.size(); ++i) {
      codes.push_back(std::min(static_cast<int32_t>(i), rare));
    }
    if (category.has_missing || category.fills_missing) {
      known.nan = static_cast<uint32_t>(known.texts.size());
      known.none = *known.nan + 1;
      known.texts.resize(known.texts.size() + 2);
      codes.resize(known.texts.size(), category.fills_missing ? 0 : missing);
    }
    if (is_one_hot) {
      const auto first = static_cast<int32_t>(width);
      OneHotOp::Column column;
      column.categories = std::move(known);
      for (const int32_t code : codes) column.targets.push_back(first + code);
      column.unknown = has_rare ? first + rare : OneHotOp::kNoColumn;
      one_hot.push_back(std::move(column));
      width += static_cast<uint32_t>(missing) + (category.has_missing ? 1U : 0U);
    } else {
      OrdinalOp::Column column;
      column.categories = std::move(known);
      column.codes.assign(codes.begin(), codes.end());
      column.unknown = has_rare ? rare : -1;
      ordinal.push_back(std::move(column));
    }
  }
  if (is_one_hot) {
    return graph.add(std::make_unique<OneHotOp>(width, false, std::move(one_hot)), {kStringsInput},
                     path + ".encode");
  }
  return graph.add(std::make_unique<OrdinalOp>(std::move(ordinal)), {kStringsInput},
                   path + ".encode");
}

Result<ValueId> Preparation::append(GraphBuilder& graph, const std::string& path) const {
  if (categories_.empty()) return append_numbers(graph, path);
  if (numbers_.empty()) return append_categories(graph, path);
  const ValueId numbers = TRY(append_numbers(graph, path));
  const ValueId encoded = TRY(append_categories(graph, path));
  std::vector<ColumnPick> picks;
  for (uint32_t i = 0; i < graph.type(numbers).width; ++i) picks.push_back({0, i});
  for (uint32_t i = 0; i < graph.type(encoded).width; ++i) picks.push_back({1, i});
  return graph.add(std::make_unique<SelectOp>(std::move(picks)), {numbers, encoded}, path);
}

Result<std::vector<double>> Preparation::transform(const data::Frame& frame) const {
  GraphBuilder builder(static_cast<uint32_t>(columns_.size()));
  Signature signature = this->signature();
  OutputSpec output;
  output.name = "transform";
  output.value = TRY(append(builder, "preparation"));
  output.width = width();
  signature.outputs.push_back(std::move(output));
  auto graph = TRY(std::move(builder).finish(std::move(signature)));
  const auto model = TRY(engine::compile(std::move(graph)));
  const auto source = TRY(data::open_frame_rows(frame, model->signature(), {}, {}));
  const auto scratch = model->make_scratch();
  std::vector<double> matrix;
  matrix.reserve(frame.rows * width());
  InputBuffer input;
  std::vector<rows::KeyCell> keys;
  std::vector<OutputBuffer> outputs;
  while (TRY(source->next(kBatchRows, input, keys)) > 0) {
    TRY_STATUS(model->run(input.batch(), 1, *scratch, outputs));
    matrix.insert(matrix.end(), outputs[0].numbers.begin(), outputs[0].numbers.end());
  }
  return matrix;
}

}  // namespace slipway::training
