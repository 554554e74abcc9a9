// Operators of ai.onnx along axes: reductions, sorts, running sums, softmax.
#include <algorithm>
#include <array>
#include <numeric>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

using R = TensorReduceOp::Function;
using G = TensorGroupOp::Function;

template <R kFunction>
Result<Values> reduce(Call& call) {
  const Value x = TRY(call.input(0));
  auto axes = TRY(call.axes(1, x.dims.size()));
  if (!axes.has_value()) {
    if (call.integer("noop_with_empty_axes", 0) != 0) return Values{x};
    axes.emplace(x.dims.size());
    std::iota(axes->begin(), axes->end(), size_t{0});
  }
  return one(call.lower.reduce(kFunction, x, *axes, call.integer("keepdims", 1) != 0, x.type));
}

template <R kFirst, R kLast>
Result<Values> arg(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t axis = TRY(call.axis(call.integer("axis", 0), x.dims.size()));
  const bool last = call.integer("select_last_index", 0) != 0;
  return one(call.lower.reduce(last ? kLast : kFirst, x, {axis}, call.integer("keepdims", 1) != 0,
                               DType::kInt64));
}

Result<Values> top_k(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t axis = TRY(call.axis(call.integer("axis", -1), x.dims.size()));
  double count = static_cast<double>(call.integer("k", 0));
  if (call.version >= 10) {
    const auto given = TRY(call.constant_input(1));
    if (!given.has_value() || given->size() != 1) return invalid_argument("its K is no number");
    count = (*given)[0];
  }
  if (is_batch(x.dims[axis])) return unimplemented("rows are sorted");
  if (!(count >= 1 && count <= static_cast<double>(x.dims[axis]))) {
    return invalid_argument("it wants more elements than there are");
  }
  const bool largest = call.integer("largest", 1) != 0;
  const auto k = static_cast<uint32_t>(count);
  const Value values =
      TRY(call.lower.group(largest ? G::kLargest : G::kSmallest, x, axis, k, x.type));
  const Value places = TRY(call.lower.group(largest ? G::kLargestPlaces : G::kSmallestPlaces, x,
                                            axis, k, DType::kInt64));
  return Values{values, places};
}

/// Until version 12 all axes from `axis` on were one.
template <G kFunction>
Result<Values> softmax(Call& call) {
  const Value x = TRY(call.input(0));
  const bool flattens = call.version < 13;
  const size_t axis = TRY(call.axis(call.integer("axis", flattens ? 1 : -1), x.dims.size()));
  const auto whole = [&](const Value& value, size_t along) {
    const int64_t size = std::max<int64_t>(value.dims[along], 0);  // rows: group() refuses
    return call.lower.group(kFunction, value, along, static_cast<uint32_t>(size), value.type);
  };
  if (!flattens || axis + 1 == x.dims.size()) return one(whole(x, axis));
  Dims flat(x.dims.begin(), x.dims.begin() + static_cast<ptrdiff_t>(axis));
  const Dims rest(x.dims.begin() + static_cast<ptrdiff_t>(axis), x.dims.end());
  if (batch_axis(rest) != rest.end()) {
    return unimplemented("the rows of a batch are computed with each other");
  }
  flat.push_back(TRY(element_count(rest)));
  const Value grouped = TRY(whole(TRY(call.lower.reshape(x, flat)), axis));
  return one(call.lower.reshape(grouped, x.dims));
}

template <G kAll, G kBefore>
Result<Values> cumulative(Call& call) {
  Value x = TRY(call.input(0));
  const auto given = TRY(call.constant_input(1));
  if (!given.has_value() || given->size() != 1) return invalid_argument("its axis is no number");
  const size_t axis = TRY(call.axis(static_cast<int64_t>((*given)[0]), x.dims.size()));
  const int64_t size = x.dims[axis];
  if (is_batch(size)) return unimplemented("the rows of a batch are computed with each other");
  const bool reverse = call.integer("reverse", 0) != 0;
  if (reverse) x = TRY(call.lower.slice(x, axis, size - 1, -1, size));
  const G function = call.integer("exclusive", 0) != 0 ? kBefore : kAll;
  Value result = TRY(call.lower.group(function, x, axis, static_cast<uint32_t>(size), x.type));
  if (reverse) result = TRY(call.lower.slice(result, axis, size - 1, -1, size));
  return one(std::move(result));
}

}  // namespace

std::span<const Operator> reduce_operators() {
  static constexpr std::array kTable = {
      Operator{"", "ReduceSum", 1, 99, reduce<R::kSum>},
      Operator{"", "ReduceMean", 1, 99, reduce<R::kMean>},
      Operator{"", "ReduceProd", 1, 99, reduce<R::kProduct>},
      Operator{"", "ReduceMin", 1, 99, reduce<R::kMin>},
      Operator{"", "ReduceMax", 1, 99, reduce<R::kMax>},
      Operator{"", "ReduceL1", 1, 99, reduce<R::kL1>},
      Operator{"", "ReduceL2", 1, 99, reduce<R::kL2>},
      Operator{"", "ReduceSumSquare", 1, 99, reduce<R::kSumSquare>},
      Operator{"", "ReduceLogSum", 1, 99, reduce<R::kLogSum>},
      Operator{"", "ReduceLogSumExp", 1, 99, reduce<R::kLogSumExp>},
      Operator{"", "ArgMax", 1, 99, arg<R::kArgMax, R::kArgMaxLast>},
      Operator{"", "ArgMin", 1, 99, arg<R::kArgMin, R::kArgMinLast>},
      Operator{"", "TopK", 1, 99, top_k},
      Operator{"", "Softmax", 1, 99, softmax<G::kSoftmax>},
      Operator{"", "LogSoftmax", 1, 99, softmax<G::kLogSoftmax>},
      Operator{"", "Hardmax", 1, 99, softmax<G::kHardmax>},
      Operator{"", "CumSum", 11, 99, cumulative<G::kCumulativeSum, G::kCumulativeSumBefore>},
      Operator{"", "CumProd", 26, 99,
               cumulative<G::kCumulativeProduct, G::kCumulativeProductBefore>},
  };
  return kTable;
}

}  // namespace slipway::onnx
