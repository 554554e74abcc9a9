// Records to numbers: scikit-learn's DictVectorizer.
//
// A record is a list of keys with values (tensor/batch.h). A number stands under its key; a text
// under "key=text", where it counts one. A list of texts is one such field for each. What the
// vocabulary does not know is left out; what comes twice is added up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace slipway {

/// One column of records to one column for each entry of the vocabulary, dense or sparse.
class VectorizeRecordsOp final : public Op {
 public:
  /// What the vectorizer's dtype makes of a number.
  struct Numbers {
    enum class Rounding : uint8_t { kNone, kFloat32, kWhole };  // kWhole: towards zero

    Rounding rounding = Rounding::kNone;
    double min = 0;  // kWhole: other values, and NaN, are INVALID_ARGUMENT
    double max = 0;
    bool takes_none = true;  // None is NaN; else INVALID_ARGUMENT
  };
  struct Options {
    uint32_t column = 0;  // of the records input
    bool sparse = false;
    std::string separator = "=";
    Numbers numbers;
  };
  VectorizeRecordsOp(std::vector<std::string> vocabulary, Options options)
      : vocabulary(std::move(vocabulary)), options(std::move(options)) {}
  std::string_view name() const override { return "vectorize_records"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::vector<std::string> vocabulary;  // by output column
  const Options options;
};

/// One column of records to hashed columns: scikit-learn's FeatureHasher.
class HashRecordsOp final : public Op {
 public:
  struct Options {
    uint32_t column = 0;  // of the records input
    uint32_t width = 1;   // at least 1
    bool sparse = false;
    bool alternate_sign = true;
  };
  explicit HashRecordsOp(Options options) : options(options) {}
  std::string_view name() const override { return "hash_records"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Options options;
};

}  // namespace slipway
