#include "formats/onnx/internal/model_lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <utility>

#include "formats/onnx/internal/metadata.h"
#include "graph/ops/basic.h"
#include "text/time_form.h"

namespace slipway::onnx {
namespace {

constexpr uint32_t kDepthMax = 8;
constexpr size_t kColumnsMax = 1U << 20;   // each costs about 100 bytes, whatever the file's size
constexpr uint64_t kBodiesMax = 1U << 16;  // of Scan, step by step
constexpr uint32_t kCallsMax = 16;         // functions in functions
constexpr uint64_t kNodesMax = 1U << 20;   // functions counted at each use

std::string domain_name(std::string_view domain) {
  return domain.empty() ? "ai.onnx" : std::string(domain);
}

std::string node_path(const std::string& path, const NodeProto& node, size_t index) {
  const std::string_view output = node.outputs.empty() ? "" : node.outputs[0];
  const std::string name(!node.name.empty() ? node.name : output);
  return fmt::format("{}{}{}", path, path.empty() ? "" : ".",
                     name.empty() ? fmt::format("node {}", index) : name);
}

constexpr std::string_view kAdvice =
    "convert the model to operators that `slipway` computes (docs/coverage.md lists them)";

/// How many features a first operator says that it takes; 0 if it does not say.
int64_t features_of(const NodeProto& node) {
  const auto reals = [&](std::string_view name) -> int64_t {
    for (const AttributeProto& a : node.attributes) {
      if (a.name == name) return static_cast<int64_t>(a.reals.size());
    }
    return 0;
  };
  const auto integers = [&](std::string_view name) -> const std::vector<int64_t>* {
    for (const AttributeProto& a : node.attributes) {
      if (a.name == name) return &a.integers;
    }
    return nullptr;
  };
  if (node.domain != "ai.onnx.ml") return 0;
  if (node.op_type == "Scaler") return std::max(reals("offset"), reals("scale"));
  if (node.op_type == "Imputer") return reals("imputed_value_floats");
  if (node.op_type == "LinearRegressor" || node.op_type == "LinearClassifier") {
    return reals("coefficients") / std::max<int64_t>(1, reals("intercepts"));
  }
  if (node.op_type.starts_with("TreeEnsemble")) {
    const std::vector<int64_t>* features = integers("nodes_featureids");
    if (features == nullptr || features->empty()) return 0;
    // A wrong one is refused where the tree is read.
    return std::min(std::ranges::max(*features), int64_t{kWidthMax}) + 1;
  }
  return 0;
}

}  // namespace

const Value* ModelLowering::Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
    const auto found = scope->values.find(name);
    if (found != scope->values.end()) return &found->second;
  }
  return nullptr;
}

bool ModelLowering::Scope::is_left_out(std::string_view name) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
    if (scope->left_out.contains(name)) return true;
  }
  return false;
}

ModelLowering::ModelLowering(const ModelProto& model, uint64_t bytes_max,
                             std::vector<std::string> column_names)
    : model_(model), bytes_max_(bytes_max), column_names_(std::move(column_names)) {
  std::set<std::string_view> given;
  for (const TensorProto& tensor : model.graph.initializers) given.insert(tensor.name);
  for (const ValueInfoProto& input : model.graph.inputs) {
    if (!given.contains(input.name)) inputs_.push_back(&input);
  }
  for (const OperatorSet& set : model.operator_sets) {
    model_frame_.versions.emplace(set.domain, set.version);
  }
  for (const FunctionProto& one : model.functions) {
    functions_.emplace(std::array{one.domain, one.name, one.overload}, &one);
  }
  for (const NodeProto& node : model.graph.nodes) {
    if (node.inputs.empty()) continue;
    int64_t& features = features_[node.inputs[0]];
    features = std::max(features, features_of(node));
  }
}

int64_t ModelLowering::version_of(const Frame& frame, std::string_view domain) {
  const auto found = frame.versions.find(domain);
  return found == frame.versions.end() ? 1 : found->second;
}

const FunctionProto* ModelLowering::find_function(const NodeProto& node) const {
  const auto found = functions_.find(std::array{node.domain, node.op_type, node.overload});
  return found == functions_.end() ? nullptr : found->second;
}

