// Target encoding: a category becomes the mean of the target over its training rows, drawn towards
// the mean of all rows; as scikit-learn's TargetEncoder has it. For each training row that mean is
// taken over other rows (cross-fitting), else a rare category would tell its own target.
//
// D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes" (2001).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/ops/expression_builder.h"
#include "training/preparation/internal/number_statistics.h"
#include "training/preparation/internal/part.h"
#include "training/splits/folds.h"

namespace slipway::training {
namespace {

constexpr size_t kFolds = 5;
constexpr uint64_t kStream = 0x7461726765740000;  // of the lots that folds are drawn by

/// What the categories of a column are for one output of the target.
struct Encoding {
  std::vector<double> values;  // by code; the last one is that of missing ones
  double otherwise = 0;        // of categories that were not seen
};

struct Column {
  std::string name;
  uint32_t place = 0;
  std::vector<std::string> texts;  // those that were seen
  std::vector<Encoding> outputs;   // their values, and that of missing ones behind them
  std::vector<NumberScale> scales;
};

/// The target of the training rows as the columns of numbers whose means are taken.
std::vector<std::vector<double>> targets_of(const PreparationInput& input) {
  const PreparationTarget& target = input.target;
  std::vector<std::vector<double>> outputs;
  if (target.class_count == 0) {
    std::vector<double>& values = outputs.emplace_back();
    for (const uint32_t row : input.rows) values.push_back(target.values[row]);
    return outputs;
  }
  const bool is_binary = target.class_count == 2;
  for (uint32_t label = is_binary ? 1 : 0; label < target.class_count; ++label) {
    std::vector<double>& values = outputs.emplace_back();
    for (const uint32_t row : input.rows) {
      values.push_back(target.classes[row] == static_cast<int32_t>(label) ? 1 : 0);
    }
  }
  return outputs;
}

/// `codes` and `y`: of the training rows; `rows`: places among them.
Encoding encode(std::span<const uint32_t> codes, std::span<const double> y,
                std::span<const uint32_t> rows, size_t code_count, double smoothing) {
  Encoding made;
  const auto count = static_cast<double>(rows.size());
  for (const uint32_t row : rows) made.otherwise += y[row];
  made.otherwise /= count;
  std::vector<double> sums(code_count);
  std::vector<double> counts(code_count);
  for (const uint32_t row : rows) {
    sums[codes[row]] += y[row];
    counts[codes[row]] += 1;
  }
  made.values.resize(code_count, made.otherwise);
  if (smoothing >= 0) {
    for (size_t code = 0; code < code_count; ++code) {
      if (counts[code] == 0) continue;
      made.values[code] = (sums[code] + smoothing * made.otherwise) / (counts[code] + smoothing);
    }
    return made;
  }
  // An empirical Bayes estimate: the more a category's own rows differ, the more the mean of all
  // counts.
  double variance = 0;
  std::vector<double> squares(code_count);
  for (const uint32_t row : rows) {
    variance += (y[row] - made.otherwise) * (y[row] - made.otherwise);
    const double apart = y[row] - sums[codes[row]] / counts[codes[row]];
    squares[codes[row]] += apart * apart;
  }
  variance /= count;
  for (size_t code = 0; code < code_count; ++code) {
    if (counts[code] == 0) continue;
    const double prior = variance * counts[code];
    const double share = prior / (prior + squares[code] / counts[code]);
    if (std::isnan(share)) continue;  // all targets are the same
    made.values[code] = share * sums[code] / counts[code] + (1 - share) * made.otherwise;
  }
  return made;
}

Result<std::vector<Fold>> folds_of(const PreparationInput& input) {
  const size_t folds = std::min(kFolds, input.rows.size());
  const Shuffle shuffle{input.seed, kStream};
  if (input.target.class_count > 0) {
    std::vector<int32_t> labels;
    labels.reserve(input.rows.size());
    for (const uint32_t row : input.rows) labels.push_back(input.target.classes[row]);
    // A class of too few rows for that many folds is no reason to refuse the others.
    Result<std::vector<Fold>> stratified = stratified_k_fold(labels, folds, shuffle);
    if (stratified.ok()) return stratified;
  }
  return k_fold(input.rows.size(), folds, shuffle);
}

class TargetMeans final : public Part {
 public:
  TargetMeans(std::vector<Column> columns, uint32_t class_count)
      : columns_(std::move(columns)), class_count_(class_count) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const Column& column : columns_) {
      for (size_t i = 0; i < column.outputs.size(); ++i) {
        names.push_back(class_count_ > 2 ? fmt::format("{} (share of class {})", column.name, i)
                                         : fmt::format("{} (mean of the target)", column.name));
      }
    }
    return names;
  }

