// What meta-estimators do with the answers of their members: bring class columns to the same
// places, add, average, vote, take a median.
//
//   members' values --LookupOp, PlaceColumnsOp--> the same columns --CombineOp--> one answer
#pragma once

#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"

namespace slipway {

/// The same numbers in every row. Takes no input.
class ConstantOp final : public Op {
 public:
  explicit ConstantOp(std::vector<double> row) : row(std::move(row)) {}
  std::string_view name() const override { return "constant"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(row); }

  const std::vector<double> row;
};

/// One column of indices to rows of a table of numbers: labels as numbers, votes as weights in the
/// class's column. An index beyond the table counts as its last row.
class LookupOp final : public Op {
 public:
  /// `table` has `width` numbers for each index.
  LookupOp(uint32_t width, std::vector<double> table) : width(width), table(std::move(table)) {}
  std::string_view name() const override { return "lookup"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(table); }

  const uint32_t width;
  const std::vector<double> table;
};

/// One column of an index value.
class SelectIndexOp final : public Op {
 public:
  explicit SelectIndexOp(uint32_t column) : column(column) {}
  std::string_view name() const override { return "select_index"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t column;
};

/// Column i of a dense input to column places[i] of the output; the others hold `fill`.
class PlaceColumnsOp final : public Op {
 public:
  PlaceColumnsOp(uint32_t width, std::vector<uint32_t> places, double fill)
      : width(width), places(std::move(places)), fill(fill) {}
  std::string_view name() const override { return "place_columns"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(places); }

  const uint32_t width;
  const std::vector<uint32_t> places;  // distinct, each below width
  const double fill;
};

/// Dense matrices of the same width to one, element by element.
class CombineOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSum,        // sum of weight * x over the inputs in order, divided by the divisor
    kLogAddExp,  // log of the sum of exponentials, as numpy.logaddexp from left to right
  };
  /// `weights` is empty (all 1) or has one for each input.
  CombineOp(Function function, std::vector<double> weights, double divisor)
      : function(function), weights(std::move(weights)), divisor(divisor) {}
  std::string_view name() const override { return "combine"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(weights); }

  const Function function;
  const std::vector<double> weights;
  const double divisor;
};

/// A function of each row of a dense matrix.
class RowFunctionOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSum,              // to one column, as those that follow
    kLogSumExp,        // scipy.special.logsumexp
    kMinimum,          // numpy.min
    kNormalizeOrKeep,  // the row divided by its sum; a row whose sum is 0 stays
    kSubtractMean,     // the row minus its mean
  };
  explicit RowFunctionOp(Function function) : function(function) {}
  std::string_view name() const override { return "row_function"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
};

/// Dense rows to the first of their numbers, in ascending order, at which the sum of weights
/// reaches half of the total.
class WeightedMedianOp final : public Op {
 public:
  explicit WeightedMedianOp(std::vector<double> weights) : weights(std::move(weights)) {}
  std::string_view name() const override { return "weighted_median"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(weights); }

  const std::vector<double> weights;  // one for each column
};

/// One-vs-one models to one score per class: votes, and confidences squeezed into a third of a
/// vote. Inputs: each pair's prediction (0 or 1) and each pair's confidence, where positive speaks
/// for the second class of the pair; pairs in the order (0,1), (0,2), ... (1,2), ...
class PairVotesOp final : public Op {
 public:
  explicit PairVotesOp(uint32_t classes) : classes(classes) {}
  std::string_view name() const override { return "pair_votes"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const uint32_t classes;
};

}  // namespace slipway