ModelLowering::Frame ModelLowering::frame_of(const FunctionProto& function) {
  Frame frame;
  for (const OperatorSet& set : function.operator_sets) {
    frame.versions.emplace(set.domain, set.version);
  }
  for (const AttributeProto& one : function.defaults) frame.attributes.emplace(one.name, &one);
  return frame;
}

const Operator* ModelLowering::find_operator(const Frame& frame, const NodeProto& node) {
  const int64_t version = version_of(frame, node.domain);
  const std::array tables = {elementwise_operators(), shape_operators(),       gather_operators(),
                             reduce_operators(),      network_operators(),     control_operators(),
                             feature_operators(),     label_operators(),       linear_operators(),
                             svm_operators(),         tree_operators(),        text_operators(),
                             einsum_operators(),      convolution_operators(), own_operators()};
  for (const std::span<const Operator> table : tables) {
    for (const Operator& entry : table) {
      if (entry.name == node.op_type && entry.domain == node.domain &&
          entry.version_min <= version && version <= entry.version_max) {
        return &entry;
      }
    }
  }
  return nullptr;
}

void ModelLowering::find_missing(std::span<const NodeProto> nodes, const std::string& path,
                                 const Frame& frame, std::vector<formats::Gap>& gaps,
                                 std::vector<const FunctionProto*>& functions) const {
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeProto& node = nodes[i];
    const std::string place = node_path(path, node, i);
    if (const FunctionProto* function = find_function(node)) {
      functions.push_back(function);
    } else if (find_operator(frame, node) == nullptr) {
      formats::Gap gap;
      gap.path = place;
      gap.class_name = fmt::format("{}.{}", domain_name(node.domain), node.op_type);
      gap.message = fmt::format("the operator {} of {} version {} is not supported", node.op_type,
                                domain_name(node.domain), version_of(frame, node.domain));
      gap.advice = kAdvice;
      gaps.push_back(std::move(gap));
    }
    for (const AttributeProto& attribute : node.attributes) {
      if (attribute.graph == nullptr) continue;
      find_missing(attribute.graph->nodes, place, frame, gaps, functions);
    }
  }
}

std::vector<formats::Gap> ModelLowering::missing_operators() const {
  std::vector<formats::Gap> gaps;
  std::vector<const FunctionProto*> used;
  find_missing(model_.graph.nodes, "", model_frame_, gaps, used);
  std::set<const FunctionProto*> known;
  while (!used.empty()) {
    const FunctionProto* function = used.back();
    used.pop_back();
    if (!known.insert(function).second) continue;
    find_missing(function->nodes, std::string(function->name), frame_of(*function), gaps, used);
  }
  return gaps;
}

Result<Dims> ModelLowering::input_dims(const ValueInfoProto& input) const {
  if (input.kind == ValueInfoProto::Kind::kMap) return Dims{1};
  if (input.kind != ValueInfoProto::Kind::kTensor) {
    return unimplemented(fmt::format("the input {} is no tensor", input.name));
  }
  if (!element_type(input.element_type).has_value()) {
    return unimplemented(
        fmt::format("the input {} holds {}", input.name, element_type_name(input.element_type)));
  }
  Dims dims;
  dims.reserve(input.dims.size());
  for (const DimProto& dim : input.dims)
    dims.push_back(dim.is_fixed && dim.size >= 0 ? dim.size : kBatch);
  if (!input.has_shape) dims = {kBatch, kBatch};
  // Only the first axis may be open; a second one is what the operator behind it takes.
  for (size_t i = 1; i < dims.size(); ++i) {
    if (!is_batch(dims[i])) continue;
    const auto found = dims.size() == 2 ? features_.find(input.name) : features_.end();
    const int64_t features = found == features_.end() ? 0 : found->second;
    if (features <= 0) {
      return unimplemented(
          fmt::format("the input {} has an axis of unknown size, axis {}; only the "
                      "first one, the rows', may be open",
                      input.name, i));
    }
    dims[i] = features;
  }
  return dims;
}

