#include "formats/onnx/internal/model_proto.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/onnx/internal/wire.h"

namespace slipway::onnx {
namespace {

constexpr uint32_t kGraphDepthMax = 8;
constexpr auto kBytes = WireFields::kBytes;
constexpr auto kVarint = WireFields::kVarint;

Status malformed(std::string_view what) {
  return invalid_argument(
      fmt::format("the file is damaged: {} has a field that does not fit", what));
}

/// What bounds the memory: every message counts with what it becomes, whatever it holds.
class Parser {
 public:
  Parser(const Limits& limits, size_t file_bytes)
      : objects_left_(limits.objects_max), bytes_left_(memory_budget(limits, file_bytes)) {}

  Result<TensorProto> tensor(std::string_view bytes);
  Result<GraphProto> graph(std::string_view bytes, uint32_t depth);
  Result<FunctionProto> function(std::string_view bytes);
  Result<MetadataProto> metadata(std::string_view bytes);
  Result<OperatorSet> operator_set(std::string_view bytes);

 private:
  Status count(size_t bytes) {
    if (objects_left_ == 0) return resource_exhausted("too many messages in the file");
    --objects_left_;
    bytes *= 2;  // a vector that has grown
    if (bytes > bytes_left_) return resource_exhausted("the file's messages need too much memory");
    bytes_left_ -= bytes;
    return {};
  }
  Result<AttributeProto> attribute(std::string_view bytes, uint32_t depth);
  Status attribute_field(const WireFields& fields, uint32_t depth, AttributeProto& attribute);
  Result<NodeProto> node(std::string_view bytes, uint32_t depth);
  Result<ValueInfoProto> value_info(std::string_view bytes);
  Status type(std::string_view bytes, ValueInfoProto& info);
  Status tensor_type(std::string_view bytes, ValueInfoProto& info);
  Status map_type(std::string_view bytes, ValueInfoProto& info);
  Status shape(std::string_view bytes, ValueInfoProto& info);

  uint64_t objects_left_;
  uint64_t bytes_left_;
};

Result<TensorProto> Parser::tensor(std::string_view bytes) {
  TRY_STATUS(count(sizeof(TensorProto)));
  TensorProto tensor;
  WireFields fields(bytes);
  while (fields.next()) {
    bool fits = true;
    switch (fields.number()) {
      case 1: fits = fields.append_integers(tensor.dims); break;
      case 2: tensor.data_type = fields.integer(); break;
      case 4: fits = fields.append_reals(tensor.float_data); break;
      case 5:
      case 7:
      case 11: fits = fields.append_integers(tensor.integer_data); break;
      case 6:
        TRY_STATUS(count(sizeof(std::string_view)));
        tensor.string_data.push_back(fields.bytes());
        break;
      case 8: tensor.name = fields.bytes(); break;
      case 9:
        tensor.raw_data = fields.bytes();
        tensor.has_raw_data = true;
        break;
      case 10: fits = fields.append_doubles(tensor.double_data); break;
      case 13: tensor.is_external = true; break;
      case 14: tensor.is_external = tensor.is_external || fields.integer() == 1; break;
      default: break;
    }
    if (!fits) return malformed("a tensor");
  }
  TRY_STATUS(fields.status("a tensor"));
  return tensor;
}

Status Parser::attribute_field(const WireFields& fields, uint32_t depth,
                               AttributeProto& attribute) {
  bool fits = true;
  switch (fields.number()) {
    case 1: attribute.name = fields.bytes(); break;
    case 2: attribute.real = fields.real(); break;
    case 3: attribute.integer = fields.integer(); break;
    case 4: attribute.text = fields.bytes(); break;
    case 5:
    case 10: attribute.tensors.push_back(TRY(tensor(fields.bytes()))); break;
    case 6:
    case 11:
      attribute.graph = std::make_shared<const GraphProto>(TRY(graph(fields.bytes(), depth + 1)));
      break;
    case 7: fits = fields.append_reals(attribute.reals); break;
    case 8: fits = fields.append_integers(attribute.integers); break;
    case 9:
      TRY_STATUS(count(sizeof(std::string_view)));
      attribute.texts.push_back(fields.bytes());
      break;
    case 20: attribute.type = fields.integer(); break;
    case 21:
      attribute.is_reference = true;
      attribute.reference = fields.bytes();
      break;
    case 22:
    case 23: attribute.is_sparse = true; break;
    default: break;
  }
  return fits ? Status() : malformed("an attribute");
}

Result<AttributeProto> Parser::attribute(std::string_view bytes, uint32_t depth) {
  TRY_STATUS(count(sizeof(AttributeProto)));
  AttributeProto attribute;
  WireFields fields(bytes);
  while (fields.next()) TRY_STATUS(attribute_field(fields, depth, attribute));
  TRY_STATUS(fields.status("an attribute"));
  return attribute;
}

Result<NodeProto> Parser::node(std::string_view bytes, uint32_t depth) {
  TRY_STATUS(count(sizeof(NodeProto)));
  NodeProto node;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes) || fields.is(2, kBytes)) {
      TRY_STATUS(count(sizeof(std::string_view)));
      (fields.number() == 1 ? node.inputs : node.outputs).push_back(fields.bytes());
    }
    if (fields.is(3, kBytes)) node.name = fields.bytes();
    if (fields.is(4, kBytes)) node.op_type = fields.bytes();
    if (fields.is(5, kBytes)) node.attributes.push_back(TRY(attribute(fields.bytes(), depth)));
    if (fields.is(7, kBytes)) node.domain = fields.bytes();
    if (fields.is(8, kBytes)) node.overload = fields.bytes();
  }
  TRY_STATUS(fields.status("a node"));
  if (node.domain == "ai.onnx") node.domain = "";
  return node;
}

