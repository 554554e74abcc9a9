#include "graph/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {

size_t LabelTable::size() const {
  if (dtype == DType::kString) return strings.size();
  if (dtype == DType::kFloat64) return floats.size();
  return ints.size();
}

std::optional<uint32_t> Signature::find_output(std::string_view name) const {
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].name == name) return i;
  }
  return std::nullopt;
}

std::optional<uint32_t> Signature::find_column(std::string_view name) const {
  for (uint32_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return i;
  }
  return std::nullopt;
}

size_t Signature::size_bytes() const {
  size_t total = heap_bytes(columns) + heap_bytes(outputs);
  for (const InputColumn& column : columns) {
    total += heap_bytes(column.name) + heap_bytes(column.example);
  }
  for (const OutputSpec& output : outputs) {
    total += heap_bytes(output.name) + heap_bytes(output.columns) + heap_bytes(output.labels);
    for (const LabelTable& table : output.labels) {
      total += heap_bytes(table.ints) + heap_bytes(table.floats) + heap_bytes(table.strings);
    }
  }
  return total;
}

std::optional<ColumnType> Signature::uniform_type() const {
  if (!matrices.strings && !matrices.records) return ColumnType::kNumber;
  const ColumnType first = columns.empty() ? ColumnType::kNumber : columns[0].type;
  const bool same =
      std::ranges::all_of(columns, [first](const InputColumn& c) { return c.type == first; });
  return same ? std::optional(first) : std::nullopt;
}

std::string_view value_kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::kDense: return "dense";
    case ValueKind::kDense32: return "dense32";
    case ValueKind::kSparse: return "sparse";
    case ValueKind::kString: return "string";
    case ValueKind::kIndex: return "index";
    case ValueKind::kRecord: return "record";
  }
  return "?";
}

std::string_view column_type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kNumber: return "number";
    case ColumnType::kText: return "text";
    case ColumnType::kRecord: return "record";
  }
  return "?";
}

ValueType Graph::type(ValueId id) const {
  const auto width = static_cast<uint32_t>(signature_.columns.size());
  if (id == kNumbersInput) return {ValueKind::kDense, width};
  if (id == kStringsInput) return {ValueKind::kString, width};
  if (id == kRecordsInput) return {ValueKind::kRecord, width};
  return node(id).type;
}

size_t Graph::size_bytes() const {
  size_t total = sizeof(Graph) + signature_.size_bytes() + heap_bytes(nodes_);
  for (const Node& node : nodes_) {
    total += node.op->size_bytes() + heap_bytes(node.inputs) + heap_bytes(node.path);
  }
  return total;
}

GraphBuilder::GraphBuilder(uint32_t columns) : columns_(columns) {
  CHECK(columns <= kWidthMax);
  graph_.signature_.columns.resize(columns);
}

namespace {

Result<ValueType> infer_node(const Graph& graph, const Op& op, std::span<const ValueId> inputs,
                             ValueId id, const std::string& path) {
  std::vector<ValueType> types;
  for (const ValueId input : inputs) {
    if (input >= id) {
      return internal_error(fmt::format("node of {} at {} takes value {}, which comes later",
                                        op.name(), path, input));
    }
    types.push_back(graph.type(input));
  }
  Result<ValueType> type = op.infer(types);
  if (!type.ok()) return std::move(type).status().with_context(op.name());
  if (type->width > kWidthMax) {
    return resource_exhausted(
        fmt::format("a value of {} columns is over the limit of {}", type->width, kWidthMax));
  }
  return type;
}

}  // namespace

Result<ValueId> GraphBuilder::add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs,
                                  std::string path) {
  const auto id = static_cast<ValueId>(graph_.value_count());
  const ValueType type = TRY(infer_node(graph_, *op, inputs, id, path));
  bytes_ += op->size_bytes();
  graph_.nodes_.push_back({std::move(op), std::move(inputs), type, std::move(path)});
  return id;
}

void GraphBuilder::drop_dead_nodes() {
  std::vector<bool> live(graph_.value_count(), false);
  for (const OutputSpec& output : graph_.signature_.outputs) live[output.value] = true;
  for (size_t i = graph_.nodes_.size(); i-- > 0;) {
    if (!live[i + kFirstNode]) continue;
    for (const ValueId input : graph_.nodes_[i].inputs) live[input] = true;
  }
  std::vector<ValueId> renumbered(graph_.value_count());
  std::vector<Node> kept;
  for (ValueId id = 0; id < graph_.value_count(); ++id) {
    renumbered[id] = id < kFirstNode ? id : static_cast<ValueId>(kept.size() + kFirstNode);
    if (id < kFirstNode || !live[id]) continue;
    Node& node = graph_.nodes_[id - kFirstNode];
    for (ValueId& input : node.inputs) input = renumbered[input];
    kept.push_back(std::move(node));
  }
  graph_.nodes_ = std::move(kept);
  for (OutputSpec& output : graph_.signature_.outputs) output.value = renumbered[output.value];
}