Status ModelLowering::add_column_group(const ValueInfoProto& input) {
  Dims dims = TRY(input_dims(input));
  const uint32_t width = TRY(element_count(dims));
  if (width == 0) return unimplemented(fmt::format("the input {} has no elements", input.name));
  if (width + signature_.columns.size() > kColumnsMax) {
    return resource_exhausted(fmt::format("the inputs have over {} columns", kColumnsMax));
  }
  const bool is_record = input.kind == ValueInfoProto::Kind::kMap;
  const bool is_text = !is_record && input.element_type == 8;
  input_columns_.push_back(static_cast<uint32_t>(signature_.columns.size()));
  const bool alone = inputs_.size() == 1;
  for (uint32_t i = 0; i < width; ++i) {
    InputColumn column;
    column.name = width == 1 ? std::string(input.name)
                  : alone    ? fmt::format("x{}", i)
                             : fmt::format("{}[{}]", input.name, i);
    column.type = is_record ? ColumnType::kRecord
                  : is_text ? ColumnType::kText
                            : ColumnType::kNumber;
    signature_.columns.push_back(std::move(column));
  }
  signature_.matrices.strings = signature_.matrices.strings || is_text;
  signature_.matrices.records = signature_.matrices.records || is_record;
  signature_.rows_are_records = is_record && alone;
  input_dims_.push_back(std::move(dims));
  return {};
}

Status ModelLowering::make_columns() {
  if (inputs_.empty()) return unimplemented("the graph has no inputs");
  for (const ValueInfoProto* input : inputs_) TRY_STATUS(add_column_group(*input));
  signature_.columns_named = inputs_.size() > 1;
  if (!signature_.columns_named && column_names_.size() == signature_.columns.size()) {
    for (size_t i = 0; i < column_names_.size(); ++i) {
      signature_.columns[i].name = column_names_[i];
    }
    signature_.columns_named = true;
  }
  if (column_names_.empty()) restore_columns();
  const auto has_batch = [](const Dims& dims) { return batch_axis(dims) != dims.end(); };
  has_batch_ = std::ranges::any_of(input_dims_, has_batch);
  for (size_t i = 0; i < inputs_.size() && has_batch_; ++i) {
    if (has_batch(input_dims_[i])) continue;
    return unimplemented(fmt::format(
        "the input {} has a fixed shape while others have rows without number", inputs_[i]->name));
  }
  return {};
}

/// One input: the names of its elements.
bool ModelLowering::restore_names(const std::vector<std::string>& names) {
  if (names.size() != signature_.columns.size()) return false;
  for (size_t i = 0; i < names.size(); ++i) signature_.columns[i].name = names[i];
  signature_.columns_named = true;
  return true;
}

/// An input for each column that something depends on: their order, and the other columns.
bool ModelLowering::restore_order(const std::vector<std::string>& names) {
  std::map<std::string_view, size_t> places;
  for (size_t i = 0; i < names.size(); ++i) places.emplace(names[i], i);
  if (signature_.columns.size() != inputs_.size()) return false;
  for (const InputColumn& column : signature_.columns) {
    if (column.is_record() || !places.contains(column.name)) return false;
  }
  const auto noted = find_metadata(model_, "column_types");
  const auto types = noted ? parse_text_list(*noted, names.size()) : std::nullopt;
  std::vector<InputColumn> columns(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    columns[i].name = names[i];
    columns[i].is_used = false;
    const bool is_text = types && i < types->size() && (*types)[i] == "text";
    columns[i].type = is_text ? ColumnType::kText : ColumnType::kNumber;
    signature_.matrices.strings = signature_.matrices.strings || is_text;
  }
  for (uint32_t& first : input_columns_) {
    const size_t place = places.at(signature_.columns[first].name);
    columns[place] = signature_.columns[first];
    first = static_cast<uint32_t>(place);
  }
  signature_.columns = std::move(columns);
  return true;
}

