#include "graph/ops/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {

Result<ValueType> VectorizeRecordsOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kRecord) {
    return invalid_argument("expected one record input");
  }
  if (options.column >= inputs[0].width) {
    return invalid_argument(fmt::format("column {} does not exist", options.column));
  }
  if (vocabulary.size() > kWidthMax) return resource_exhausted("the vocabulary is too large");
  const auto width = static_cast<uint32_t>(vocabulary.size());
  if (!options.sparse) return ValueType{ValueKind::kDense, width};
  return ValueType{ValueKind::kSparse, width, std::min(width, kRecordFieldsMax)};
}

std::string VectorizeRecordsOp::describe() const {
  return fmt::format("{} entries{}", vocabulary.size(), options.sparse ? ", sparse" : "");
}

size_t VectorizeRecordsOp::size_bytes() const { return heap_bytes(vocabulary); }

Result<ValueType> HashRecordsOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kRecord) {
    return invalid_argument("expected one record input");
  }
  if (options.column >= inputs[0].width) {
    return invalid_argument(fmt::format("column {} does not exist", options.column));
  }
  if (options.width == 0 || options.width > kWidthMax) {
    return invalid_argument(
        fmt::format("expected 1 to {} columns, got {}", kWidthMax, options.width));
  }
  if (!options.sparse) return ValueType{ValueKind::kDense, options.width};
  return ValueType{ValueKind::kSparse, options.width, std::min(options.width, kRecordFieldsMax)};
}

std::string HashRecordsOp::describe() const {
  return fmt::format("{} columns{}{}", options.width, options.alternate_sign ? ", signed" : "",
                     options.sparse ? ", sparse" : "");
}

}  // namespace slipway
