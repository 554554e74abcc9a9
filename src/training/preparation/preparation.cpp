#include "training/preparation/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "data/frame_rows.h"
#include "graph/ops/basic.h"
#include "training/preparation/internal/cleaning.h"
#include "training/preparation/internal/part.h"
#include "training/preparation/internal/run_matrix.h"

namespace slipway::training {
namespace {

/// Answers of a model of the frame's columns, rows from `first` on.
class FrameRows {
 public:
  FrameRows(const Executable& model, const data::Frame& frame, std::span<const uint32_t> rows)
      : model_(model), frame_(frame), rows_(rows) {}
  Status operator()(size_t first, size_t count, double* out) const {
    const auto source =
        TRY(data::open_frame_rows(frame_, model_.signature(), {}, {}, rows_.subspan(first, count)));
    const auto scratch = model_.make_scratch();
    InputBuffer input;
    std::vector<rows::KeyCell> keys;
    std::vector<OutputBuffer> outputs;
    TRY(source->next(count, input, keys));
    TRY_STATUS(model_.run(input.batch(), 1, *scratch, outputs));
    std::ranges::copy(outputs[0].numbers, out);
    return {};
  }

 private:
  const Executable& model_;
  const data::Frame& frame_;
  const std::span<const uint32_t> rows_;
};

/// The columns by the part that makes features of them.
struct Kinds {
  std::vector<PartColumn> numbers;
  std::vector<PartColumn> times;
  std::vector<PartColumn> categories;
  std::vector<PartColumn> texts;
  std::deque<data::Column> cleaned;  // those with rules, which the others point to

  std::vector<PartColumn>& of(data::ColumnKind kind) {
    switch (kind) {
      case data::ColumnKind::kTime: return times;
      case data::ColumnKind::kCategory: return categories;
      case data::ColumnKind::kText: return texts;
      default: return numbers;
    }
  }
};

Status check_rules(const PreparationInput& input, const data::CleaningRules& rules) {
  for (const auto& [name, list] : rules) {
    if (std::ranges::find(input.columns, name) == input.columns.end()) {
      return invalid_argument(
          fmt::format("there are cleaning rules for '{}', which is no feature", name));
    }
  }
  return {};
}

Result<Kinds> sorted_by_kind(const PreparationInput& input, const data::CleaningRules* rules) {
  if (input.columns.empty()) return invalid_argument("there is no column to learn from");
  if (rules != nullptr) TRY_STATUS(check_rules(input, *rules));
  Kinds kinds;
  for (uint32_t place = 0; place < input.columns.size(); ++place) {
    const std::string& name = input.columns[place];
    const data::Column* column = input.frame->find(name);
    if (column == nullptr) return invalid_argument(fmt::format("there is no column '{}'", name));
    if (rules != nullptr && rules->contains(name)) {
      kinds.cleaned.push_back(TRY(clean_column(*column, rules->find(name)->second)));
      column = &kinds.cleaned.back();
    }
    if (std::ranges::all_of(input.rows, [&](uint32_t row) { return column->is_missing(row); })) {
      return invalid_argument(fmt::format("column '{}' has no value in the {} rows to learn from",
                                          name, input.rows.size()));
    }
    kinds.of(column->kind).push_back({place, column});
  }
  return kinds;
}

/// What the model takes for each column of the table.
std::vector<InputColumn> input_columns(const PreparationInput& input, const Kinds& kinds) {
  std::vector<InputColumn> columns(input.columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].name = input.columns[i];
    const data::Column& column = *input.frame->find(columns[i].name);
    if (!column.is_text() && column.kind != data::ColumnKind::kTime) continue;
    columns[i].type = ColumnType::kText;
    columns[i].takes_integers = true;
  }
  // Rows of tables, whose times are numbers, are given in this form too (data/frame_rows.h).
  for (const PartColumn& time : kinds.times) {
    const uint32_t row = *std::ranges::find_if(
        input.rows, [&](uint32_t place) { return !time.column->is_missing(place); });
    columns[time.place].example = fmt::format("\"{}\"", time.column->cell_text(row));
  }
  return columns;
}

void overwrite(const CrossFitted& feature, uint32_t first, uint32_t width,
               std::vector<double>& matrix) {
  for (size_t row = 0; row < feature.values.size(); ++row) {
    matrix[row * width + first + feature.feature] = feature.values[row];
  }
}

}  // namespace