Status Parser::shape(std::string_view bytes, ValueInfoProto& info) {
  info.has_shape = true;
  WireFields fields(bytes);
  while (fields.next()) {
    if (!fields.is(1, kBytes)) continue;
    TRY_STATUS(count(sizeof(DimProto)));
    DimProto dim;
    WireFields parts(fields.bytes());
    while (parts.next()) {
      if (parts.is(1, kVarint)) {
        dim.is_fixed = true;
        dim.size = parts.integer();
      }
      if (parts.is(2, kBytes)) dim.parameter = parts.bytes();
    }
    TRY_STATUS(parts.status("a shape"));
    info.dims.push_back(dim);
  }
  return fields.status("a shape");
}

Status Parser::tensor_type(std::string_view bytes, ValueInfoProto& info) {
  info.kind = ValueInfoProto::Kind::kTensor;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kVarint)) info.element_type = fields.integer();
    if (fields.is(2, kBytes)) TRY_STATUS(shape(fields.bytes(), info));
  }
  return fields.status("a type");
}

Status Parser::map_type(std::string_view bytes, ValueInfoProto& info) {
  info.kind = ValueInfoProto::Kind::kMap;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kVarint)) info.key_type = fields.integer();
    if (!fields.is(2, kBytes)) continue;
    WireFields value(fields.bytes());
    while (value.next()) {
      if (!value.is(1, kBytes)) continue;
      WireFields element(value.bytes());
      while (element.next()) {
        if (element.is(1, kVarint)) info.element_type = element.integer();
      }
    }
  }
  return fields.status("a type");
}

Status Parser::type(std::string_view bytes, ValueInfoProto& info) {
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) TRY_STATUS(tensor_type(fields.bytes(), info));
    if (fields.is(4, kBytes)) info.kind = ValueInfoProto::Kind::kSequence;
    if (fields.is(5, kBytes)) TRY_STATUS(map_type(fields.bytes(), info));
    if (fields.is(8, kBytes) || fields.is(9, kBytes)) info.kind = ValueInfoProto::Kind::kOther;
  }
  return fields.status("a type");
}

Result<ValueInfoProto> Parser::value_info(std::string_view bytes) {
  TRY_STATUS(count(sizeof(ValueInfoProto)));
  ValueInfoProto info;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) info.name = fields.bytes();
    if (fields.is(2, kBytes)) TRY_STATUS(type(fields.bytes(), info));
  }
  TRY_STATUS(fields.status("a value"));
  return info;
}