Result<std::shared_ptr<const Graph>> GraphBuilder::finish(Signature signature) && {
  if (signature.columns.size() != columns_) {
    return internal_error("the signature has another number of columns than the graph");
  }
  for (const OutputSpec& output : signature.outputs) {
    if (output.value >= graph_.value_count()) return internal_error("an output has no value");
  }
  graph_.signature_ = std::move(signature);
  drop_dead_nodes();
  TRY_STATUS(verify(graph_));
  return std::make_shared<const Graph>(std::move(graph_));
}

namespace {

Status verify_output(const Graph& graph, const OutputSpec& output) {
  if (output.value >= graph.value_count()) {
    return internal_error(fmt::format("output {} has no value", output.name));
  }
  const ValueType type = graph.type(output.value);
  if (type.kind == ValueKind::kDense32 || type.kind == ValueKind::kSparse ||
      type.kind == ValueKind::kRecord) {
    return internal_error(fmt::format("output {} is {}, which callers do not take", output.name,
                                      value_kind_name(type.kind)));
  }
  if (output.width != type.width || (output.is_vector && output.width != 1)) {
    return internal_error(fmt::format("output {} says width {}, its value has {}", output.name,
                                      output.width, type.width));
  }
  const size_t tables_expected = type.kind == ValueKind::kIndex ? type.width : 0;
  if (output.labels.size() != tables_expected) {
    return internal_error(fmt::format("output {} has {} label tables, expected {}", output.name,
                                      output.labels.size(), tables_expected));
  }
  if (!output.columns.empty() && output.columns.size() != output.width) {
    return internal_error(fmt::format("output {} names {} of its {} columns", output.name,
                                      output.columns.size(), output.width));
  }
  return {};
}

/// The matrices that columns and nodes need are those that the signature promises to callers.
Status verify_inputs(const Graph& graph) {
  const Signature& signature = graph.signature();
  const auto has = [&](ColumnType type) {
    return std::ranges::any_of(signature.columns,
                               [type](const InputColumn& column) { return column.type == type; });
  };
  InputMatrices needed{has(ColumnType::kText), has(ColumnType::kRecord)};
  for (const Node& node : graph.nodes()) {
    for (const ValueId input : node.inputs) {
      needed.strings = needed.strings || input == kStringsInput;
      needed.records = needed.records || input == kRecordsInput;
    }
  }
  if ((needed.strings && !signature.matrices.strings) ||
      (needed.records && !signature.matrices.records)) {
    return internal_error("the signature promises no matrix for its text or record columns");
  }
  if (signature.rows_are_records &&
      (signature.columns.size() != 1 || !signature.columns[0].is_record())) {
    return internal_error("rows that are records need one column of records");
  }
  return {};
}

}  // namespace

Status verify(const Graph& graph) {
  TRY_STATUS(verify_inputs(graph));
  for (ValueId id = kFirstNode; id < graph.value_count(); ++id) {
    const Node& node = graph.node(id);
    const ValueType type = TRY(infer_node(graph, *node.op, node.inputs, id, node.path));
    if (type != node.type) {
      return internal_error(fmt::format("node {} at {} has another type than its operator gives",
                                        node.op->name(), node.path));
    }
  }
  const Signature& signature = graph.signature();
  if (signature.outputs.empty() || signature.outputs.size() > kOutputsMax) {
    return invalid_argument(fmt::format("a model has 1 to {} outputs, this one {}", kOutputsMax,
                                        signature.outputs.size()));
  }
  if (signature.default_output >= signature.outputs.size()) {
    return internal_error("the default output does not exist");
  }
  for (const OutputSpec& output : signature.outputs) TRY_STATUS(verify_output(graph, output));
  return {};
}

std::string print(const Graph& graph) {
  std::string text;
  auto out = std::back_inserter(text);
  for (ValueId id = kFirstNode; id < graph.value_count(); ++id) {
    const Node& node = graph.node(id);
    fmt::format_to(out, "%{} = {}(", id, node.op->name());
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      fmt::format_to(out, "{}%{}", i == 0 ? "" : ", ", node.inputs[i]);
    }
    fmt::format_to(out, ") {} : {}[{}]", node.op->describe(), value_kind_name(node.type.kind),
                   node.type.width);
    if (!node.path.empty()) fmt::format_to(out, "  # {}", node.path);
    text.push_back('\n');
  }
  for (const OutputSpec& output : graph.signature().outputs) {
    fmt::format_to(out, "{} -> %{} {}[{}]\n", output.name, output.value, oip_name(output.dtype),
                   output.width);
  }
  return text;
}

}  // namespace slipway
