#include "formats/model_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "graph/ops/basic.h"

namespace slipway::formats {
namespace {

/// The model's columns as lower() wants them: the input matrices hold all columns, so they have to
/// be picked apart if there are texts among them.
Result<ForeignInputs> split_inputs(GraphBuilder& graph, std::span<const InputColumn> columns) {
  std::vector<ColumnPick> numbers;
  std::vector<ColumnPick> texts;
  for (uint32_t i = 0; i < columns.size(); ++i) {
    (columns[i].is_text() ? texts : numbers).push_back({0, i});
  }
  ForeignInputs inputs;
  if (numbers.empty() || texts.empty()) return inputs;
  inputs.numbers =
      TRY(graph.add(std::make_unique<SelectOp>(std::move(numbers)), {kNumbersInput}, ""));
  inputs.strings =
      TRY(graph.add(std::make_unique<SelectStringsOp>(std::move(texts)), {kStringsInput}, ""));
  return inputs;
}

Result<std::shared_ptr<const Graph>> graph_of(const ForeignModel& model,
                                              std::span<const std::string> column_names) {
  const std::span<const InputColumn> columns = model.columns();
  GraphBuilder graph(static_cast<uint32_t>(columns.size()));
  const ForeignInputs inputs = TRY(split_inputs(graph, columns));
  Signature signature;
  signature.columns.assign(columns.begin(), columns.end());
  signature.columns_named = model.columns_named();
  if (!signature.columns_named && column_names.size() == columns.size()) {
    signature.columns_named = !columns.empty();
    for (size_t i = 0; i < columns.size(); ++i) signature.columns[i].name = column_names[i];
  }
  signature.matrices.strings = std::any_of(
      columns.begin(), columns.end(), [](const InputColumn& column) { return column.is_text(); });
  signature.outputs = TRY(model.lower(graph, inputs, {.is_whole_file = true}, ""));
  return std::move(graph).finish(std::move(signature));
}

}  // namespace

ReadReport report_of(const ForeignModel& model, uint64_t file_bytes,
                     std::span<const std::string> column_names) {
  ReadReport report;
  report.info = model.info();
  report.info.file_bytes = file_bytes;
  Result<std::shared_ptr<const Graph>> graph = graph_of(model, column_names);
  if (graph.ok()) {
    report.graph = std::move(graph).value();
  } else {
    report.gaps.push_back(
        {"", report.info.class_name, 0, graph.status().message(), "see docs/coverage.md"});
  }
  return report;
}

Result<ReadReport> ModelFormat::read(FileBytes bytes, const ReadOptions& options,
                                     const FormatSet& formats, const Limits& limits) const {
  static_cast<void>(formats);
  if (!options.select.empty()) {
    return not_found(
        fmt::format("--select {}: a file of this format holds one model", options.select));
  }
  const uint64_t file_bytes = bytes.size();
  const std::unique_ptr<const ForeignModel> model = TRY(parse(bytes, limits));
  bytes = {};  // what was parsed stands by itself
  return report_of(*model, file_bytes, options.column_names);
}

Result<std::unique_ptr<const ForeignModel>> ModelFormat::parse(std::string_view bytes,
                                                               const Limits& limits) const {
  static_cast<void>(bytes);
  static_cast<void>(limits);
  return unimplemented(fmt::format("a {} file does not lie inside others", name()));
}

const ModelFormat* FormatSet::find(std::string_view start) const {
  for (const auto& format : formats_) {
    if (format->recognises(start)) return format.get();
  }
  return nullptr;
}

const ModelFormat* FormatSet::named(std::string_view name) const {
  for (const auto& format : formats_) {
    if (format->name() == name) return format.get();
  }
  return nullptr;
}

std::string FormatSet::description() const {
  std::string text;
  for (size_t i = 0; i < formats_.size(); ++i) {
    const std::string_view separator = i == 0 ? "" : (i + 1 < formats_.size() ? ", " : " or ");
    text += fmt::format("{}{}", separator, formats_[i]->description());
  }
  return text;
}

}  // namespace slipway::formats
