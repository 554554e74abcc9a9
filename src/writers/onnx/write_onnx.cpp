#include "writers/onnx/write_onnx.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/json_escape.h"
#include "graph/codecs/op_codec.h"
#include "text/time_form.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers {
namespace onnx {
namespace {

constexpr size_t kBytesMax = (size_t{1} << 31) - (size_t{1} << 20);  // of a protobuf message
/// Sparse values are written as dense ones: no wider than this.
constexpr uint32_t kDenseWidthMax = 1U << 16;

const Emitter* find_emitter(std::string_view op) {
  for (const auto table :
       {basic_emitters(), combine_emitters(), linear_emitters(), svm_emitters(), tree_emitters(),
        encode_emitters(), column_emitters(), distance_emitters(), expression_emitters()}) {
    for (const Emitter& emitter : table) {
      if (emitter.op == op) return &emitter;
    }
  }
  return nullptr;
}

Result<Name> emit_node(Emission& e) {
  const Emitter* emitter = find_emitter(e.node.op->name());
  if (emitter == nullptr) return unimplemented("ONNX has nothing for it");
  if (e.node.type.kind == ValueKind::kSparse && e.node.type.width > kDenseWidthMax) {
    return unimplemented(fmt::format("its {} sparse columns would have to be written as dense ones",
                                     e.node.type.width));
  }
  for (const ValueId input : e.node.inputs) {
    if (input == kRecordsInput) return unimplemented("ONNX's tensors hold no records");
  }
  return emitter->emit(e);
}

/// `own`: nodes that become operators of ai.slipway. Null: none may. What turns out to need that is
/// added, and the model is no good then, since it holds what the first attempt left.
Status emit_nodes(const Graph& graph, Values& values, Model& model, std::set<ValueId>* own) {
  for (ValueId id = kFirstNode; id < graph.value_count(); ++id) {
    const Node& node = graph.node(id);
    model.set_path(node.path);
    Emission emission{graph, node, values, model};
    const bool is_own = own != nullptr && own->contains(id);
    Result<Name> name = is_own ? emit_own(emission) : emit_node(emission);
    if (own != nullptr && !is_own && name.status().code() == StatusCode::kUnimplemented) {
      own->insert(id);
      name = emit_own(emission);
    }
    if (!name.ok()) {
      return std::move(name).status().with_context(
          fmt::format("the operator {} ({})", node.op->name(), node.path));
    }
    values.set(id, std::move(name).value());
  }
  return {};
}

std::string json_list(std::span<const std::string> texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ",";
    append_json_string(out, text);
  }
  return out + "]";
}

/// The labels that indices stand for, [rows, width].
Result<std::pair<Name, Element>> labels_of(Model& m, Values& values, const OutputSpec& output) {
  std::vector<Name> parts;
  const DType dtype = output.labels[0].dtype;
  for (uint32_t i = 0; i < output.width; ++i) {
    const LabelTable& table = output.labels[i];
    if (table.dtype != dtype) {
      return unimplemented("the columns of an output have labels of several types");
    }
    const Dims dims = {static_cast<int64_t>(table.size())};
    Name list;
    if (dtype == DType::kString) {
      list = m.texts(dims, table.strings);
    } else if (dtype == DType::kFloat64) {
      list = m.numbers(dims, table.floats);
    } else {
      list = m.integers(dims, table.ints);
    }
    parts.push_back(m.look_up(list, values.column(output.value, i)));
  }
  const Name labels = m.concat(parts);
  switch (dtype) {
    case DType::kString: return std::pair(labels, Element::kString);
    case DType::kFloat64: return std::pair(labels, Element::kDouble);
    case DType::kBool: return std::pair(m.cast(labels, Element::kBool), Element::kBool);
    default: return std::pair(labels, Element::kInt64);
  }
}

Result<std::pair<Name, Element>> elements_of(const Graph& graph, Model& m, Values& values,
                                             const OutputSpec& output) {
  const ValueKind kind = graph.type(output.value).kind;
  if (kind == ValueKind::kIndex) return labels_of(m, values, output);
  const Name value = values.matrix(output.value);
  if (kind == ValueKind::kString) {
    if (output.is_mixed) return unimplemented("ONNX has no tensor of numbers and texts together");
    return std::pair(value, Element::kString);
  }
  // A formula's result may be missing, which has no place among whole numbers and truth values.
  const bool is_formula =
      output.value >= kFirstNode && graph.node(output.value).op->name() == "expression";
  switch (is_formula ? DType::kFloat64 : output.dtype) {
    case DType::kBool: return std::pair(m.cast(value, Element::kBool), Element::kBool);
    case DType::kInt32:
    case DType::kInt64: return std::pair(m.cast(value, Element::kInt64), Element::kInt64);
    default: return std::pair(value, Element::kDouble);
  }
}

Status emit_outputs(const Graph& graph, Values& values, Model& m) {
  for (const OutputSpec& output : graph.signature().outputs) {
    m.set_path(output.name);
    auto found = elements_of(graph, m, values, output);
    if (!found.ok()) {
      return std::move(found).status().with_context(fmt::format("the output {}", output.name));
    }
    auto [value, element] = *found;
    Dims dims = {Model::kRowsOpen, int64_t{output.width}};
    if (output.is_vector) {
      value = m.squeeze(value, 1);
      dims.pop_back();
    }
    m.add_output(output.name, value, element, dims);
    if (!output.columns.empty()) {
      m.add_metadata(output.name + ".columns", json_list(output.columns));
    }
  }
  return {};
}

/// Which columns of texts take whole numbers too, and which hold times: an example of each.
void note_texts(const Signature& signature, Model& model) {
  std::vector<std::string> takers;
  std::vector<std::string> examples;
  bool has_times = false;
  for (const InputColumn& column : signature.columns) {
    if (column.is_text() && column.takes_integers) takers.push_back(column.name);
    const bool is_text = column.is_text() && column.example.size() > 2;
    examples.push_back(is_text ? column.example.substr(1, column.example.size() - 2) : "");
    const bool is_time = text::parse_time(examples.back(), text::kIsoForm).has_value();
    if (!is_time) examples.back().clear();
    has_times = has_times || is_time;
  }
  if (!signature.columns_named) return;
  if (!takers.empty()) model.add_metadata("integer_columns", json_list(takers));
  if (has_times) model.add_metadata("time_examples", json_list(examples));
}

void note_columns(const Signature& signature, Model& model) {
  std::vector<std::string> names;
  names.reserve(signature.columns.size());
  for (const InputColumn& column : signature.columns) names.push_back(column.name);
  if (signature.columns_named) model.add_metadata("columns", json_list(names));
  // Those that nothing depends on are no inputs, and have no type there.
  if (signature.columns_named && !signature.uniform_type().has_value()) {
    std::vector<std::string> types;
    types.reserve(names.size());
    for (const InputColumn& column : signature.columns) {
      types.emplace_back(column.is_text() ? "text" : "number");
    }
    model.add_metadata("column_types", json_list(types));
  }
  note_texts(signature, model);
}

Result<OnnxFile> write(const Graph& graph, const OnnxOptions& options, std::set<ValueId>* own) {
  Model model(options.name);
  for (const OutputSpec& output : graph.signature().outputs) {
    if (!model.reserve(output.name)) return internal_error("two outputs have one name");
  }
  Values values(graph, model);
  TRY_STATUS(values.declare_inputs());
  TRY_STATUS(emit_nodes(graph, values, model, own));
  TRY_STATUS(emit_outputs(graph, values, model));
  note_columns(graph.signature(), model);
  OnnxFile file;
  file.own_operators.assign(model.own_operators().begin(), model.own_operators().end());
  file.bytes = std::move(model).finish(options.producer_version);
  if (file.bytes.size() > kBytesMax) {
    return resource_exhausted("the model is larger than an ONNX file may be, 2 GiB");
  }
  return file;
}

}  // namespace
}  // namespace onnx

Result<OnnxFile> write_onnx_file(const Graph& graph, const OnnxOptions& options) {
  std::set<ValueId> own;
  for (ValueId id = kFirstNode; options.own_first && id < graph.value_count(); ++id) {
    if (find_op_codec(graph.node(id).op->name()) != nullptr) own.insert(id);
  }
  const size_t own_count = own.size();
  OnnxFile file =
      TRY(onnx::write(graph, options, options.own_operators || options.own_first ? &own : nullptr));
  if (own.size() == own_count) return file;
  // Once more, without what was tried in vain.
  return onnx::write(graph, options, &own);
}

Result<std::string> write_onnx(const Graph& graph, const OnnxOptions& options) {
  return TRY(write_onnx_file(graph, options)).bytes;
}

}  // namespace slipway::writers
