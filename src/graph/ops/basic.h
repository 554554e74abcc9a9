// Operators that every family needs: choosing columns, checking input, activations, labels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// A column of one of a node's inputs.
struct ColumnPick {
  uint32_t input;  // index into the node's inputs
  uint32_t column;
};

/// Gathers columns of dense or sparse inputs into one dense matrix.
class SelectOp final : public Op {
 public:
  explicit SelectOp(std::vector<ColumnPick> picks) : picks(std::move(picks)) {}
  std::string_view name() const override { return "select"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return picks.size() * sizeof(ColumnPick); }

  const std::vector<ColumnPick> picks;
};

/// Gathers columns of string inputs into one string matrix.
class SelectStringsOp final : public Op {
 public:
  explicit SelectStringsOp(std::vector<ColumnPick> picks) : picks(std::move(picks)) {}
  std::string_view name() const override { return "select_strings"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return picks.size() * sizeof(ColumnPick); }

  const std::vector<ColumnPick> picks;
};

/// Gathers columns of dense, sparse and string inputs into one matrix of cells, numbers beside
/// texts: what numpy holds in an object array. For outputs; other ops take a string matrix for
/// texts only.
class SelectCellsOp final : public Op {
 public:
  explicit SelectCellsOp(std::vector<ColumnPick> picks) : picks(std::move(picks)) {}
  std::string_view name() const override { return "select_cells"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return picks.size() * sizeof(ColumnPick); }

  const std::vector<ColumnPick> picks;
};

/// Passes a dense or sparse matrix on unchanged, or fails with INVALID_ARGUMENT naming row and
/// column if an element is not what scikit-learn's check_array takes (ValueError "Input X contains
/// NaN").
class RequireFiniteOp final : public Op {
 public:
  struct Options {
    bool allow_nan = false;
    bool float32_range =
        false;  // trees: "Input X contains infinity or a value too large for float32"
  };
  RequireFiniteOp(Options options, std::string estimator, std::vector<std::string> columns)
      : options(options), estimator(std::move(estimator)), columns(std::move(columns)) {}
  std::string_view name() const override { return "require_finite"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(estimator) + heap_bytes(columns); }

  const Options options;
  const std::string estimator;
  const std::vector<std::string> columns;  // names for the message; may be empty
};

/// Rounds float64 to float32, as scikit-learn's trees see their input.
class CastFloat32Op final : public Op {
 public:
  std::string_view name() const override { return "cast_float32"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

/// An elementwise or rowwise function of a dense matrix.
class ActivationOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSoftmax,         // per row, shifted by its maximum (sklearn.utils.extmath.softmax)
    kLogistic,        // 1 / (1 + exp(-x)) (scipy.special.expit)
    kLogisticPair,    // width 1 -> 2: [1 - expit(x), expit(x)]
    kComplementPair,  // width 1 -> 2: [1 - p, p]
    kNormalizeRows,   // each row divided by its sum; a row of zeros becomes uniform
    kModifiedHuber,   // (clip(x, -1, 1) + 1) / 2
    kExp,
    kLog,
    kLogSoftmax,       // logarithm of kSoftmax, also where that is too small for a number
    kLogLogistic,      // -log(1 + exp(-x))
    kLogLogisticPair,  // width 1 -> 2: [-log(1 + exp(x)), -log(1 + exp(-x))]
    kIdentity,
  };
  explicit ActivationOp(Function function) : function(function) {}
  std::string_view name() const override { return "activation"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
};

/// Dense scores to class indices, width 1. One column: index 1 where score > 0 (or >= threshold
/// when `inclusive`); several: the first maximum, as numpy.argmax (a NaN counts as the maximum).
class ArgMaxOp final : public Op {
 public:
  explicit ArgMaxOp(double threshold = 0, bool inclusive = false)
      : threshold(threshold), inclusive(inclusive) {}
  std::string_view name() const override { return "argmax"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const double threshold;
  const bool inclusive;
};

/// Several index values side by side (a multi-output classifier's predictions).
class ConcatIndexOp final : public Op {
 public:
  std::string_view name() const override { return "concat_index"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

/// Some columns of a sparse matrix, in their order, as one.
class SelectSparseOp final : public Op {
 public:
  explicit SelectSparseOp(std::vector<uint32_t> columns) : columns(std::move(columns)) {}
  std::string_view name() const override { return "select_sparse"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(columns); }

  const std::vector<uint32_t> columns;  // strictly ascending
};

/// Several dense or sparse matrices side by side as one sparse matrix.
class ConcatSparseOp final : public Op {
 public:
  std::string_view name() const override { return "concat_sparse"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

}  // namespace slipway
