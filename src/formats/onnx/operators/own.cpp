// Slipway's own operators, of the domain ai.slipway: nodes whose attributes are the constants of an
// operator of the graph (graph/codecs, docs/container.md). Everything that the operator's kernels
// assume, its infer() proves when it is added.
#include <fmt/format.h>

#include <algorithm>

#include "formats/onnx/internal/call.h"
#include "graph/codecs/op_codec.h"
#include "graph/ops/expression_builder.h"

namespace slipway::onnx {
namespace {

/// AttributeProto.AttributeType.
constexpr int64_t kInteger = 2;
constexpr int64_t kText = 3;
constexpr int64_t kTensor = 4;
constexpr int64_t kIntegers = 7;
constexpr int64_t kTexts = 8;

Result<OpFields::Value> field_of(Call& call, const AttributeProto& attribute) {
  switch (attribute.type) {
    case kInteger: return OpFields::Value(attribute.integer);
    case kText: return OpFields::Value(std::string(attribute.text));
    case kIntegers:
      TRY_STATUS(call.lower.charge(attribute.integers.size()));
      return OpFields::Value(attribute.integers);
    case kTexts:
      TRY_STATUS(call.lower.charge_bytes(attribute.texts.size() * sizeof(std::string)));
      return OpFields::Value(call.texts(attribute.name));
    case kTensor: {
      const std::optional<Value> value = TRY(call.tensor(attribute.name));
      if (value && value->type == DType::kFloat64 && value->dims.size() == 1) {
        return OpFields::Value(value->constant->numbers);
      }
      break;
    }
    default: break;
  }
  return invalid_argument(fmt::format(
      "its attribute {} is no integer, text, list of them or list of doubles", attribute.name));
}

Result<OpFields> fields_of(Call& call) {
  OpFields::Values values;
  for (const AttributeProto& attribute : call.node.attributes) {
    OpFields::Value value = TRY(field_of(call, attribute));
    if (!values.emplace(attribute.name, std::move(value)).second) {
      return invalid_argument(fmt::format("its attribute {} is there twice", attribute.name));
    }
  }
  return OpFields(std::move(values));
}

/// Rows of columns: what an operator of the graph takes.
Result<std::vector<ValueId>> inputs_of(Call& call) {
  std::vector<ValueId> ids;
  for (size_t i = 0; i < call.input_count(); ++i) {
    const Value value = TRY(call.input(i));
    if (value.dims.size() != 2 || value.dims[0] != kBatch) {
      return invalid_argument(fmt::format("its input {} has the shape {}, expected rows of columns",
                                          i, to_string(value.dims)));
    }
    ids.push_back(TRY(call.lower.id_of(value)));
  }
  return ids;
}

/// Indices as the numbers that they are.
Result<ValueId> numbers_of(Lowering& lower, ValueId index, uint32_t width) {
  ExpressionBuilder terms;
  std::vector<TermId> columns;
  columns.reserve(width);
  for (uint32_t i = 0; i < width; ++i) {
    columns.push_back(terms.column(index, i, ValueKind::kIndex));
  }
  return terms.add_to(lower.graph(), columns, lower.path());
}

Result<Values> lower_own(Call& call) {
  const OpCodec* codec = nullptr;
  for (const std::span<const OpCodec> table : op_codecs()) {
    const auto found = std::ranges::find(table, call.node.op_type, &OpCodec::operator_name);
    if (found != table.end()) codec = &*found;
  }
  if (codec == nullptr) return internal_error("the operator has no codec");
  OpFields fields = TRY(fields_of(call));
  std::unique_ptr<const Op> op = codec->load(fields);
  TRY_STATUS(fields.finish());
  std::vector<ValueId> inputs = TRY(inputs_of(call));
  Lowering& lower = call.lower;
  ValueId id = TRY(lower.add(std::move(op), std::move(inputs)));
  const ValueType type = lower.graph().type(id);
  const Dims dims = {kBatch, int64_t{type.width}};
  switch (type.kind) {
    case ValueKind::kDense: return one(lower.wrap(id, DType::kFloat64, dims));
    case ValueKind::kString: return one(lower.wrap(id, DType::kString, dims));
    case ValueKind::kIndex:
      id = TRY(numbers_of(lower, id, type.width));
      return one(lower.wrap(id, DType::kInt64, dims));
    default: return internal_error("an operator of ai.slipway gives no tensor");
  }
}

}  // namespace

std::span<const Operator> own_operators() {
  static const std::vector<Operator> kTable = [] {
    std::vector<Operator> all;
    for (const std::span<const OpCodec> table : op_codecs()) {
      for (const OpCodec& codec : table) {
        all.push_back({kOwnDomain, codec.operator_name, kOwnVersion, kOwnVersion, lower_own});
      }
    }
    return all;
  }();
  return kTable;
}

}  // namespace slipway::onnx