  Result<ValueId> append(GraphBuilder& graph, const PartSource& from,
                         const std::string& path) const override {
    ExpressionBuilder terms;
    std::vector<TermId> features;
    for (const Column& column : columns_) {
      const TermId text = terms.column(from.texts, column.place, ValueKind::kString);
      const TermId place = TRY(terms.find(text, column.texts));
      const TermId is_missing = TRY(terms.apply(Code::kIsTextMissing, {text}));
      for (size_t i = 0; i < column.outputs.size(); ++i) {
        const auto scaled = [&](double x) {
          return (x - column.scales[i].shift) / column.scales[i].factor;
        };
        const Encoding& output = column.outputs[i];
        std::vector<double> values;
        values.reserve(column.texts.size());
        for (size_t k = 0; k < column.texts.size(); ++k) values.push_back(scaled(output.values[k]));
        const TermId known = TRY(terms.pick(place, std::move(values)));
        const TermId otherwise = terms.number(scaled(output.otherwise));
        const TermId value = TRY(terms.apply(Code::kCoalesce, {known, otherwise}));
        const TermId missing = terms.number(scaled(output.values.back()));
        features.push_back(TRY(terms.apply(Code::kChoose, {is_missing, missing, value})));
      }
    }
    return terms.add_to(graph, features, path + ".encode");
  }

 private:
  const std::vector<Column> columns_;
  const uint32_t class_count_;
};

/// A column's codes of the training rows; missing ones have the last.
std::vector<uint32_t> codes_of(const data::Column& column, std::span<const uint32_t> rows) {
  std::vector<uint32_t> codes;
  codes.reserve(rows.size());
  for (const uint32_t row : rows) {
    const int32_t code = column.codes[row];
    codes.push_back(code < 0 ? static_cast<uint32_t>(column.dictionary.size())
                             : static_cast<uint32_t>(code));
  }
  return codes;
}

NumberScale scale_of_feature(const PreparationPlan& plan, const Encoding& encoding,
                             std::span<const uint32_t> codes) {
  if (plan.scale == PreparationPlan::Scale::kNone) return {};
  std::vector<double> sorted;
  sorted.reserve(codes.size());
  for (const uint32_t code : codes) sorted.push_back(encoding.values[code]);
  std::ranges::sort(sorted);
  return scale_of(plan.scale, sorted);
}

}  // namespace

Result<FittedPart> fit_target_means(const PartInput& input) {
  const PreparationTarget& target = input.all.target;
  if (target.class_count == 0 && target.values.empty()) {
    return internal_error("target encoding needs the target");
  }
  const std::vector<std::vector<double>> y = targets_of(input.all);
  const std::vector<Fold> folds = TRY(folds_of(input.all));
  const size_t rows = input.all.rows.size();
  std::vector<uint32_t> all(rows);
  for (uint32_t i = 0; i < rows; ++i) all[i] = i;
  FittedPart fitted;
  std::vector<Column> columns;
  for (const PartColumn& wanted : input.columns) {
    const data::Column& source = *wanted.column;
    const std::vector<uint32_t> codes = codes_of(source, input.all.rows);
    const size_t code_count = source.dictionary.size() + 1;
    std::vector<bool> seen(code_count);
    for (const uint32_t code : codes) seen[code] = true;
    Column column;
    column.name = source.name;
    column.place = wanted.place;
    for (const std::vector<double>& values : y) {
      const double smoothing = input.plan.target_smoothing;
      const Encoding full = encode(codes, values, all, code_count, smoothing);
      const NumberScale scale = scale_of_feature(input.plan, full, codes);
      CrossFitted crossed;
      crossed.feature = static_cast<uint32_t>(columns.size() * y.size() + column.outputs.size());
      crossed.values.resize(rows);
      for (const Fold& fold : folds) {
        const Encoding part = encode(codes, values, fold.train, code_count, smoothing);
        for (const uint32_t row : fold.test) {
          crossed.values[row] = (part.values[codes[row]] - scale.shift) / scale.factor;
        }
      }
      fitted.cross_fitted.push_back(std::move(crossed));
      Encoding kept;
      kept.otherwise = full.otherwise;
      for (size_t code = 0; code < code_count; ++code) {
        if (seen[code] || code + 1 == code_count) kept.values.push_back(full.values[code]);
      }
      column.outputs.push_back(std::move(kept));
      column.scales.push_back(scale);
    }
    for (size_t code = 0; code + 1 < code_count; ++code) {
      if (seen[code]) column.texts.emplace_back(source.dictionary.text(static_cast<int32_t>(code)));
    }
    columns.push_back(std::move(column));
  }
  fitted.part = std::make_shared<TargetMeans>(std::move(columns), target.class_count);
  return fitted;
}

}  // namespace slipway::training