void ModelLowering::restore_texts() {
  const auto list = [&](std::string_view key) {
    const auto noted = find_metadata(model_, key);
    auto texts = noted ? parse_text_list(*noted, signature_.columns.size()) : std::nullopt;
    return texts ? *std::move(texts) : std::vector<std::string>();
  };
  const std::vector<std::string> takers = list("integer_columns");
  const std::set<std::string_view> takes_integers(takers.begin(), takers.end());
  const std::vector<std::string> examples = list("time_examples");
  for (size_t i = 0; i < signature_.columns.size(); ++i) {
    InputColumn& column = signature_.columns[i];
    if (!column.is_text()) continue;
    column.takes_integers = takes_integers.contains(column.name);
    // A time's text needs no escapes where it is shown.
    if (i < examples.size() && text::parse_time(examples[i], text::kIsoForm).has_value()) {
      column.example = fmt::format("\"{}\"", examples[i]);
    }
  }
}

void ModelLowering::restore_columns() {
  const auto noted = find_metadata(model_, "columns");
  if (!noted) return;
  const auto names = parse_text_list(*noted, kColumnsMax);
  const bool distinct =
      names && std::set<std::string_view>(names->begin(), names->end()).size() == names->size();
  if (distinct && (inputs_.size() == 1 ? restore_names(*names) : restore_order(*names))) {
    restore_texts();
    return;
  }
  notes_.emplace_back("the metadata entry 'columns' does not name the columns: passed over");
}

Result<Value> ModelLowering::input_value(Lowering& lowering, const ValueInfoProto& input,
                                         size_t place) {
  Value value;
  const uint32_t first = input_columns_[place];
  if (input.kind == ValueInfoProto::Kind::kMap) {
    value.type = DType::kFloat32;
    value.dims = {1};
    value.is_record = true;
    value.record_column = first;
    value.is_per_row = true;
    return value;
  }
  const DType type = *element_type(input.element_type);
  const uint32_t width = TRY(element_count(input_dims_[place]));
  std::vector<uint32_t> map(width);
  std::iota(map.begin(), map.end(), first);
  const Dims all = {static_cast<int64_t>(signature_.columns.size())};
  const bool is_text = type == DType::kString;
  Value matrix = TRY(lowering.wrap(is_text ? kStringsInput : kNumbersInput, type, all));
  value = TRY(lowering.select(matrix, input_dims_[place], map));
  if (!is_text && type != DType::kFloat64) {
    // What arrives as float64 becomes what the model's input holds.
    value = TRY(lowering.unary(UnaryFunction::kIdentity, {}, type, value));
  }
  value.is_per_row = !has_batch_;
  return value;
}

Status ModelLowering::add_initializers(Lowering& lowering, const GraphProto& graph, Scope& scope) {
  if (graph.has_sparse_initializers) return unimplemented("the graph has sparse constants");
  for (const TensorProto& tensor : graph.initializers) {
    Result<Value> value = decode_tensor(tensor);
    if (!value.ok()) {
      return std::move(value).status().with_context(fmt::format("the constant {}", tensor.name));
    }
    TRY_STATUS(lowering.charge(value->constant->numbers.size() + value->constant->texts.size()));
    scope.values.insert_or_assign(tensor.name, std::move(value).value());
  }
  return {};
}

Result<Values> ModelLowering::lower_body(Lowering& lowering, const GraphProto& body,
                                         const Values& inputs, const Scope& outer,
                                         const std::string& path, uint32_t depth) {
  if (depth > kDepthMax || ++bodies_ > kBodiesMax) {
    return resource_exhausted("graphs in graphs go too deep or too often");
  }
  if (body.inputs.size() != inputs.size()) return invalid_argument("its body has other inputs");
  Scope scope;
  scope.outer = &outer;
  for (size_t i = 0; i < inputs.size(); ++i) {
    scope.values.insert_or_assign(body.inputs[i].name, inputs[i]);
  }
  TRY_STATUS(add_initializers(lowering, body, scope));
  TRY_STATUS(lower_nodes(lowering, body.nodes, scope, path, depth));
  Values results;
  for (const ValueInfoProto& output : body.outputs) {
    const Value* value = scope.find(output.name);
    if (value == nullptr) return invalid_argument("its body does not give an output");
    results.push_back(*value);
  }
  return results;
}