Result<FittedPreparation> Preparation::fit(const PreparationInput& input,
                                           const PreparationPlan& plan) {
  Kinds kinds = TRY(sorted_by_kind(input, plan.rules.get()));
  FittedPreparation fitted;
  Preparation& made = fitted.preparation;
  made.columns_ = input_columns(input, kinds);
  made.rules_ = plan.rules;
  std::vector<FittedPart> parts;
  const auto add = [&](Result<FittedPart> (*fit)(const PartInput&),
                       std::vector<PartColumn>& columns) -> Status {
    if (columns.empty()) return {};
    parts.push_back(TRY(fit({input, plan, std::move(columns)})));
    return {};
  };
  TRY_STATUS(add(fit_numbers, kinds.numbers));
  TRY_STATUS(add(fit_times, kinds.times));
  TRY_STATUS(add(fit_categories, kinds.categories));
  TRY_STATUS(add(fit_texts, kinds.texts));
  std::vector<uint32_t> firsts;  // of each part, its first feature
  for (const FittedPart& part : parts) {
    firsts.push_back(made.width());
    std::ranges::move(part.part->names(), std::back_inserter(made.names_));
    made.parts_.push_back(part.part);
  }
  fitted.training_matrix = TRY(made.transform(*input.frame, input.rows, input.threads));
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const CrossFitted& feature : parts[i].cross_fitted) {
      overwrite(feature, firsts[i], made.width(), fitted.training_matrix);
    }
  }
  TRY_STATUS(made.fit_steps(input, plan, fitted.training_matrix));
  return fitted;
}

Status Preparation::fit_steps(const PreparationInput& input, const PreparationPlan& plan,
                              std::vector<double>& matrix) {
  std::vector<Result<std::shared_ptr<const Step>> (*)(const StepInput&)> wanted;
  if (plan.degree > 1) wanted.push_back(fit_polynomial);
  if (plan.variance_threshold) wanted.push_back(fit_variance);
  if (plan.select != PreparationPlan::Select::kAll) wanted.push_back(fit_selection);
  for (const auto fit : wanted) {
    const StepInput step_input{input, plan, matrix, names_};
    std::shared_ptr<const Step> step = TRY(fit(step_input));
    const auto append = [&](GraphBuilder& graph) {
      return step->append(graph, kNumbersInput, "step");
    };
    matrix = TRY(run_matrix(matrix, names_.size(), append, input.threads));
    names_ = step->names();
    steps_.push_back(std::move(step));
  }
  return {};
}

Signature Preparation::signature() const {
  Signature signature;
  signature.columns = columns_;
  signature.columns_named = true;
  signature.matrices.strings =
      std::ranges::any_of(columns_, [](const InputColumn& column) { return column.is_text(); });
  return signature;
}

Result<ValueId> Preparation::append_parts(GraphBuilder& graph, const std::string& path) const {
  PartSource source;
  if (rules_ != nullptr) source = TRY(append_cleaning(graph, columns_, *rules_, path));
  std::vector<ValueId> values;
  std::vector<ColumnPick> picks;
  for (const auto& part : parts_) {
    const ValueId value = TRY(part->append(graph, source, path));
    const auto number = static_cast<uint32_t>(values.size());
    for (uint32_t i = 0; i < graph.type(value).width; ++i) picks.push_back({number, i});
    values.push_back(value);
  }
  if (values.size() == 1) return values[0];
  return graph.add(std::make_unique<SelectOp>(std::move(picks)), std::move(values), path);
}

Result<ValueId> Preparation::append(GraphBuilder& graph, const std::string& path) const {
  ValueId value = TRY(append_parts(graph, path));
  for (const auto& step : steps_) value = TRY(step->append(graph, value, path));
  return value;
}

Result<std::vector<double>> Preparation::transform(const data::Frame& frame,
                                                   std::span<const uint32_t> rows,
                                                   unsigned threads) const {
  GraphBuilder builder(static_cast<uint32_t>(columns_.size()));
  const ValueId value = TRY(append(builder, "preparation"));
  const auto model = TRY(compile_value(std::move(builder), signature(), value));
  return run_batches(rows.size(), width(), threads, FrameRows(*model, frame, rows));
}

}  // namespace slipway::training
