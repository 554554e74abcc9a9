// ModelProto and its parts: an ONNX file as it stands, before it means anything.
//
//   bytes --parse_model--> ModelProto --Lowering--> Graph
//
// Texts and tensors point into the file's bytes, which must outlive them; numbers of attributes are
// unpacked. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace slipway::onnx {

struct GraphProto;

/// A constant tensor: its numbers stand in raw_data or in one of the typed fields.
struct TensorProto {
  std::string_view name;
  int64_t data_type = 0;
  std::vector<int64_t> dims;
  std::string_view raw_data;
  bool has_raw_data = false;
  bool is_external = false;
  std::vector<float> float_data;
  std::vector<int64_t> integer_data;  // int32_data, int64_data, uint64_data
  std::vector<double> double_data;
  std::vector<std::string_view> string_data;
};

struct AttributeProto {
  std::string_view name;
  int64_t type = 0;
  float real = 0;
  int64_t integer = 0;
  std::string_view text;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  std::vector<std::string_view> texts;
  std::vector<TensorProto> tensors;  // t or tensors
  std::shared_ptr<const GraphProto> graph;
  bool is_sparse = false;      // a sparse tensor, or several
  bool is_reference = false;   // to an attribute of the function that the node is in
  std::string_view reference;  // its name
};

struct NodeProto {
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;
  std::string_view overload;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<AttributeProto> attributes;
};

/// An axis: a fixed size, or anything else (a name, nothing).
struct DimProto {
  bool is_fixed = false;
  int64_t size = 0;
  std::string_view parameter;
};

struct ValueInfoProto {
  std::string_view name;
  enum class Kind : uint8_t { kNone, kTensor, kMap, kSequence, kOther } kind = Kind::kNone;
  int64_t element_type = 0;  // of a tensor; of a map its values'
  int64_t key_type = 0;      // of a map
  bool has_shape = false;
  std::vector<DimProto> dims;
};

struct GraphProto {
  std::string_view name;
  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initializers;
  bool has_sparse_initializers = false;
  std::vector<ValueInfoProto> inputs;
  std::vector<ValueInfoProto> outputs;
};

struct OperatorSet {
  std::string_view domain;
  int64_t version = 0;
};

/// A function of the model's own: nodes that stand for one.
struct FunctionProto {
  std::string_view name;
  std::string_view domain;
  std::string_view overload;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<AttributeProto> defaults;  // of its attributes
  std::vector<NodeProto> nodes;
  std::vector<OperatorSet> operator_sets;
};

struct MetadataProto {
  std::string_view key;
  std::string_view value;
};

struct ModelProto {
  int64_t ir_version = 0;
  std::string_view producer_name;
  std::string_view producer_version;
  std::string_view doc_string;
  std::vector<OperatorSet> operator_sets;
  std::vector<FunctionProto> functions;
  std::vector<MetadataProto> metadata;
  GraphProto graph;
};

/// What a file of so many bytes may become: a few megabytes say little about a hostile file, so
/// that memory follows its size.
uint64_t memory_budget(const Limits& limits, size_t file_bytes);
/// INVALID_ARGUMENT if the bytes are no ONNX model; RESOURCE_EXHAUSTED over the limits.
Result<ModelProto> parse_model(std::string_view bytes, const Limits& limits);
/// A file that holds one tensor: the `onnx` package's test data.
Result<TensorProto> parse_tensor(std::string_view bytes);

}  // namespace slipway::onnx
