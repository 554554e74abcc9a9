#include <algorithm>

#include "formats/onnx/internal/lowering.h"

namespace slipway::onnx {
namespace {

Dims leading(const Dims& dims) { return {dims.begin(), dims.end() - 2}; }

Dims with_matrix(Dims dims, int64_t rows, int64_t columns) {
  dims.push_back(rows);
  dims.push_back(columns);
  return dims;
}

}  // namespace

Result<Value> Lowering::matmul(const Value& a, const Value& b, DType type) {
  if (a.dims.empty() || b.dims.empty() || a.is_text() || b.is_text()) {
    return invalid_argument("expected two matrices");
  }
  Value left = a;
  Value right = b;
  if (a.dims.size() == 1) left.dims.insert(left.dims.begin(), 1);
  if (b.dims.size() == 1) right.dims.push_back(1);
  const int64_t m = left.dims[left.dims.size() - 2];
  const int64_t k = left.dims.back();
  const int64_t n = right.dims.back();
  if (is_batch(k)) return unimplemented("the rows of a batch are combined into one");
  if (right.dims[right.dims.size() - 2] != k) {
    return invalid_argument("matrices of shapes " + to_string(a.dims) + " and " +
                            to_string(b.dims) + " cannot be multiplied");
  }
  const bool shared = right.constant != nullptr && TRY(element_count(leading(right.dims))) == 1 &&
                      right.dims.size() <= left.dims.size();
  const Dims lead = TRY(broadcast_dims(leading(left.dims), leading(right.dims)));
  Dims dims = with_matrix(lead, m, n);
  if (std::ranges::count_if(dims, is_batch) > 1 || (is_batch(m) && right.has_batch()) ||
      (is_batch(n) && left.has_batch())) {
    return unimplemented("each row is combined with every other row");
  }
  if (!shared) {
    left = TRY(expand(left, with_matrix(lead, m, k)));
    right = TRY(expand(right, with_matrix(lead, k, n)));
  }
  TensorMatMulOp::Sizes sizes;
  sizes.k = static_cast<uint32_t>(k);
  sizes.n = static_cast<uint32_t>(is_batch(n) ? -n : n);
  sizes.m = static_cast<uint32_t>(is_batch(m) ? -m : m);
  const uint32_t products = TRY(element_count(lead));
  (shared ? sizes.m : sizes.batch) *= products;
  std::vector<double> numbers;
  if (right.constant != nullptr) numbers = right.constant->numbers;
  std::vector<ValueId> inputs = {TRY(id_of(left))};
  if (right.constant == nullptr) inputs.push_back(TRY(id_of(right)));
  const ValueId id = TRY(
      add(std::make_unique<TensorMatMulOp>(sizes, type, std::move(numbers)), std::move(inputs)));
  if (b.dims.size() == 1) dims.pop_back();
  if (a.dims.size() == 1) dims.erase(dims.end() - (b.dims.size() == 1 ? 1 : 2));
  return wrap(id, type, std::move(dims));
}

}  // namespace slipway::onnx
