// Texts to counts: scikit-learn's CountVectorizer and HashingVectorizer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "text/analyzer.h"

namespace slipway {

/// One column of texts to one column for each entry of the vocabulary, or to hashed columns; dense
/// or sparse. A cell that is no text is INVALID_ARGUMENT.
class VectorizeTextOp final : public Op {
 public:
  /// The most columns that one text may fill in a sparse row.
  static constexpr uint32_t kNonzerosMax = 1U << 16;

  struct Options {
    uint32_t column = 0;  // of the input
    bool sparse = false;
    bool binary = false;          // 1 where the count is not 0
    uint32_t hashed_columns = 0;  // 0: by the vocabulary
    bool alternate_sign = true;   // of hashed columns
  };
  VectorizeTextOp(std::shared_ptr<const text::TextAnalyzer> analyzer,
                  std::vector<std::string> vocabulary, Options options)
      : analyzer(std::move(analyzer)), vocabulary(std::move(vocabulary)), options(options) {}
  std::string_view name() const override { return "vectorize_text"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::shared_ptr<const text::TextAnalyzer> analyzer;
  const std::vector<std::string> vocabulary;  // by output column
  const Options options;
};

}  // namespace slipway
