#include "writers/onnx/internal/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "graph/codecs/op_codec.h"

namespace slipway::writers::onnx {
namespace {

// Field numbers of onnx.proto.
namespace tensor {
constexpr uint32_t kDims = 1;
constexpr uint32_t kType = 2;
constexpr uint32_t kText = 6;
constexpr uint32_t kName = 8;
constexpr uint32_t kRaw = 9;
}  // namespace tensor
namespace attribute {
constexpr uint32_t kName = 1;
constexpr uint32_t kInteger = 3;
constexpr uint32_t kText = 4;
constexpr uint32_t kTensor = 5;
constexpr uint32_t kIntegers = 8;
constexpr uint32_t kTexts = 9;
constexpr uint32_t kType = 20;
constexpr int64_t kTypeInteger = 2;
constexpr int64_t kTypeText = 3;
constexpr int64_t kTypeTensor = 4;
constexpr int64_t kTypeIntegers = 7;
constexpr int64_t kTypeTexts = 8;
}  // namespace attribute

constexpr size_t kKnownBytesMax = 256;

Message tensor_head(const Dims& dims, Element element) {
  Message message;
  message.packed(tensor::kDims, dims);
  message.integer(tensor::kType, static_cast<int64_t>(element));
  return message;
}

/// As raw_data has them: little-endian, whatever the machine.
template <typename T>
std::string raw_bytes(std::span<const T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if constexpr (std::endian::native == std::endian::little) {
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  } else {
    for (size_t i = 0; i < values.size(); ++i) {
      uint64_t bits = 0;
      std::memcpy(reinterpret_cast<char*>(&bits) + (8 - sizeof(T)), &values[i], sizeof(T));
      for (size_t k = 0; k < sizeof(T); ++k) {
        bytes[i * sizeof(T) + k] = static_cast<char>(bits >> (8 * k));
      }
    }
  }
  return bytes;
}

Message value_info(const Name& name, Element element, const Dims& dims) {
  Message shape;
  for (const int64_t size : dims) {
    Message dim;
    if (size == Model::kRowsOpen) {
      dim.text(2, "rows");
    } else {
      dim.integer(1, size);
    }
    shape.message(1, dim);
  }
  Message type_of_tensor;
  type_of_tensor.integer(1, static_cast<int64_t>(element));
  type_of_tensor.message(2, shape);
  Message type;
  type.message(1, type_of_tensor);
  Message info;
  info.text(1, name);
  info.message(2, type);
  return info;
}

Message operator_set(std::string_view domain, int64_t version) {
  Message set;
  set.text(1, domain);
  set.integer(2, version);
  return set;
}

}  // namespace

Attribute Attribute::integer(std::string_view name, int64_t value) {
  Attribute a;
  a.message.text(attribute::kName, name);
  a.message.integer(attribute::kInteger, value);
  a.message.integer(attribute::kType, attribute::kTypeInteger);
  return a;
}

Attribute Attribute::integers(std::string_view name, std::span<const int64_t> values) {
  Attribute a;
  a.message.text(attribute::kName, name);
  a.message.packed(attribute::kIntegers, values);
  a.message.integer(attribute::kType, attribute::kTypeIntegers);
  return a;
}

Attribute Attribute::text(std::string_view name, std::string_view value) {
  Attribute a;
  a.message.text(attribute::kName, name);
  a.message.text(attribute::kText, value);
  a.message.integer(attribute::kType, attribute::kTypeText);
  return a;
}

Attribute Attribute::texts(std::string_view name, std::span<const std::string> values) {
  Attribute a;
  a.message.text(attribute::kName, name);
  for (const std::string& value : values) a.message.text(attribute::kTexts, value);
  a.message.integer(attribute::kType, attribute::kTypeTexts);
  return a;
}

Attribute Attribute::tensor(std::string_view name, const Message& tensor) {
  Attribute a;
  a.message.text(attribute::kName, name);
  a.message.message(attribute::kTensor, tensor);
  a.message.integer(attribute::kType, attribute::kTypeTensor);
  return a;
}

Message double_tensor(const Dims& dims, std::span<const double> values) {
  Message message = tensor_head(dims, Element::kDouble);
  message.text(tensor::kRaw, raw_bytes(values));
  return message;
}

Message byte_tensor(const Dims& dims, std::span<const uint8_t> values) {
  Message message = tensor_head(dims, Element::kUint8);
  message.text(tensor::kRaw, raw_bytes(values));
  return message;
}

Message integer_tensor(const Dims& dims, std::span<const int64_t> values) {
  Message message = tensor_head(dims, Element::kInt64);
  message.text(tensor::kRaw, raw_bytes(values));
  return message;
}

Message text_tensor(const Dims& dims, std::span<const std::string> values) {
  Message message = tensor_head(dims, Element::kString);
  for (const std::string& value : values) message.text(tensor::kText, value);
  return message;
}

Name Model::fresh(std::string_view stem) {
  while (true) {
    Name name = fmt::format("{}_{}", stem, next_++);
    if (taken_.insert(name).second) return name;
  }
}

void Model::add_input(const Name& name, Element element, int64_t width) {
  inputs_.message(11, value_info(name, element, {kRowsOpen, width}));
}

void Model::add_output(const Name& name, const Name& value, Element element, const Dims& dims) {
  Message node;
  node.text(1, value);
  node.text(2, name);
  node.text(3, "output " + name);
  node.text(4, "Identity");
  graph_.message(1, node);
  outputs_.message(12, value_info(name, element, dims));
}

void Model::add_metadata(std::string key, std::string value) {
  metadata_.emplace_back(std::move(key), std::move(value));
}

void Model::append(std::string_view op, std::span<const Name> inputs,
                   std::span<const Attribute> attributes, std::string_view domain,
                   std::span<const Name> results) {
  Message node;
  for (const Name& input : inputs) node.text(1, input);
  for (const Name& result : results) node.text(2, result);
  node.text(3, path_.empty() ? results[0] : fmt::format("{}/{}", path_, results[0]));
  node.text(4, op);
  for (const Attribute& attribute : attributes) node.message(5, attribute.message);
  if (!domain.empty()) {
    node.text(7, domain);
    if (domain == kOwnDomain) {
      own_.emplace(op);
    } else {
      need_ml(3);
    }
  }
  graph_.message(1, node);
}

Name Model::call(std::string_view op, std::span<const Name> inputs,
                 std::span<const Attribute> attributes, std::string_view domain) {
  Name result = fresh(op);
  append(op, inputs, attributes, domain, std::span(&result, 1));
  return result;
}

std::vector<Name> Model::call_many(std::string_view op, std::initializer_list<Name> inputs,
                                   std::initializer_list<Attribute> attributes, size_t results) {
  std::vector<Name> names;
  while (names.size() < results) names.push_back(fresh(op));
  append(op, std::span(inputs.begin(), inputs.size()),
         std::span(attributes.begin(), attributes.size()), {}, names);
  return names;
}

Name Model::constant(const Message& tensor) {
  const bool small = tensor.bytes().size() <= kKnownBytesMax;
  if (small) {
    const auto known = known_.find(tensor.bytes());
    if (known != known_.end()) return known->second;
  }
  Name name = fresh("constant");
  if (small) known_.emplace(tensor.bytes(), name);
  Message named = tensor;
  named.text(tensor::kName, name);
  constants_.message(5, named);
  return name;
}

Name Model::number(double value) { return constant(double_tensor({}, std::span(&value, 1))); }
Name Model::integer(int64_t value) { return constant(integer_tensor({}, std::span(&value, 1))); }
Name Model::numbers(const Dims& dims, std::span<const double> values) {
  return constant(double_tensor(dims, values));
}
Name Model::integers(const Dims& dims, std::span<const int64_t> values) {
  return constant(integer_tensor(dims, values));
}
Name Model::texts(const Dims& dims, std::span<const std::string> values) {
  return constant(text_tensor(dims, values));
}
Name Model::row(std::span<const double> values) {
  return numbers({1, static_cast<int64_t>(values.size())}, values);
}

Name Model::cast(const Name& x, Element to) {
  return call("Cast", {x}, {Attribute::integer("to", static_cast<int64_t>(to))});
}

Name Model::sigmoid(const Name& x) { return div(number(1), add(number(1), exp(neg(x)))); }

Name Model::clip(const Name& x, double low, double high) {
  const Name above = where(less(x, number(low)), number(low), x);
  return where(greater(above, number(high)), number(high), above);
}

Name Model::gather(const Name& x, std::span<const int64_t> places, int64_t axis) {
  const Name list = integers({static_cast<int64_t>(places.size())}, places);
  return call("Gather", {x, list}, {Attribute::integer("axis", axis)});
}

Name Model::look_up(const Name& table, const Name& places) {
  return call("Gather", {table, places}, {Attribute::integer("axis", 0)});
}

Name Model::concat(std::span<const Name> parts) {
  if (parts.size() == 1) return parts[0];
  const std::vector<Attribute> axis = {Attribute::integer("axis", 1)};
  return call("Concat", parts, axis);
}

Name Model::reduce(std::string_view op, const Name& x, int64_t axis, bool keep) {
  const Name axes = integers({1}, std::span(&axis, 1));
  return call(op, {x, axes}, {Attribute::integer("keepdims", keep ? 1 : 0)});
}

std::pair<Name, Name> Model::top(const Name& x, int64_t count, bool largest) {
  const std::vector<Name> results =
      call_many("TopK", {x, integers({1}, std::span(&count, 1))},
                {Attribute::integer("axis", 1), Attribute::integer("largest", largest ? 1 : 0),
                 Attribute::integer("sorted", 1)},
                2);
  return {results[0], results[1]};
}

Name Model::argmax(const Name& x) {
  return call("ArgMax", {x}, {Attribute::integer("axis", 1), Attribute::integer("keepdims", 1)});
}

Name Model::squeeze(const Name& x, int64_t axis) {
  return call("Squeeze", {x, integers({1}, std::span(&axis, 1))});
}

Name Model::unsqueeze(const Name& x, int64_t axis) {
  return call("Unsqueeze", {x, integers({1}, std::span(&axis, 1))});
}

Name Model::reshape(const Name& x, const Dims& row) {
  Dims dims = {-1};
  dims.insert(dims.end(), row.begin(), row.end());
  return call("Reshape", {x, integers({static_cast<int64_t>(dims.size())}, dims)});
}

std::string Model::finish(std::string_view producer_version) && {
  Message graph;
  graph.text(2, name_);
  std::string body = std::move(graph_).take();
  body += graph.bytes() + constants_.bytes() + inputs_.bytes() + outputs_.bytes();
  Message model;
  // The releases of onnx that brought the operator sets brought these versions too.
  model.integer(1, ml_version_ >= 5 ? 10 : version_ > 18 ? 9 : 8);
  model.text(2, "slipway");
  model.text(3, producer_version);
  model.text(7, body);
  model.message(8, operator_set("", version_));
  if (ml_version_ > 0) model.message(8, operator_set("ai.onnx.ml", ml_version_));
  if (!own_.empty()) model.message(8, operator_set(kOwnDomain, kOwnVersion));
  for (const auto& [key, value] : metadata_) {
    Message entry;
    entry.text(1, key);
    entry.text(2, value);
    model.message(14, entry);
  }
  return std::move(model).take();
}

}  // namespace slipway::writers::onnx
