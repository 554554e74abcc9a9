// Operators of ai.onnx that neural networks are made of.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "formats/onnx/internal/call.h"

namespace slipway::onnx {
namespace {

using B = BinaryFunction;
using R = TensorReduceOp::Function;

Result<Values> mat_mul(Call& call) {
  const Value a = TRY(call.input(0));
  return one(call.lower.matmul(a, TRY(call.input(1)), a.type));
}

Result<Value> scaled(Call& call, const Value& x, double factor) {
  if (factor == 1) return x;
  return call.lower.with_number(B::kMul, x.type, x, factor);
}

Result<Values> gemm(Call& call) {
  Value a = TRY(call.input(0));
  Value b = TRY(call.input(1));
  if (a.dims.size() != 2 || b.dims.size() != 2) return invalid_argument("expected two matrices");
  if (call.integer("transA", 0) != 0) a = TRY(call.lower.transpose(a, {1, 0}));
  if (call.integer("transB", 0) != 0) b = TRY(call.lower.transpose(b, {1, 0}));
  // One rounding at the end, as in a product that adds as it goes.
  const Value product = TRY(call.lower.matmul(a, b, DType::kFloat64));
  Value sum = TRY(scaled(call, product, call.real("alpha", 1)));
  if (call.has_input(2)) {
    const Value c = TRY(call.lower.cast(TRY(call.input(2)), DType::kFloat64));
    const Value addend = TRY(scaled(call, c, call.real("beta", 1)));
    sum = TRY(call.lower.binary(B::kAdd, DType::kFloat64, sum, addend));
  }
  return one(call.lower.cast(sum, a.type));
}

/// A vector along axis 1 of a tensor of so many axes.
Result<Value> along_channels(Call& call, size_t input, size_t rank) {
  const Value vector = TRY(call.input(input));
  Dims dims(rank, 1);
  if (vector.dims.size() != 1 || rank < 2)
    return invalid_argument("expected one number per channel");
  dims[1] = vector.dims[0];
  return call.lower.reshape(vector, std::move(dims));
}

Result<Values> batch_normalization(Call& call) {
  if (call.integer("training_mode", 0) != 0) return unimplemented("it is in training mode");
  if (call.version < 9 && call.integer("spatial", 1) == 0)
    return unimplemented("it is not spatial");
  const Value x = TRY(call.input(0));
  const size_t rank = x.dims.size();
  Lowering& lower = call.lower;
  const Value scale = TRY(along_channels(call, 1, rank));
  const Value bias = TRY(along_channels(call, 2, rank));
  const Value mean = TRY(along_channels(call, 3, rank));
  const Value variance = TRY(along_channels(call, 4, rank));
  const double epsilon = call.real("epsilon", static_cast<double>(1e-5F));
  const Value shifted = TRY(lower.with_number(B::kAdd, DType::kFloat64, variance, epsilon));
  const Value deviation = TRY(lower.unary(UnaryFunction::kSqrt, {}, DType::kFloat64, shifted));
  const Value factor = TRY(lower.binary(B::kDiv, DType::kFloat64, scale, deviation));
  const Value centred = TRY(lower.binary(B::kSub, DType::kFloat64, x, mean));
  const Value product = TRY(lower.binary(B::kMul, DType::kFloat64, centred, factor));
  return one(lower.binary(B::kAdd, x.type, product, bias));
}

struct Moments {
  Value mean;
  Value inverse;  // 1 / sqrt(variance + epsilon)
  Value normal;
};

/// In float64 throughout: what follows rounds.
Result<Moments> normalized(Call& call, const Value& x, const std::vector<size_t>& axes,
                           double epsilon, bool centre) {
  Lowering& lower = call.lower;
  Moments moments;
  Value centred = x;
  if (centre) {
    moments.mean = TRY(lower.reduce(R::kMean, x, axes, true, DType::kFloat64));
    centred = TRY(lower.binary(B::kSub, DType::kFloat64, x, moments.mean));
  }
  const Value square = TRY(lower.binary(B::kMul, DType::kFloat64, centred, centred));
  const Value variance = TRY(lower.reduce(R::kMean, square, axes, true, DType::kFloat64));
  const Value shifted = TRY(lower.with_number(B::kAdd, DType::kFloat64, variance, epsilon));
  const Value deviation = TRY(lower.unary(UnaryFunction::kSqrt, {}, DType::kFloat64, shifted));
  moments.inverse = TRY(lower.unary(UnaryFunction::kReciprocal, {}, DType::kFloat64, deviation));
  moments.normal = TRY(lower.binary(B::kMul, DType::kFloat64, centred, moments.inverse));
  return moments;
}

Result<std::vector<size_t>> last_axes(Call& call, const Value& x) {
  std::vector<size_t> axes;
  for (size_t i = TRY(call.axis(call.integer("axis", -1), x.dims.size())); i < x.dims.size(); ++i) {
    axes.push_back(i);
  }
  return axes;
}

Result<Value> scale_and_shift(Call& call, const Value& normal, DType type) {
  Lowering& lower = call.lower;
  Value result = TRY(lower.binary(B::kMul, DType::kFloat64, normal, TRY(call.input(1))));
  if (call.has_input(2)) {
    result = TRY(lower.binary(B::kAdd, DType::kFloat64, result, TRY(call.input(2))));
  }
  return lower.unary(UnaryFunction::kIdentity, {}, type, result);
}

/// Of each channel of each row, over the axes behind it.
Result<Values> instance_normalization(Call& call) {
  const Value x = TRY(call.input(0));
  if (x.dims.size() < 3) return invalid_argument("expected rows, channels and one axis or more");
  std::vector<size_t> axes;
  Dims dims = {x.dims[1]};
  for (size_t i = 2; i < x.dims.size(); ++i) {
    axes.push_back(i);
    dims.push_back(1);
  }
  const double epsilon = call.real("epsilon", static_cast<double>(1e-5F));
  const Moments moments = TRY(normalized(call, x, axes, epsilon, true));
  const Value scale = TRY(call.lower.reshape(TRY(call.input(1)), dims));
  const Value shift = TRY(call.lower.reshape(TRY(call.input(2)), dims));
  Value result = TRY(call.lower.binary(B::kMul, DType::kFloat64, moments.normal, scale));
  result = TRY(call.lower.binary(B::kAdd, DType::kFloat64, result, shift));
  return one(call.lower.cast(result, x.type));
}

/// Of groups of channels; since version 21 each channel has a scale of its own, before each group.
Result<Values> group_normalization(Call& call) {
  Lowering& lower = call.lower;
  const Value x = TRY(call.input(0));
  const int64_t groups = call.integer("num_groups", 0);
  if (x.dims.size() < 2 || groups < 1 || is_batch(x.dims[1]) || x.dims[1] % groups != 0) {
    return invalid_argument("its groups do not fit its channels");
  }
  const uint32_t all = TRY(element_count(Dims(x.dims.begin() + 1, x.dims.end())));
  const Dims apart = {x.dims[0], groups, int64_t{all} / groups};
  const Value grouped = TRY(lower.reshape(x, apart));
  const double epsilon = call.real("epsilon", static_cast<double>(1e-5F));
  const Moments moments = TRY(normalized(call, grouped, {2}, epsilon, true));
  Dims dims(x.dims.size() - 1, 1);
  Value normal = moments.normal;
  if (call.version >= 21) {
    dims[0] = x.dims[1];
    normal = TRY(lower.reshape(normal, x.dims));
  } else {
    dims = {groups, 1};
  }
  const Value scale = TRY(lower.reshape(TRY(call.input(1)), dims));
  const Value shift = TRY(lower.reshape(TRY(call.input(2)), dims));
  Value result = TRY(lower.binary(B::kMul, DType::kFloat64, normal, scale));
  result = TRY(lower.binary(B::kAdd, DType::kFloat64, result, shift));
  result = TRY(lower.cast(result, x.type));
  return one(lower.reshape(result, x.dims));
}

Result<Values> layer_normalization(Call& call) {
  const Value x = TRY(call.input(0));
  const std::vector<size_t> axes = TRY(last_axes(call, x));
  const double epsilon = call.real("epsilon", static_cast<double>(1e-5F));
  const Moments moments = TRY(normalized(call, x, axes, epsilon, true));
  Lowering& lower = call.lower;
  Values values = {TRY(scale_and_shift(call, moments.normal, x.type))};
  if (call.node.outputs.size() > 1) values.push_back(TRY(lower.cast(moments.mean, x.type)));
  if (call.node.outputs.size() > 2) values.push_back(TRY(lower.cast(moments.inverse, x.type)));
  return values;
}

Result<Values> rms_normalization(Call& call) {
  const Value x = TRY(call.input(0));
  const std::vector<size_t> axes = TRY(last_axes(call, x));
  const double epsilon = call.real("epsilon", static_cast<double>(1e-5F));
  const Moments moments = TRY(normalized(call, x, axes, epsilon, false));
  return one(scale_and_shift(call, moments.normal, x.type));
}

Result<Values> mean_variance_normalization(Call& call) {
  const Value x = TRY(call.input(0));
  std::vector<size_t> axes;
  std::vector<int64_t> given = call.integers("axes");
  if (!call.has("axes")) given = {0, 2, 3};
  axes.reserve(given.size());
  for (const int64_t axis : given) axes.push_back(TRY(call.axis(axis, x.dims.size())));
  std::ranges::sort(axes);
  const Moments moments = TRY(normalized(call, x, axes, 1e-9, true));
  return one(call.lower.unary(UnaryFunction::kIdentity, {}, x.type, moments.normal));
}

Result<Values> lp_normalization(Call& call) {
  const Value x = TRY(call.input(0));
  const size_t axis = TRY(call.axis(call.integer("axis", -1), x.dims.size()));
  const R norm = call.integer("p", 2) == 1 ? R::kL1 : R::kL2;
  const Value length = TRY(call.lower.reduce(norm, x, {axis}, true, x.type));
  const Value quotient = TRY(call.lower.binary(B::kDiv, x.type, x, length));
  const Value zero = TRY(call.lower.constant(x.type, {}, {0}));
  const Value is_zero = TRY(call.lower.binary(B::kEqual, x.type, length, zero));
  return one(call.lower.where(is_zero, zero, quotient));
}

/// com.microsoft CDist: distances of the rows of A from those of B.
Result<Values> cdist(Call& call) {
  Lowering& lower = call.lower;
  Value a = TRY(call.input(0));
  const Value b = TRY(call.input(1));
  if (a.dims.size() != 2 || b.dims.size() != 2) return invalid_argument("expected two matrices");
  a = TRY(lower.reshape(a, {a.dims[0], 1, a.dims[1]}));
  const Value difference = TRY(lower.binary(B::kSub, a.type, a, b));
  const bool squared = call.text("metric", "sqeuclidean") == "sqeuclidean";
  if (!squared && call.text("metric", "") != "euclidean") {
    return unimplemented("its metric is " + std::string(call.text("metric", "")));
  }
  return one(lower.reduce(squared ? R::kSumSquare : R::kL2, difference, {2}, false, a.type));
}

}  // namespace

std::span<const Operator> network_operators() {
  static constexpr std::array kTable = {
      Operator{"", "MatMul", 1, 99, mat_mul},
      Operator{"", "Gemm", 7, 99, gemm},
      Operator{"", "BatchNormalization", 7, 99, batch_normalization},
      Operator{"", "GroupNormalization", 18, 99, group_normalization},
      Operator{"", "InstanceNormalization", 6, 99, instance_normalization},
      Operator{"", "LayerNormalization", 17, 99, layer_normalization},
      Operator{"", "RMSNormalization", 23, 99, rms_normalization},
      Operator{"", "MeanVarianceNormalization", 9, 99, mean_variance_normalization},
      Operator{"", "LpNormalization", 1, 99, lp_normalization},
      Operator{"com.microsoft", "CDist", 1, 1, cdist},
  };
  return kTable;
}

}  // namespace slipway::onnx