Result<std::optional<NodeProto>> ModelLowering::resolved(Lowering& lowering,
                                                         const NodeProto& node) const {
  const auto refers = [](const AttributeProto& one) { return one.is_reference; };
  if (std::ranges::none_of(node.attributes, refers)) return std::optional<NodeProto>();
  NodeProto copy = node;
  copy.attributes.clear();
  for (const AttributeProto& one : node.attributes) {
    const AttributeProto* given = &one;
    if (one.is_reference) {
      const auto found = frame_->attributes.find(one.reference);
      if (found == frame_->attributes.end()) continue;  // left out by the call too
      given = found->second;
    }
    TRY_STATUS(lowering.charge(given->reals.size() + given->integers.size() + 1));
    TRY_STATUS(lowering.charge_bytes(given->texts.size() * sizeof(std::string_view)));
    for (const TensorProto& tensor : given->tensors) {
      TRY_STATUS(lowering.charge(tensor.float_data.size() + tensor.integer_data.size() +
                                 tensor.double_data.size() + tensor.string_data.size()));
    }
    copy.attributes.push_back(*given);
    copy.attributes.back().name = one.name;
  }
  return std::optional(std::move(copy));
}

Result<Values> ModelLowering::lower_function(Lowering& lowering, const FunctionProto& function,
                                             const NodeProto& node,
                                             const std::vector<const Value*>& inputs,
                                             const std::string& path, uint32_t depth) {
  if (depth > kCallsMax) {
    return resource_exhausted(fmt::format("functions use functions too deep, limit {}", kCallsMax));
  }
  if (inputs.size() > function.inputs.size()) {
    return invalid_argument(fmt::format("the function {} takes {} inputs, not {}", function.name,
                                        function.inputs.size(), inputs.size()));
  }
  Frame frame = frame_of(function);
  for (const AttributeProto& one : node.attributes) {
    frame.attributes.insert_or_assign(one.name, &one);
  }
  Scope scope;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (i < inputs.size() && inputs[i] != nullptr) {
      scope.values.insert_or_assign(function.inputs[i], *inputs[i]);
    } else {
      scope.left_out.insert(function.inputs[i]);
    }
  }
  const Frame* caller = std::exchange(frame_, &frame);
  const Status status = lower_nodes(lowering, function.nodes, scope, path, depth);
  frame_ = caller;
  if (!status.ok()) return status;
  Values results;
  for (const std::string_view output : function.outputs) {
    const Value* value = scope.find(output);
    if (value == nullptr) {
      return invalid_argument(
          fmt::format("the function {} does not give its output {}", function.name, output));
    }
    results.push_back(*value);
  }
  return results;
}

Status ModelLowering::lower_node(Lowering& lowering, const NodeProto& given, Scope& scope,
                                 const std::string& path, uint32_t depth) {
  if (++nodes_ > kNodesMax) {
    return resource_exhausted(
        fmt::format("over {} nodes, functions counted at each use", kNodesMax));
  }
  const std::optional<NodeProto> copy = TRY(resolved(lowering, given));
  const NodeProto& node = copy ? *copy : given;
  const FunctionProto* function = find_function(node);
  const Operator* entry = function != nullptr ? nullptr : find_operator(*frame_, node);
  if (entry == nullptr && function == nullptr) {
    return unimplemented("the operator is not supported");
  }
  std::vector<const Value*> inputs;
  bool has_rows = false;
  bool is_per_row = false;
  for (const std::string_view name : node.inputs) {
    inputs.push_back(name.empty() ? nullptr : scope.find(name));
    if (name.empty()) continue;
    if (inputs.back() == nullptr && scope.is_left_out(name)) continue;
    if (inputs.back() == nullptr) {
      return invalid_argument(fmt::format("its input {} is not there", name));
    }
    has_rows = has_rows || inputs.back()->has_batch();
    is_per_row = is_per_row || inputs.back()->is_per_row;
  }
  if (has_rows && is_per_row) return unimplemented("each row is combined with every other row");
  for (const AttributeProto& attribute : node.attributes) {
    if (attribute.is_sparse) {
      return unimplemented(fmt::format("its attribute {} is no plain value", attribute.name));
    }
  }
  const auto body = [&](const GraphProto& graph, const Values& arguments) {
    return lower_body(lowering, graph, arguments, scope, path, depth + 1);
  };
  Values outputs;
  if (function != nullptr) {
    outputs = TRY(lower_function(lowering, *function, node, inputs, path, depth + 1));
  } else {
    Call call(node, version_of(*frame_, node.domain), std::move(inputs), lowering, body);
    outputs = TRY(entry->lower(call));
  }
  for (size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    Value& value = outputs[i];
    value.is_per_row =
        value.constant == nullptr && !value.has_batch() && (is_per_row || value.is_per_row);
    scope.values.insert_or_assign(node.outputs[i], std::move(value));
  }
  return {};
}

