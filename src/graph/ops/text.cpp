#include "graph/ops/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {

Result<ValueType> VectorizeTextOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kString) {
    return invalid_argument("expected one string input");
  }
  if (analyzer == nullptr) return invalid_argument("expected an analyzer");
  if (options.column >= inputs[0].width) {
    return invalid_argument(fmt::format("column {} does not exist", options.column));
  }
  if (options.hashed_columns != 0 && !vocabulary.empty()) {
    return invalid_argument("hashed columns have no vocabulary");
  }
  const size_t columns = options.hashed_columns != 0 ? options.hashed_columns : vocabulary.size();
  if (columns > kWidthMax) return resource_exhausted("the vocabulary is too large");
  const auto width = static_cast<uint32_t>(columns);
  if (!options.sparse) return ValueType{ValueKind::kDense, width};
  return ValueType{ValueKind::kSparse, width, std::min(width, kNonzerosMax)};
}

std::string VectorizeTextOp::describe() const {
  const text::AnalyzerOptions& analysis = analyzer->options();
  const std::string_view unit =
      analysis.unit == text::AnalyzerOptions::Unit::kWord ? "words" : "characters";
  return fmt::format("{}..{} {}, {} {}{}", analysis.shortest, analysis.longest, unit,
                     options.hashed_columns != 0 ? options.hashed_columns : vocabulary.size(),
                     options.hashed_columns != 0 ? "hashed columns" : "entries",
                     options.sparse ? ", sparse" : "");
}

size_t VectorizeTextOp::size_bytes() const {
  return heap_bytes(vocabulary) + analyzer->size_bytes();
}

}  // namespace slipway
