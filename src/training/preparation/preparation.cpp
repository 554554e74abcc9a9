#include "training/preparation/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/frame_rows.h"
#include "graph/ops/basic.h"
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
  std::vector<PartColumn> categories;
};

Result<Kinds> sorted_by_kind(const PreparationInput& input) {
  if (input.columns.empty()) return invalid_argument("there is no column to learn from");
  Kinds kinds;
  for (uint32_t place = 0; place < input.columns.size(); ++place) {
    const std::string& name = input.columns[place];
    const data::Column* column = input.frame->find(name);
    if (column == nullptr) return invalid_argument(fmt::format("there is no column '{}'", name));
    if (column->kind == data::ColumnKind::kTime || column->kind == data::ColumnKind::kText) {
      return unimplemented(
          fmt::format("column '{}' holds {}, which cannot be learnt from; leave it out, or say "
                      "another type for it",
                      name, column->kind == data::ColumnKind::kTime ? "times" : "free texts"));
    }
    if (std::ranges::all_of(input.rows, [&](uint32_t row) { return column->is_missing(row); })) {
      return invalid_argument(fmt::format("column '{}' has no value in the {} rows to learn from",
                                          name, input.rows.size()));
    }
    (column->is_text() ? kinds.categories : kinds.numbers).push_back({place, column});
  }
  return kinds;
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
  Kinds kinds = TRY(sorted_by_kind(input));
  FittedPreparation fitted;
  Preparation& made = fitted.preparation;
  made.columns_.resize(input.columns.size());
  for (size_t i = 0; i < input.columns.size(); ++i) made.columns_[i].name = input.columns[i];
  for (const PartColumn& column : kinds.categories) {
    made.columns_[column.place].type = ColumnType::kText;
    made.columns_[column.place].takes_integers = true;
  }
  std::vector<FittedPart> parts;
  const auto add = [&](Result<FittedPart> (*fit)(const PartInput&),
                       std::vector<PartColumn>& columns) -> Status {
    if (columns.empty()) return {};
    parts.push_back(TRY(fit({input, plan, std::move(columns)})));
    return {};
  };
  TRY_STATUS(add(fit_numbers, kinds.numbers));
  TRY_STATUS(add(fit_categories, kinds.categories));
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
    matrix = TRY(run_matrix(matrix, names_.size(), input.threads, [&](GraphBuilder& graph) {
      return step->append(graph, kNumbersInput, "step");
    }));
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
  std::vector<ValueId> values;
  std::vector<ColumnPick> picks;
  for (const auto& part : parts_) {
    const ValueId value = TRY(part->append(graph, path));
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
