#include "formats/catboost/outputs.h"

#include <fmt/format.h>

#include <limits>

#include "graph/ops/basic.h"
#include "graph/ops/scale.h"

namespace slipway::catboost {
namespace {

using Function = ActivationOp::Function;

std::vector<std::string> label_names(const LabelTable& labels) {
  if (labels.dtype == DType::kString) return labels.strings;
  std::vector<std::string> names;
  for (const double label : labels.floats) names.push_back(fmt::format("{}", label));
  for (const int64_t label : labels.ints) {
    const bool is_bool = labels.dtype == DType::kBool;
    names.push_back(is_bool ? (label != 0 ? "true" : "false") : fmt::format("{}", label));
  }
  return names;
}

class OutputBuilder {
 public:
  OutputBuilder(const Metadata& metadata, GraphBuilder& graph, const std::string& path)
      : metadata_(metadata), graph_(graph), path_(path) {}

  Result<std::vector<OutputSpec>> build(ValueId scores) && {
    const uint32_t width = graph_.type(scores).width;
    if (!metadata_.is_classifier()) {
      TRY_STATUS(add_regression(scores));
    } else if (metadata_.is_multilabel()) {
      TRY_STATUS(add_multilabel(scores));
    } else if (width == 1) {
      TRY_STATUS(add_binary(scores));
    } else {
      scores = TRY(spread(scores));
      TRY_STATUS(add_multiclass(scores));
    }
    add_numbers("raw", scores, graph_.type(scores).width == 1);
    return std::move(outputs_);
  }

 private:
  Result<ValueId> activate(Function function, ValueId value) {
    return graph_.add(std::make_unique<ActivationOp>(function), {value}, path_);
  }
  Result<ValueId> column(ValueId value, uint32_t index) {
    return graph_.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, index}}), {value},
                      path_);
  }

  void add_numbers(std::string name, ValueId value, bool is_vector) {
    OutputSpec output;
    output.name = std::move(name);
    output.value = value;
    output.width = graph_.type(value).width;
    output.is_vector = is_vector;
    if (metadata_.is_classifier() && output.width == metadata_.labels.size()) {
      output.columns = label_names(metadata_.labels);
    }
    outputs_.push_back(std::move(output));
  }

  void add_labels(ValueId value, bool is_vector, std::vector<LabelTable> labels) {
    OutputSpec output;
    output.name = "predict";
    output.value = value;
    output.dtype = labels[0].dtype;
    output.width = static_cast<uint32_t>(labels.size());
    output.is_vector = is_vector;
    output.labels = std::move(labels);
    outputs_.push_back(std::move(output));
  }

  Status add_regression(ValueId scores) {
    const uint32_t width = graph_.type(scores).width;
    ValueId answer = scores;
    if (metadata_.loss == "Poisson" || metadata_.loss == "Tweedie") {
      answer = TRY(activate(Function::kExp, scores));
    } else if (metadata_.loss == "RMSEWithUncertainty" && width == 2) {
      answer = TRY(with_variance(scores));
    }
    add_numbers("predict", answer, width == 1);
    return {};
  }

  /// The second score is the logarithm of the standard deviation.
  Result<ValueId> with_variance(ValueId scores) {
    const ValueId deviation = TRY(column(scores, 1));
    const ValueId doubled =
        TRY(graph_.add(std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, 1,
                                                 std::vector<double>(), std::vector<double>{2.0}),
                       {deviation}, path_));
    const ValueId variance = TRY(activate(Function::kExp, doubled));
    return graph_.add(std::make_unique<SelectOp>(std::vector<ColumnPick>{{0, 0}, {1, 0}}),
                      {scores, variance}, path_);
  }

  Status add_binary(ValueId scores) {
    const ValueId index =
        TRY(graph_.add(std::make_unique<ArgMaxOp>(metadata_.score_min), {scores}, path_));
    add_labels(index, true, {metadata_.labels});
    add_numbers("predict_proba", TRY(activate(Function::kLogisticPair, scores)), false);
    add_numbers("predict_log_proba", TRY(activate(Function::kLogLogisticPair, scores)), false);
    return {};
  }

  /// CatBoost gives classes as a column.
  Status add_multiclass(ValueId scores) {
    const bool one_vs_all = metadata_.loss == "MultiClassOneVsAll";
    const ValueId index = TRY(graph_.add(std::make_unique<ArgMaxOp>(), {scores}, path_));
    add_labels(index, false, {metadata_.labels});
    const Function link = one_vs_all ? Function::kLogistic : Function::kSoftmax;
    const Function log_link = one_vs_all ? Function::kLogLogistic : Function::kLogSoftmax;
    add_numbers("predict_proba", TRY(activate(link, scores)), false);
    add_numbers("predict_log_proba", TRY(activate(log_link, scores)), false);
    return {};
  }

  /// Each target by itself: 0 or 1.
  Status add_multilabel(ValueId scores) {
    LabelTable no_and_yes;
    no_and_yes.ints = {0, 1};
    std::vector<ValueId> indices;
    const uint32_t width = graph_.type(scores).width;
    for (uint32_t i = 0; i < width; ++i) {
      const ValueId score = TRY(column(scores, i));
      indices.push_back(
          TRY(graph_.add(std::make_unique<ArgMaxOp>(metadata_.score_min), {score}, path_)));
    }
    const ValueId all =
        TRY(graph_.add(std::make_unique<ConcatIndexOp>(), std::move(indices), path_));
    add_labels(all, false, std::vector<LabelTable>(width, no_and_yes));
    add_numbers("predict_proba", TRY(activate(Function::kLogistic, scores)), false);
    add_numbers("predict_log_proba", TRY(activate(Function::kLogLogistic, scores)), false);
    return {};
  }

  /// A score for each class: minus infinity for those that the training did not see.
  Result<ValueId> spread(ValueId scores) {
    const std::vector<uint32_t>& classes = metadata_.classes_of_dimensions;
    const size_t width = metadata_.labels.size();
    bool in_order = classes.size() == width;
    for (size_t i = 0; i < classes.size(); ++i) in_order = in_order && classes[i] == i;
    if (in_order) return scores;
    std::vector<ColumnPick> picks(width, ColumnPick{0, 0});
    std::vector<double> shift(width, -std::numeric_limits<double>::infinity());
    for (uint32_t i = 0; i < classes.size(); ++i) {
      picks[classes[i]].column = i;
      shift[classes[i]] = 0;
    }
    const ValueId picked =
        TRY(graph_.add(std::make_unique<SelectOp>(std::move(picks)), {scores}, path_));
    return graph_.add(
        std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, static_cast<uint32_t>(width),
                                  std::move(shift), std::vector<double>()),
        {picked}, path_);
  }

  const Metadata& metadata_;
  GraphBuilder& graph_;
  const std::string& path_;
  std::vector<OutputSpec> outputs_;
};

}  // namespace

Result<std::vector<OutputSpec>> add_outputs(const Metadata& metadata, GraphBuilder& graph,
                                            ValueId scores, const std::string& path) {
  return OutputBuilder(metadata, graph, path).build(scores);
}

}  // namespace slipway::catboost
