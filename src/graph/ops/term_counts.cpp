#include "graph/ops/term_counts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {

Result<ValueType> TermCountsOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kString) {
    return invalid_argument("expected one string input");
  }
  if (tokenizer == nullptr) return invalid_argument("expected a tokenizer");
  if (options.column >= inputs[0].width) {
    return invalid_argument(fmt::format("column {} does not exist", options.column));
  }
  if (options.distance > kDistanceMax) return invalid_argument("the distance is too large");
  if (terms.empty() || terms.size() > kWidthMax) {
    return resource_exhausted(
        fmt::format("expected 1 to {} terms, got {}", kWidthMax, terms.size()));
  }
  for (const std::string& term : terms) {
    if (static_cast<size_t>(std::ranges::count(term, '\0')) > kWordsMax) {
      return resource_exhausted(fmt::format("a term of over {} words", kWordsMax));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(terms.size())};
}

std::string TermCountsOp::describe() const {
  return fmt::format("{} terms, {}", terms.size(), tokenizer->describe());
}

size_t TermCountsOp::size_bytes() const { return heap_bytes(terms) + tokenizer->size_bytes(); }

}  // namespace slipway
