#include "cli/evaluation/judged.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/cell_text.h"

namespace slipway::cli {
namespace {

template <typename T>
std::vector<T> gathered(const std::vector<T>& from, size_t width,
                        const std::vector<uint32_t>& rows) {
  std::vector<T> out;
  if (from.empty()) return out;
  out.reserve(rows.size() * width);
  for (const uint32_t row : rows) {
    const auto begin = from.begin() + static_cast<ptrdiff_t>(row * width);
    out.insert(out.end(), begin, begin + static_cast<ptrdiff_t>(width));
  }
  return out;
}

/// A cell as the text of a label.
std::string label_of(const data::Column& column, size_t row) {
  return column.is_text() ? column.cell_text(row) : label_text(column.numbers[row]);
}

std::optional<int32_t> class_of(const data::Column& column, size_t row, const ClassTable& table) {
  if (column.is_text()) return table.find(column.cell_text(row));
  if (table.holds_numbers()) return table.find(column.numbers[row]);
  return table.find(column.cell_text(row));
}

/// Cut between characters, for messages.
std::string_view quoted(std::string_view label) {
  constexpr size_t kBytesMax = 80;
  if (label.size() <= kBytesMax) return label;
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0U) == 0x80U) --end;
  return label.substr(0, end);
}

/// Classes 0 to count - 1.
ClassTable numbered(size_t count) {
  std::vector<std::string> texts;
  texts.reserve(count);
  for (size_t i = 0; i < count; ++i) texts.push_back(fmt::format("{}", i));
  return {std::move(texts), true};
}

bool are_numbers_below(const std::vector<std::string>& labels, size_t count) {
  const ClassTable table = numbered(count);
  return std::ranges::all_of(labels, [&](const std::string& label) {
    return table.find(std::string_view(label)).has_value();
  });
}

/// All labels that the truth and the answers hold, ascending.
std::vector<std::string> labels_found(const data::Column& target, const Predictions& predictions) {
  std::set<std::string> found(predictions.label_texts.begin(), predictions.label_texts.end());
  for (const double number : predictions.label_numbers) found.insert(label_text(number));
  for (size_t row = 0; row < target.rows(); ++row) found.insert(label_of(target, row));
  std::vector<std::string> labels(found.begin(), found.end());
  if (predictions.label_texts.empty()) {
    std::ranges::stable_sort(labels, [](const std::string& a, const std::string& b) {
      return data::parse_number(a).value < data::parse_number(b).value;
    });
  }
  return labels;
}

/// Of a model that does not say what its classes are: the names of its probabilities' columns if
/// they are the labels, else what is found, in ascending order.
ClassTable found_classes(const data::Column& target, const Predictions& predictions,
                         const Signature& signature, const ModelRoles& roles) {
  std::vector<std::string> labels = labels_found(target, predictions);
  const bool are_numbers = predictions.label_texts.empty();
  if (roles.probabilities.has_value()) {
    const OutputSpec& output = signature.outputs[*roles.probabilities];
    ClassTable named(output.columns, are_numbers);
    const auto is_named = [&](const std::string& label) {
      return named.find(std::string_view(label)).has_value();
    };
    if (output.columns.size() == output.width && std::ranges::all_of(labels, is_named)) {
      return named;
    }
    if (are_numbers && labels.size() != output.width && are_numbers_below(labels, output.width)) {
      return numbered(output.width);
    }
  }
  return {std::move(labels), are_numbers};
}

/// Probabilities as rows x classes; empty, with a note, if they are none.
std::vector<double> probabilities_of(Predictions& predictions, size_t classes,
                                     const std::string& output, std::vector<std::string>& notes) {
  if (predictions.probabilities.empty()) return {};
  // Sums of float32 may end beyond 1 by their rounding.
  constexpr double kRounding = 1e-6;
  for (double& value : predictions.probabilities) {
    if (!(value >= -kRounding && value <= 1 + kRounding)) {
      notes.push_back(
          fmt::format("output '{}' holds {}, which is no probability: what needs "
                      "probabilities is left out",
                      output, value));
      return {};
    }
    value = std::clamp(value, 0.0, 1.0);
  }
  if (predictions.width == 1 && classes == 2) {
    std::vector<double> both;
    both.reserve(2 * predictions.probabilities.size());
    for (const double value : predictions.probabilities) {
      both.push_back(1 - value);
      both.push_back(value);
    }
    return both;
  }
  if (predictions.width == classes) return std::move(predictions.probabilities);
  notes.push_back(
      fmt::format("output '{}' has {} columns for {} classes: what needs probabilities "
                  "is left out",
                  output, predictions.width, classes));
  return {};
}

