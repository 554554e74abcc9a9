// Operators of ai.onnx.ml that map labels, and what classifiers share.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/onnx/internal/call.h"
#include "graph/ops/basic.h"

namespace slipway::onnx {
namespace {

constexpr std::string_view kMl = "ai.onnx.ml";

struct Column {
  std::optional<DType> type;  // kString, kInt64, kFloat32, kFloat64
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

/// "keys" or "values": one of keys_strings, keys_int64s, keys_floats, keys_tensor.
Result<Column> column(Call& call, const std::string& name) {
  Column result;
  if (const auto tensor = TRY(call.tensor(name + "_tensor")); tensor.has_value()) {
    result.type = tensor->type;
    result.numbers = tensor->constant->numbers;
    result.texts = tensor->constant->texts;
  } else if (call.has(name + "_strings")) {
    result.type = DType::kString;
    result.texts = call.texts(name + "_strings");
  } else if (call.has(name + "_int64s")) {
    result.type = DType::kInt64;
    for (const int64_t x : call.integers(name + "_int64s")) {
      result.numbers.push_back(static_cast<double>(x));
    }
  } else if (call.has(name + "_floats")) {
    result.type = DType::kFloat32;
    result.numbers = call.reals(name + "_floats");
  }
  return result;
}

Result<Value> look_up(Call& call, const Value& x, TensorLookUpOp::Table table, DType type) {
  const ValueId source = TRY(call.lower.id_of(x));
  const ValueId id =
      TRY(call.lower.add(std::make_unique<TensorLookUpOp>(std::move(table)), {source}));
  return call.lower.wrap(id, type, x.dims);
}

/// Version 1: classes_strings, either way.
Result<Column> label_classes(Call& call) {
  Column classes;
  classes.texts = call.texts("classes_strings");
  for (size_t i = 0; i < classes.texts.size(); ++i) {
    classes.numbers.push_back(static_cast<double>(i));
  }
  return classes;
}

/// Texts to numbers or numbers to texts, with pairs of both.
Result<Values> either_way(Call& call, std::vector<std::string> texts, std::vector<double> numbers) {
  const Value x = TRY(call.input(0));
  if (texts.size() != numbers.size()) return invalid_argument("its categories are not pairs");
  TensorLookUpOp::Table table;
  table.text_keys = x.is_text();
  table.text_values = !x.is_text();
  if (x.is_text()) {
    table.key_texts = std::move(texts);
    table.value_numbers = std::move(numbers);
    table.value_numbers.push_back(static_cast<double>(call.integer("default_int64", -1)));
  } else {
    table.key_numbers = std::move(numbers);
    table.value_texts = std::move(texts);
    table.value_texts.emplace_back(call.text("default_string", "_Unused"));
  }
  return one(look_up(call, x, std::move(table), x.is_text() ? DType::kInt64 : DType::kString));
}

Result<Values> label_encoder(Call& call) {
  if (call.version < 2 || call.has("classes_strings")) {
    Column classes = TRY(label_classes(call));
    return either_way(call, std::move(classes.texts), std::move(classes.numbers));
  }
  const Value x = TRY(call.input(0));
  Column keys = TRY(column(call, "keys"));
  Column values = TRY(column(call, "values"));
  if (!keys.type.has_value() || !values.type.has_value()) {
    return invalid_argument("it has no keys or no values");
  }
  if ((keys.type == DType::kString) != x.is_text()) {
    return invalid_argument("its keys are of another type than its input");
  }
  TensorLookUpOp::Table table;
  table.text_keys = x.is_text();
  table.text_values = values.type == DType::kString;
  table.key_numbers = std::move(keys.numbers);
  table.key_texts = std::move(keys.texts);
  const size_t key_count = table.text_keys ? table.key_texts.size() : table.key_numbers.size();
  if (std::max(values.texts.size(), values.numbers.size()) != key_count) {
    return invalid_argument("it has another number of keys than of values");
  }
  table.value_numbers = std::move(values.numbers);
  table.value_texts = std::move(values.texts);
  const auto fallback = TRY(call.tensor("default_tensor"));
  if (fallback.has_value() && fallback->type != values.type) {
    return invalid_argument("its default is of another type than its values");
  }
  if (table.text_values) {
    table.value_texts.push_back(fallback.has_value() && !fallback->constant->texts.empty()
                                    ? fallback->constant->texts[0]
                                    : std::string(call.text("default_string", "_Unused")));
  } else if (fallback.has_value() && !fallback->constant->numbers.empty()) {
    table.value_numbers.push_back(fallback->constant->numbers[0]);
  } else if (is_whole(*values.type)) {
    table.value_numbers.push_back(static_cast<double>(call.integer("default_int64", -1)));
  } else {
    table.value_numbers.push_back(call.real("default_float", -0.0));
  }
  return one(look_up(call, x, std::move(table), *values.type));
}

Result<Values> category_mapper(Call& call) {
  std::vector<double> numbers;
  for (const int64_t x : call.integers("cats_int64s")) numbers.push_back(static_cast<double>(x));
  return either_way(call, call.texts("cats_strings"), std::move(numbers));
}

/// A matrix of probabilities to a list of maps; here it stays a matrix, with names.
Result<Values> zip_map(Call& call) {
  Value x = TRY(call.input(0));
  std::vector<std::string> names = call.texts("classlabels_strings");
  for (const int64_t label : call.integers("classlabels_int64s")) {
    names.push_back(std::to_string(label));
  }
  if (x.dims.empty() || x.dims.back() != static_cast<int64_t>(names.size())) {
    return invalid_argument("it has another number of labels than of scores");
  }
  if (TRY(element_count(x.dims)) == names.size()) x.columns = std::move(names);
  return one(std::move(x));
}

}  // namespace

Result<Value> post_transform(Call& call, const Value& scores) {
  const std::string_view name = call.text("post_transform", "NONE");
  Lowering& lower = call.lower;
  const size_t last = scores.dims.size() - 1;
  const auto width = static_cast<uint32_t>(scores.dims[last]);
  const auto group = [&](TensorGroupOp::Function function) {
    return lower.group(function, scores, last, width, scores.type);
  };
  if (name == "SOFTMAX") return group(TensorGroupOp::Function::kSoftmax);
  if (name == "SOFTMAX_ZERO") return group(TensorGroupOp::Function::kSoftmaxZero);
  if (name == "LOGISTIC") return lower.unary(UnaryFunction::kLogistic, {}, scores.type, scores);
  if (name == "PROBIT") return lower.unary(UnaryFunction::kProbit, {}, scores.type, scores);
  if (name == "NONE") return scores;
  return invalid_argument(fmt::format("its post_transform is unknown: {}", name));
}

Result<std::shared_ptr<const LabelTable>> class_labels(Call& call, std::string_view ints,
                                                       std::string_view strings) {
  auto labels = std::make_shared<LabelTable>();
  labels->strings = call.texts(strings);
  if (labels->strings.empty()) {
    labels->ints = call.integers(ints);
  } else {
    labels->dtype = DType::kString;
  }
  if (labels->size() == 0) return invalid_argument("it has no labels");
  return std::shared_ptr<const LabelTable>(std::move(labels));
}

Result<Value> largest_label(Call& call, const Value& scores,
                            std::shared_ptr<const LabelTable> labels) {
  if (scores.dims.empty() || scores.dims.back() < 2 ||
      labels->size() != static_cast<size_t>(scores.dims.back())) {
    return invalid_argument(fmt::format("it has {} labels for scores of shape {}", labels->size(),
                                        to_string(scores.dims)));
  }
  const ValueId source = TRY(call.lower.id_of(scores));
  Dims dims(scores.dims.begin(), scores.dims.end() - 1);
  const DType type = labels->dtype;
  const ValueId id = TRY(call.lower.add(std::make_unique<ArgMaxOp>(), {source}));
  Value value = TRY(call.lower.wrap(id, type, std::move(dims)));
  value.labels = std::move(labels);
  return value;
}

Result<Value> label_above(Call& call, const Value& score, double threshold, bool inclusive,
                          std::shared_ptr<const LabelTable> labels) {
  if (score.dims.empty() || score.dims.back() != 1 || labels->size() != 2) {
    return invalid_argument("expected one score and two labels");
  }
  const ValueId source = TRY(call.lower.id_of(score));
  const DType type = labels->dtype;
  const ValueId id =
      TRY(call.lower.add(std::make_unique<ArgMaxOp>(threshold, inclusive), {source}));
  Value value = TRY(call.lower.wrap(id, type, Dims(score.dims.begin(), score.dims.end() - 1)));
  value.labels = std::move(labels);
  return value;
}

std::span<const Operator> label_operators() {
  static constexpr std::array kTable = {
      Operator{kMl, "LabelEncoder", 1, 5, label_encoder},
      Operator{kMl, "CategoryMapper", 1, 5, category_mapper},
      Operator{kMl, "ZipMap", 1, 5, zip_map},
  };
  return kTable;
}

}  // namespace slipway::onnx
