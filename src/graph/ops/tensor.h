// Operators on tensors of static shape, one tensor per row: what ONNX's operators are made of.
//
// A row of a dense value holds one tensor, flattened. Whole numbers and truth values stand as
// float64, float32 values as float64 that are rounded after every operator (`DType`), so that
// arithmetic gives the bits of the narrow type. Broadcasting, transposing, slicing and the like are
// maps of columns, made by the reader (SelectOp); these operators see equal widths and contiguous
// groups only.
//
//   ValueId sum = TRY(graph.add(std::make_unique<TensorBinaryOp>(BinaryFunction::kAdd,
//                                                                DType::kFloat32), {a, b}, "add"));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/heap_bytes.h"
#include "graph/graph.h"
#include "graph/ops/tensor_math.h"
#include "tensor/dtype.h"

namespace slipway {

/// The same numbers in every row.
class TensorConstantOp final : public Op {
 public:
  explicit TensorConstantOp(std::vector<double> values) : values(std::move(values)) {}
  std::string_view name() const override { return "tensor_constant"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(values); }

  const std::vector<double> values;
};

/// The same texts in every row.
class TensorTextsOp final : public Op {
 public:
  explicit TensorTextsOp(std::vector<std::string> texts) : texts(std::move(texts)) {}
  std::string_view name() const override { return "tensor_texts"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(texts); }

  const std::vector<std::string> texts;
};

/// A function of one number, element by element, rounded to `dtype`.
class TensorUnaryOp final : public Op {
 public:
  TensorUnaryOp(UnaryFunction function, UnaryParameters parameters, DType dtype)
      : function(function), parameters(parameters), dtype(dtype) {}
  std::string_view name() const override { return "tensor_unary"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const UnaryFunction function;
  const UnaryParameters parameters;
  const DType dtype;
};

/// A function of two numbers, element by element; both inputs of one width. Two string inputs:
/// kEqual alone.
class TensorBinaryOp final : public Op {
 public:
  TensorBinaryOp(BinaryFunction function, DType dtype) : function(function), dtype(dtype) {}
  std::string_view name() const override { return "tensor_binary"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const BinaryFunction function;
  const DType dtype;
};

/// condition != 0 ? second : third, element by element; the last two both numbers or both texts.
class TensorWhereOp final : public Op {
 public:
  std::string_view name() const override { return "tensor_where"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override { return ""; }
  size_t size_bytes() const override { return 0; }
};

/// Each group of `size` neighbours to one number.
class TensorReduceOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSum,
    kMean,
    kProduct,
    kMin,  // a NaN among the elements is the result, as numpy has it
    kMax,
    kL1,
    kL2,
    kSumSquare,
    kLogSum,
    kLogSumExp,
    kArgMax,
    kArgMin,
    kArgMaxLast,  // the last of equals
    kArgMinLast,
  };
  TensorReduceOp(Function function, uint32_t size, DType dtype)
      : function(function), size(size), dtype(dtype) {}
  std::string_view name() const override { return "tensor_reduce"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
  const uint32_t size;
  const DType dtype;
};

/// Each group of `size` neighbours to a group of as many numbers, or of `count` for the sorts.
class TensorGroupOp final : public Op {
 public:
  enum class Function : uint8_t {
    kSoftmax,
    kSoftmaxZero,  // elements within 1e-7 of 0 only scaled (ai.onnx.ml SOFTMAX_ZERO)
    kLogSoftmax,
    kHardmax,
    kCumulativeSum,
    kCumulativeSumBefore,  // without the element itself
    kCumulativeProduct,
    kCumulativeProductBefore,
    kLargest,  // the `count` largest, in order; equal ones by place
    kLargestPlaces,
    kSmallest,
    kSmallestPlaces,
  };
  TensorGroupOp(Function function, uint32_t size, uint32_t count, DType dtype)
      : function(function), size(size), count(count), dtype(dtype) {}
  std::string_view name() const override { return "tensor_group"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return 0; }

  const Function function;
  const uint32_t size;
  const uint32_t count;
  const DType dtype;
};

/// Elements chosen by numbers that come with the row: output i is
/// data[offsets[i] + stride * n(places[i])], where n is the whole number at that place of the last
/// input, in [-extent, extent); negative ones count from the end. Other numbers are
/// INVALID_ARGUMENT. The data is the first of two inputs, or constant: numbers or texts.
class TensorGatherOp final : public Op {
 public:
  struct Map {
    uint32_t extent = 0;
    uint32_t stride = 1;
    std::vector<uint32_t> offsets;
    std::vector<uint32_t> places;
  };
  /// Data from the first input.
  explicit TensorGatherOp(Map map) : map(std::move(map)) {}
  TensorGatherOp(Map map, std::vector<double> numbers, std::vector<std::string> texts)
      : map(std::move(map)), numbers(std::move(numbers)), texts(std::move(texts)) {}
  std::string_view name() const override { return "tensor_gather"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const Map map;
  const std::vector<double> numbers;  // constant data, if there is any
  const std::vector<std::string> texts;
};

/// Products of matrices: `batch` times m x k by k x n, each stored row-major, one after the other.
/// The right factor is the second input or constant; a constant one may be one matrix for all.
/// Sums run over k in ascending order in float64; the result is rounded.
class TensorMatMulOp final : public Op {
 public:
  struct Sizes {
    uint32_t batch = 1;
    uint32_t m = 1;
    uint32_t k = 1;
    uint32_t n = 1;
  };
  TensorMatMulOp(Sizes sizes, DType dtype, std::vector<double> right)
      : sizes(sizes), dtype(dtype), right(std::move(right)) {}
  std::string_view name() const override { return "tensor_matmul"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override { return heap_bytes(right); }

  const Sizes sizes;
  const DType dtype;
  const std::vector<double> right;
};

/// A table from keys to values, element by element. Keys are texts (string input) or numbers; so
/// are values. The first of equal keys counts; NaN is a key like any other.
class TensorLookUpOp final : public Op {
 public:
  struct Table {
    bool text_keys = false;
    bool text_values = false;
    std::vector<std::string> key_texts;
    std::vector<double> key_numbers;
    std::vector<std::string> value_texts;  // one per key, then the default
    std::vector<double> value_numbers;
  };
  explicit TensorLookUpOp(Table table) : table(std::move(table)) {}
  std::string_view name() const override { return "tensor_look_up"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;
  size_t key_count() const {
    return table.text_keys ? table.key_texts.size() : table.key_numbers.size();
  }

  const Table table;
};

/// The input's columns, and behind them one for each test: 1 where the tested column's value is in
/// the set, 0 where it is not, NaN where it is NaN.
class TensorMembershipOp final : public Op {
 public:
  struct Test {
    uint32_t column = 0;
    std::vector<double> members;  // ascending, no NaN
  };
  explicit TensorMembershipOp(std::vector<Test> tests) : tests(std::move(tests)) {}
  std::string_view name() const override { return "tensor_membership"; }
  Result<ValueType> infer(std::span<const ValueType> inputs) const override;
  std::string describe() const override;
  size_t size_bytes() const override;

  const std::vector<Test> tests;
};

}  // namespace slipway