Result<int32_t> positive_class(const ClassTable& table, const EvaluateOptions& options) {
  if (options.positive.empty()) return 1;
  if (table.size() != 2) {
    return invalid_argument(
        fmt::format("--positive is for two classes, the model has {}", table.size()));
  }
  const auto found = table.find(std::string_view(options.positive));
  if (found.has_value()) return *found;
  return invalid_argument(fmt::format("--positive: the model has no class '{}'; its classes: {}",
                                      options.positive, table.list()));
}

Status check_threshold(const Judged& judged, const EvaluateOptions& options) {
  if (!options.threshold.has_value()) return {};
  if (judged.table->size() == 2 && !judged.probabilities.empty()) return {};
  return invalid_argument("--threshold needs a model of two classes that gives probabilities");
}

}  // namespace

Judged Judged::take(const std::vector<uint32_t>& rows) const {
  Judged some;
  some.task = task;
  some.table = table;
  some.truth = gathered(truth, 1, rows);
  some.predicted = gathered(predicted, 1, rows);
  some.probabilities = gathered(probabilities, table.has_value() ? table->size() : 1, rows);
  some.scores = gathered(scores, 1, rows);
  some.positive = positive;
  some.true_values = gathered(true_values, 1, rows);
  some.values = gathered(values, 1, rows);
  some.weights = gathered(weights, 1, rows);
  return some;
}

Result<training::ClassificationMetrics> Judged::classification() const {
  return training::ClassificationMetrics::create(
      {table->size(), truth, predicted, probabilities, scores, weights, positive});
}

Result<std::unique_ptr<training::Metrics>> Judged::metrics() const {
  if (task == Task::kRegression) {
    auto metrics = TRY(training::RegressionMetrics::create({true_values, values, weights}));
    return std::unique_ptr<training::Metrics>(
        std::make_unique<training::RegressionMetrics>(std::move(metrics)));
  }
  auto metrics = TRY(classification());
  return std::unique_ptr<training::Metrics>(
      std::make_unique<training::ClassificationMetrics>(std::move(metrics)));
}

std::optional<ClassTable> known_classes(const Signature& signature, const ModelRoles& roles) {
  if (const LabelTable* labels = class_labels(signature, roles)) return ClassTable(*labels);
  if (roles.labels.has_value()) return std::nullopt;
  return numbered(std::max<size_t>(signature.outputs[*roles.probabilities].width, 2));
}

Result<std::vector<int32_t>> classes_of(const data::Column& target, const ClassTable& table) {
  std::vector<int32_t> classes;
  classes.reserve(target.rows());
  std::map<std::string, size_t> unknown;
  size_t unknown_rows = 0;
  for (size_t row = 0; row < target.rows(); ++row) {
    const auto found = class_of(target, row, table);
    classes.push_back(found.value_or(-1));
    if (found.has_value()) continue;
    ++unknown_rows;
    constexpr size_t kKeptMax = 1000;
    if (unknown.size() < kKeptMax) ++unknown[label_of(target, row)];
  }
  if (unknown_rows == 0) return classes;
  constexpr size_t kShownMax = 5;
  std::string list;
  size_t shown = 0;
  for (const auto& [label, rows] : unknown) {
    if (++shown > kShownMax) break;
    list.append(fmt::format("{}'{}' ({})", list.empty() ? "" : ", ", quoted(label), rows));
  }
  return invalid_argument(fmt::format(
      "column '{}': {} of {} rows have a label that the model does not know: {}{}; its classes: {}",
      target.name, unknown_rows, target.rows(), list, unknown.size() > kShownMax ? ", ..." : "",
      table.list()));
}