/// Graphs lie in attributes of nodes in graphs: the only nesting, and bounded.
Result<GraphProto> Parser::graph(std::string_view bytes, uint32_t depth) {
  if (depth > kGraphDepthMax) {
    return resource_exhausted(
        fmt::format("graphs lie in graphs too deep, limit {}", kGraphDepthMax));
  }
  TRY_STATUS(count(sizeof(GraphProto)));
  GraphProto graph;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) graph.nodes.push_back(TRY(node(fields.bytes(), depth)));
    if (fields.is(2, kBytes)) graph.name = fields.bytes();
    if (fields.is(5, kBytes)) graph.initializers.push_back(TRY(tensor(fields.bytes())));
    if (fields.is(11, kBytes)) graph.inputs.push_back(TRY(value_info(fields.bytes())));
    if (fields.is(12, kBytes)) graph.outputs.push_back(TRY(value_info(fields.bytes())));
    if (fields.is(15, kBytes)) graph.has_sparse_initializers = true;
  }
  TRY_STATUS(fields.status("a graph"));
  return graph;
}

Result<OperatorSet> Parser::operator_set(std::string_view bytes) {
  TRY_STATUS(count(sizeof(OperatorSet)));
  OperatorSet set;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) set.domain = fields.bytes();
    if (fields.is(2, kVarint)) set.version = fields.integer();
  }
  TRY_STATUS(fields.status("an operator set"));
  if (set.domain == "ai.onnx") set.domain = "";
  return set;
}

Result<FunctionProto> Parser::function(std::string_view bytes) {
  TRY_STATUS(count(sizeof(FunctionProto)));
  FunctionProto function;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) function.name = fields.bytes();
    if (fields.is(4, kBytes) || fields.is(5, kBytes)) {
      TRY_STATUS(count(sizeof(std::string_view)));
      (fields.number() == 4 ? function.inputs : function.outputs).push_back(fields.bytes());
    }
    if (fields.is(7, kBytes)) function.nodes.push_back(TRY(node(fields.bytes(), 0)));
    if (fields.is(9, kBytes)) function.operator_sets.push_back(TRY(operator_set(fields.bytes())));
    if (fields.is(10, kBytes)) function.domain = fields.bytes();
    if (fields.is(11, kBytes)) function.defaults.push_back(TRY(attribute(fields.bytes(), 0)));
    if (fields.is(13, kBytes)) function.overload = fields.bytes();
  }
  TRY_STATUS(fields.status("a function"));
  if (function.domain == "ai.onnx") function.domain = "";
  return function;
}

Result<MetadataProto> Parser::metadata(std::string_view bytes) {
  TRY_STATUS(count(sizeof(MetadataProto)));
  MetadataProto entry;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kBytes)) entry.key = fields.bytes();
    if (fields.is(2, kBytes)) entry.value = fields.bytes();
  }
  TRY_STATUS(fields.status("the metadata"));
  return entry;
}

}  // namespace

uint64_t memory_budget(const Limits& limits, size_t file_bytes) {
  constexpr uint64_t kFree = uint64_t{64} << 20;
  constexpr uint64_t kPerByte = 64;
  return std::min(limits.memory_bytes_max, kFree + kPerByte * uint64_t{file_bytes});
}

Result<ModelProto> parse_model(std::string_view bytes, const Limits& limits) {
  Parser parser(limits, bytes.size());
  ModelProto model;
  bool has_graph = false;
  WireFields fields(bytes);
  while (fields.next()) {
    if (fields.is(1, kVarint)) model.ir_version = fields.integer();
    if (fields.is(2, kBytes)) model.producer_name = fields.bytes();
    if (fields.is(3, kBytes)) model.producer_version = fields.bytes();
    if (fields.is(6, kBytes)) model.doc_string = fields.bytes();
    if (fields.is(7, kBytes)) {
      if (has_graph) return invalid_argument("the file is damaged: it holds two graphs");
      model.graph = TRY(parser.graph(fields.bytes(), 0));
      has_graph = true;
    }
    if (fields.is(8, kBytes)) {
      model.operator_sets.push_back(TRY(parser.operator_set(fields.bytes())));
    }
    if (fields.is(14, kBytes)) model.metadata.push_back(TRY(parser.metadata(fields.bytes())));
    if (fields.is(25, kBytes)) model.functions.push_back(TRY(parser.function(fields.bytes())));
  }
  TRY_STATUS(fields.status("the model"));
  if (!has_graph) return invalid_argument("the file holds no ONNX graph");
  return model;
}

Result<TensorProto> parse_tensor(std::string_view bytes) {
  return Parser(Limits{}, bytes.size()).tensor(bytes);
}

}  // namespace slipway::onnx
