// Terms counted in texts: PMML's TextIndex for all terms of one text at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/term_tokenizer.h"

namespace slipway {

/// One column of texts to a column for each term: how often it is there. A missing text gives
/// missing counts.
class TermCountsOp final : public Op {
 public:
  static constexpr uint32_t kDistanceMax = 1000;
  /// Of a term.
  static constexpr size_t kWordsMax = 32;

  struct Options {
    uint32_t column = 0;  // of the input
    /// Edits that a term's words may differ by, together.
    uint32_t distance = 0;
    /// Count the places of the least distance only.
    bool best_only = false;
  };
  /// Terms as their words, each with a 0 behind it.
  TermCountsOp(std::shared_ptr<const TermTokenizer> tokenized_by,
               std::vector<std::string> counted_terms, Options counted_so)
      : tokenizer(std::move(tokenized_by)), terms(std::move(counted_terms)), options(counted_so) {}
  std::string_view name() const override { return "term_counts"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::shared_ptr<const TermTokenizer> tokenizer;
  const std::vector<std::string> terms;
  const Options options;
};

}  // namespace slipway