Status ModelLowering::lower_nodes(Lowering& lowering, std::span<const NodeProto> nodes,
                                  Scope& scope, const std::string& path, uint32_t depth) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeProto& node = nodes[i];
    const std::string at = node_path(path, node, i);
    lowering.set_path(at);
    place_.path = at;
    place_.class_name = fmt::format("{}.{}", domain_name(node.domain), node.op_type);
    TRY_STATUS(lower_node(lowering, node, scope, at, depth));
  }
  return {};
}

Result<OutputSpec> ModelLowering::output_spec(Lowering& lowering, const ValueInfoProto& output,
                                              const Value& value) const {
  OutputSpec spec;
  spec.name = output.name;
  // What stands in 16 bits is answered as float.
  const bool is_short = value.type == DType::kFloat16 || value.type == DType::kBfloat16;
  spec.dtype = is_short ? DType::kFloat32 : value.type;
  spec.width = TRY(element_count(value.dims));
  if (spec.width == 0) return unimplemented("an output has no elements");
  if (value.labels != nullptr) {
    spec.value = value.id;
    uint64_t bytes = value.labels->ints.size() * sizeof(int64_t);
    for (const std::string& label : value.labels->strings)
      bytes += sizeof(std::string) + label.size();
    TRY_STATUS(lowering.charge_bytes(bytes * spec.width));
    spec.labels.assign(spec.width, *value.labels);
  } else {
    spec.value = TRY(lowering.id_of(value));
  }
  spec.is_vector = spec.width == 1 && value.dims.size() <= 1;
  if (value.columns.size() == spec.width) spec.columns = value.columns;
  const auto noted = find_metadata(model_, spec.name + ".columns");
  if (noted && spec.columns.empty()) {
    auto names = parse_text_list(*noted, spec.width);
    if (names && names->size() == spec.width) spec.columns = *std::move(names);
  }
  return spec;
}

Result<std::shared_ptr<const Graph>> ModelLowering::run() {
  TRY_STATUS(make_columns());
  if (model_.graph.outputs.size() > kOutputsMax) {
    return unimplemented(fmt::format("the graph has {} outputs, limit {}",
                                     model_.graph.outputs.size(), kOutputsMax));
  }
  GraphBuilder builder(static_cast<uint32_t>(signature_.columns.size()));
  Lowering lowering(builder, bytes_max_);
  Scope scope;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    lowering.set_path(std::string(inputs_[i]->name));
    scope.values.insert_or_assign(inputs_[i]->name, TRY(input_value(lowering, *inputs_[i], i)));
  }
  TRY_STATUS(add_initializers(lowering, model_.graph, scope));
  TRY_STATUS(lower_nodes(lowering, model_.graph.nodes, scope, "", 0));
  for (const ValueInfoProto& output : model_.graph.outputs) {
    place_.path = output.name;
    const Value* value = scope.find(output.name);
    if (value == nullptr) {
      return invalid_argument(fmt::format("the output {} is not computed", output.name));
    }
    if (value->is_record) return unimplemented("an output is a map");
    lowering.set_path(std::string(output.name));
    signature_.outputs.push_back(TRY(output_spec(lowering, output, *value)));
  }
  return std::move(builder).finish(std::move(signature_));
}

}  // namespace slipway::onnx