Result<std::vector<double>> numbers_of(const data::Column& target) {
  if (target.is_text()) {
    return invalid_argument(
        fmt::format("column '{}' holds texts, and the model gives numbers: "
                    "expected numbers to compare them with",
                    target.name));
  }
  return target.numbers;
}

Result<std::vector<double>> weights_of(const data::Column& column) {
  if (column.is_text()) {
    return invalid_argument(
        fmt::format("column '{}', of the weights, holds texts: expected numbers", column.name));
  }
  double sum = 0;
  for (size_t row = 0; row < column.rows(); ++row) {
    const double weight = column.numbers[row];
    if (!(weight >= 0 && weight <= 1e300)) {
      return invalid_argument(fmt::format(
          "column '{}', of the weights: expected numbers of 0 or more, got {} in row {}",
          column.name, column.is_missing(row) ? "nothing" : fmt::format("{}", weight), row + 1));
    }
    sum += weight;
  }
  if (sum > 0 && std::isfinite(sum)) return column.numbers;
  return invalid_argument(
      fmt::format("column '{}', of the weights, has the sum {}", column.name, sum));
}

std::vector<int32_t> predicted_classes(const Predictions& predictions, const ClassTable& table,
                                       int32_t positive, std::optional<double> threshold) {
  std::vector<int32_t> out;
  const size_t width = predictions.width;
  if (threshold.has_value() || predictions.indices.size() + predictions.label_numbers.size() +
                                       predictions.label_texts.size() ==
                                   0) {
    for (size_t begin = 0; begin < predictions.probabilities.size(); begin += width) {
      const auto row = predictions.probabilities.begin() + static_cast<ptrdiff_t>(begin);
      if (table.size() == 2) {
        const double second = width == 1 ? row[0] : row[1];
        const double chance = positive == 1 ? second : (width == 1 ? 1 - second : row[0]);
        const bool is_positive =
            threshold.has_value() ? chance >= *threshold : (positive == 1) == (second > 0.5);
        out.push_back(is_positive ? positive : 1 - positive);
      } else {
        const auto best = std::max_element(row, row + static_cast<ptrdiff_t>(width));
        out.push_back(static_cast<int32_t>(best - row));
      }
    }
    return out;
  }
  if (!predictions.indices.empty()) return predictions.indices;
  out.reserve(predictions.label_numbers.size() + predictions.label_texts.size());
  for (const double number : predictions.label_numbers) {
    out.push_back(table.find(number).value_or(-1));
  }
  for (const std::string& text : predictions.label_texts) {
    out.push_back(table.find(std::string_view(text)).value_or(-1));
  }
  return out;
}

Result<Judged> judge(const data::Column& target, Predictions predictions,
                     const Signature& signature, const ModelRoles& roles,
                     const EvaluateOptions& options, std::vector<std::string>& notes) {
  Judged judged;
  judged.task = roles.task;
  if (roles.task == Task::kRegression) {
    judged.true_values = TRY(numbers_of(target));
    judged.values = std::move(predictions.values);
    return judged;
  }
  judged.table = known_classes(signature, roles);
  if (!judged.table.has_value()) {
    judged.table = found_classes(target, predictions, signature, roles);
  }
  const ClassTable& table = *judged.table;
  judged.truth = TRY(classes_of(target, table));
  judged.positive = TRY(positive_class(table, options));
  judged.predicted = predicted_classes(predictions, table, judged.positive, options.threshold);
  if (std::ranges::find(judged.predicted, -1) != judged.predicted.end()) {
    return internal_error("the model predicts a label that is none of its classes");
  }
  if (roles.probabilities.has_value()) {
    const std::string& output = signature.outputs[*roles.probabilities].name;
    judged.probabilities = probabilities_of(predictions, table.size(), output, notes);
    if (judged.probabilities.empty() && !roles.labels.has_value()) {
      return invalid_argument(
          fmt::format("output '{}' holds no probabilities: is it a regression "
                      "(--task regression)?",
                      output));
    }
  }
  if (table.size() == 2) judged.scores = std::move(predictions.scores);
  TRY_STATUS(check_threshold(judged, options));
  return judged;
}

}  // namespace slipway::cli
