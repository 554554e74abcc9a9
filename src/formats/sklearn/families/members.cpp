#include "formats/sklearn/families/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/sklearn/attributes.h"
#include "formats/sklearn/classifier.h"
#include "formats/sklearn/families/composition.h"
#include "graph/ops/scale.h"

namespace slipway::sklearn {

Step unknown_step() {
  Step step;
  step.unknown = true;
  step.transform = Features{};
  step.transform->unknown = true;
  return step;
}

Result<std::vector<pickle::Value>> member_list(pickle::Value self, std::string_view attribute) {
  const pickle::Value list = TRY(self.attr(attribute));
  const pickle::Array<pickle::Value> all = TRY(pickle::to_values(list));
  std::vector<pickle::Value> members;
  for (const pickle::Value member : all.values) {
    if (!member.is_none() && !is_drop(member)) members.push_back(member);
  }
  return members;
}

Result<Members> lower_members(Lowering& lowering, pickle::Value self, std::string_view attribute,
                              const Features& input) {
  const std::vector<pickle::Value> list = TRY(member_list(self, attribute));
  if (list.empty()) {
    return invalid_argument(fmt::format("{}.{}: no estimators in it", self.name(), attribute));
  }
  Members members;
  for (size_t i = 0; i < list.size(); ++i) {
    members.steps.push_back(lowering.lower(list[i], input, fmt::format("{}.{}", attribute, i)));
    members.unknown = members.unknown || members.steps.back().unknown;
  }
  return members;
}

Result<const Method*> method_of(const Step& step, std::string_view name) {
  const Method* method = step.find(name);
  if (method == nullptr) {
    return unimplemented(fmt::format("an estimator inside it has no {} that can be used", name));
  }
  return method;
}

std::vector<const Method*> methods_of(const Step& step, const std::string& name) {
  if (const Method* method = step.find(name)) return {method};
  std::vector<const Method*> methods;
  while (const Method* method = step.find(fmt::format("{}_{}", name, methods.size()))) {
    methods.push_back(method);
  }
  return methods;
}

namespace {

Result<std::vector<double>> label_numbers(const LabelTable& labels) {
  if (labels.dtype == DType::kString) {
    return unimplemented("it computes with an inner estimator's labels, but they are texts");
  }
  if (labels.dtype == DType::kFloat64) return labels.floats;
  return std::vector<double>(labels.ints.begin(), labels.ints.end());
}

}  // namespace

Result<ValueId> as_numbers(Lowering& lowering, const Method& method) {
  const ValueType type = lowering.type(method.value);
  if (type.kind == ValueKind::kDense) return method.value;
  if (type.kind != ValueKind::kIndex) {
    return unimplemented(fmt::format("{} of an inner estimator gives texts", method.name));
  }
  std::vector<ValueId> columns;
  for (uint32_t i = 0; i < type.width; ++i) {
    const ValueId column =
        type.width == 1 ? method.value
                        : TRY(lowering.add(std::make_unique<SelectIndexOp>(i), {method.value}));
    columns.push_back(TRY(lowering.add(
        std::make_unique<LookupOp>(1, TRY(label_numbers(method.labels[i]))), {column})));
  }
  return side_by_side(lowering, columns);
}

Result<ValueId> pick_columns(Lowering& lowering, ValueId value,
                             const std::vector<uint32_t>& picks) {
  std::vector<ColumnPick> columns;
  for (const uint32_t pick : picks) columns.push_back({0, pick});
  return lowering.add(std::make_unique<SelectOp>(std::move(columns)), {value});
}

Result<ValueId> side_by_side(Lowering& lowering, const std::vector<ValueId>& values) {
  if (values.size() == 1) return values[0];
  std::vector<ColumnPick> picks;
  for (uint32_t k = 0; k < values.size(); ++k) {
    const uint32_t width = lowering.type(values[k]).width;
    TRY_STATUS(lowering.spend(width));
    for (uint32_t i = 0; i < width; ++i) picks.push_back({k, i});
  }
  return lowering.add(std::make_unique<SelectOp>(std::move(picks)), values);
}

Result<ValueId> scaled(Lowering& lowering, ValueId value, double factor, double shift) {
  const uint32_t width = lowering.type(value).width;
  std::vector<double> shifts;
  if (shift != 0) shifts.assign(width, shift);
  return lowering.add(
      std::make_unique<ScaleOp>(ScaleOp::Form::kMultiplyAdd, width, std::move(shifts),
                                std::vector<double>(width, factor)),
      {value});
}

Result<ValueId> combined(Lowering& lowering, std::vector<ValueId> values,
                         std::vector<double> weights, double divisor) {
  if (values.size() == 1 && weights.empty() && divisor == 1) return values[0];
  return lowering.add(
      std::make_unique<CombineOp>(CombineOp::Function::kSum, std::move(weights), divisor),
      std::move(values));
}

Result<ValueId> row_function(Lowering& lowering, ValueId value, RowFunctionOp::Function function) {
  return lowering.add(std::make_unique<RowFunctionOp>(function), {value});
}

Result<ValueId> activated(Lowering& lowering, ValueId value, ActivationOp::Function function) {
  return lowering.add(std::make_unique<ActivationOp>(function), {value});
}

Result<const LabelTable*> classes_of(const Step& step) {
  const Method* predict = TRY(method_of(step, "predict"));
  if (predict->labels.size() != 1) {
    return unimplemented("an estimator inside it is no classifier of one target");
  }
  return &predict->labels[0];
}

Result<std::vector<uint32_t>> label_places(const LabelTable& part, const LabelTable& whole) {
  std::vector<uint32_t> places;
  const auto find = [&](const auto& wanted, const auto& all) {
    for (const auto& label : wanted) {
      const auto found = std::find(all.begin(), all.end(), label);
      if (found == all.end()) return false;
      places.push_back(static_cast<uint32_t>(found - all.begin()));
    }
    return true;
  };
  bool complete = false;
  if (part.dtype == DType::kString || whole.dtype == DType::kString) {
    complete = part.dtype == whole.dtype && find(part.strings, whole.strings);
  } else {
    complete = find(TRY(label_numbers(part)), TRY(label_numbers(whole)));
  }
  if (!complete) {
    return invalid_argument("an estimator inside it has a class that it has not itself");
  }
  return places;
}

Result<std::vector<uint32_t>> code_places(const LabelTable& codes, size_t count) {
  std::vector<uint32_t> places;
  for (const double code : TRY(label_numbers(codes))) {
    if (!(code >= 0) || !(code < static_cast<double>(count))) {
      return invalid_argument(
          fmt::format("an estimator inside it has class {} of {}", code, count));
    }
    places.push_back(static_cast<uint32_t>(code));
  }
  return places;
}

LabelTable labels_at(const LabelTable& labels, const std::vector<uint32_t>& places) {
  LabelTable picked;
  picked.dtype = labels.dtype;
  for (const uint32_t place : places) {
    if (labels.dtype == DType::kString) {
      picked.strings.push_back(labels.strings[place]);
    } else if (labels.dtype == DType::kFloat64) {
      picked.floats.push_back(labels.floats[place]);
    } else {
      picked.ints.push_back(labels.ints[place]);
    }
  }
  return picked;
}

Result<ValueId> class_votes(Lowering& lowering, const Method& predict,
                            const std::vector<uint32_t>& places, uint32_t width, double hit,
                            double miss) {
  TRY_STATUS(lowering.spend(uint64_t{width} * places.size()));
  std::vector<double> table(size_t{width} * places.size(), miss);
  for (size_t i = 0; i < places.size(); ++i) table[i * width + places[i]] = hit;
  return lowering.add(std::make_unique<LookupOp>(width, std::move(table)), {predict.value});
}

Result<ValueId> placed(Lowering& lowering, ValueId value, const std::vector<uint32_t>& places,
                       uint32_t width, double fill) {
  bool in_order = places.size() == width && lowering.type(value).width == width;
  for (uint32_t i = 0; i < width && in_order; ++i) in_order = places[i] == i;
  if (in_order) return value;
  return lowering.add(std::make_unique<PlaceColumnsOp>(width, places, fill), {value});
}

Result<Method> several_labels(Lowering& lowering, const std::vector<ValueId>& indices,
                              std::vector<LabelTable> labels) {
  for (const LabelTable& table : labels) {
    if (table.dtype != labels[0].dtype) {
      return unimplemented("targets whose labels are of different types");
    }
  }
  Method predict;
  predict.name = "predict";
  predict.value = TRY(lowering.add(std::make_unique<ConcatIndexOp>(), indices));
  predict.width = static_cast<uint32_t>(labels.size());
  predict.dtype = labels[0].dtype;
  predict.labels = std::move(labels);
  return predict;
}

Result<Step> plain_probability_classifier(Lowering& lowering, ValueId probabilities,
                                          const LabelTable& labels) {
  const auto width = static_cast<uint32_t>(labels.size());
  if (lowering.type(probabilities).width != width) {
    return invalid_argument(fmt::format("it has {} classes, but probabilities for {}", width,
                                        lowering.type(probabilities).width));
  }
  Step step;
  const double threshold = width == 1 ? std::numeric_limits<double>::infinity() : 0;
  const ValueId index = TRY(lowering.add(std::make_unique<ArgMaxOp>(threshold), {probabilities}));
  step.methods.push_back(label_method(index, labels));
  step.methods.push_back(
      number_method("predict_proba", probabilities, width, false, label_names(labels)));
  return step;
}

}  // namespace slipway::sklearn
