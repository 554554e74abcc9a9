// What ONNX has nothing for: a node of ai.slipway that holds the operator's constants as its
// attributes.
#include <fmt/format.h>

#include "graph/codecs/op_codec.h"
#include "writers/onnx/internal/emission.h"

namespace slipway::writers::onnx {
namespace {

struct AsAttribute {
  std::string_view name;

  Attribute operator()(int64_t value) const { return Attribute::integer(name, value); }
  Attribute operator()(const std::vector<int64_t>& values) const {
    return Attribute::integers(name, values);
  }
  Attribute operator()(const std::vector<double>& values) const {
    return Attribute::tensor(name, double_tensor({size_of(values)}, values));
  }
  Attribute operator()(const std::string& value) const { return Attribute::text(name, value); }
  Attribute operator()(const std::vector<std::string>& values) const {
    return Attribute::texts(name, values);
  }
};

/// What a tensor of the file is, for the operator that is read back.
ValueType in_file(ValueType type) {
  if (type.kind == ValueKind::kString) return type;
  return {ValueKind::kDense, type.width};
}

/// Whether the operator, read back, takes what the file can give it.
Status check(const OpCodec& codec, const OpFields& saved, const Emission& e) {
  OpFields fields(saved.values());
  const std::unique_ptr<const Op> op = codec.load(fields);
  TRY_STATUS(fields.finish());
  std::vector<ValueType> types;
  for (size_t i = 0; i < e.node.inputs.size(); ++i) types.push_back(in_file(e.type(i)));
  const ValueType type = TRY(op->infer(types));
  if (type.width != e.node.type.width) return internal_error("it has another width in the file");
  return {};
}

}  // namespace

Result<Name> emit_own(Emission& e) {
  const OpCodec* codec = find_op_codec(e.node.op->name());
  if (codec == nullptr) return unimplemented("neither ONNX nor ai.slipway has anything for it");
  for (const ValueId input : e.node.inputs) {
    if (input == kRecordsInput) return unimplemented("ONNX's tensors hold no records");
  }
  OpFields fields;
  codec->save(*e.node.op, fields);
  TRY_STATUS(fields.status());
  if (const Status status = check(*codec, fields, e); !status.ok()) {
    return unimplemented(fmt::format("ai.slipway cannot say it: {}", status.message()));
  }
  std::vector<Attribute> attributes;
  attributes.reserve(fields.values().size());
  for (const auto& [name, value] : fields.values()) {
    attributes.push_back(std::visit(AsAttribute{name}, value));
  }
  std::vector<Name> inputs;
  inputs.reserve(e.node.inputs.size());
  for (size_t i = 0; i < e.node.inputs.size(); ++i) inputs.push_back(e.input(i));
  return e.m.call(codec->operator_name, inputs, attributes, kOwnDomain);
}

}  // namespace slipway::writers::onnx
