#include "graph/ops/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway {
namespace {

constexpr uint64_t kProductMax = uint64_t{1} << 32;  // factors of one row's matrix products

bool is_dense(const ValueType& type) { return type.kind == ValueKind::kDense; }
bool is_string(const ValueType& type) { return type.kind == ValueKind::kString; }

Result<ValueType> constant_type(std::span<const ValueType> inputs, size_t size, ValueKind kind) {
  if (!inputs.empty() || size == 0 || size > kWidthMax) {
    return invalid_argument("expected no input and at least one element");
  }
  return ValueType{kind, static_cast<uint32_t>(size)};
}

/// Groups in a dense input of whole groups.
Result<uint32_t> group_count(std::span<const ValueType> inputs, uint32_t size) {
  if (inputs.size() != 1 || !is_dense(inputs[0]) || size == 0 || inputs[0].width % size != 0) {
    return invalid_argument(fmt::format("expected one dense input of whole groups of {}", size));
  }
  return inputs[0].width / size;
}

}  // namespace

Result<ValueType> TensorConstantOp::infer(std::span<const ValueType> inputs) const {
  return constant_type(inputs, values.size(), ValueKind::kDense);
}

std::string TensorConstantOp::describe() const { return fmt::format("{} numbers", values.size()); }

Result<ValueType> TensorTextsOp::infer(std::span<const ValueType> inputs) const {
  return constant_type(inputs, texts.size(), ValueKind::kString);
}

std::string TensorTextsOp::describe() const { return fmt::format("{} texts", texts.size()); }

Result<ValueType> TensorUnaryOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || !is_dense(inputs[0]) || !is_number(dtype)) {
    return invalid_argument("expected one dense input");
  }
  return inputs[0];
}

std::string TensorUnaryOp::describe() const {
  return fmt::format("{} {}", function_name(function), oip_name(dtype));
}

Result<ValueType> TensorBinaryOp::infer(std::span<const ValueType> inputs) const {
  const bool same = inputs.size() == 2 && inputs[0] == inputs[1] && is_number(dtype);
  const bool texts = same && is_string(inputs[0]) && function == BinaryFunction::kEqual;
  if (!same || (!is_dense(inputs[0]) && !texts)) {
    return invalid_argument("expected two dense inputs of one width");
  }
  return ValueType{ValueKind::kDense, inputs[0].width};
}

std::string TensorBinaryOp::describe() const {
  return fmt::format("{} {}", function_name(function), oip_name(dtype));
}

Result<ValueType> TensorWhereOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 3 || !is_dense(inputs[0]) || inputs[1].kind != inputs[2].kind ||
      inputs[1].width != inputs[2].width || inputs[0].width != inputs[1].width ||
      (!is_dense(inputs[1]) && !is_string(inputs[1]))) {
    return invalid_argument("expected three inputs of one width");
  }
  // The texts themselves stay where they were made.
  return ValueType{inputs[1].kind, inputs[1].width};
}

Result<ValueType> TensorReduceOp::infer(std::span<const ValueType> inputs) const {
  const auto groups = TRY(group_count(inputs, size));
  return ValueType{ValueKind::kDense, groups};
}

std::string TensorReduceOp::describe() const {
  static constexpr std::string_view kNames[] = {
      "sum",        "mean",    "product",     "min",    "max",    "l1",          "l2",
      "sum_square", "log_sum", "log_sum_exp", "argmax", "argmin", "argmax_last", "argmin_last"};
  return fmt::format("{} of {} {}", kNames[static_cast<size_t>(function)], size, oip_name(dtype));
}

Result<ValueType> TensorGroupOp::infer(std::span<const ValueType> inputs) const {
  const uint32_t groups = TRY(group_count(inputs, size));
  const bool sorts = function >= Function::kLargest;
  if (count == 0 || count > size || (!sorts && count != size)) {
    return invalid_argument(fmt::format("expected 1 to {} of a group, got {}", size, count));
  }
  return ValueType{ValueKind::kDense, groups * count};
}

std::string TensorGroupOp::describe() const {
  static constexpr std::string_view kNames[] = {
      "softmax",        "softmax_zero",          "log_softmax",        "hardmax",
      "cumulative_sum", "cumulative_sum_before", "cumulative_product", "cumulative_product_before",
      "largest",        "largest_places",        "smallest",           "smallest_places"};
  return fmt::format("{} of {} {}", kNames[static_cast<size_t>(function)], size, oip_name(dtype));
}

Result<ValueType> TensorGatherOp::infer(std::span<const ValueType> inputs) const {
  const bool constant = !numbers.empty() || !texts.empty();
  if (inputs.size() != (constant ? 1U : 2U) || (!numbers.empty() && !texts.empty())) {
    return invalid_argument("expected data and places");
  }
  const ValueType& places = inputs.back();
  if (!is_dense(places) && places.kind != ValueKind::kIndex) {
    return invalid_argument("expected places that are numbers");
  }
  if (!constant && !is_dense(inputs[0]) && !is_string(inputs[0])) {
    return invalid_argument("expected dense or string data");
  }
  const uint64_t size = constant ? numbers.size() + texts.size() : inputs[0].width;
  if (map.extent == 0 || map.offsets.empty() || map.offsets.size() != map.places.size() ||
      map.offsets.size() > kWidthMax) {
    return invalid_argument("expected as many offsets as places");
  }
  const uint64_t reach = uint64_t{map.stride} * (map.extent - 1);
  for (size_t i = 0; i < map.offsets.size(); ++i) {
    if (map.places[i] >= places.width || map.offsets[i] + reach >= size) {
      return invalid_argument(fmt::format("element {} lies outside the data", i));
    }
  }
  const bool is_text = constant ? !texts.empty() : is_string(inputs[0]);
  return ValueType{is_text ? ValueKind::kString : ValueKind::kDense,
                   static_cast<uint32_t>(map.offsets.size())};
}

std::string TensorGatherOp::describe() const {
  return fmt::format("{} of {}", map.offsets.size(), map.extent);
}

size_t TensorGatherOp::size_bytes() const {
  return heap_bytes(map.offsets) + heap_bytes(map.places) + heap_bytes(numbers) + heap_bytes(texts);
}

Result<ValueType> TensorMatMulOp::infer(std::span<const ValueType> inputs) const {
  const auto& [batch, m, k, n] = sizes;
  const bool constant = !right.empty();
  if (inputs.size() != (constant ? 1U : 2U) || batch == 0 || m == 0 || k == 0 || n == 0 ||
      m > kWidthMax || k > kWidthMax || n > kWidthMax || batch > kWidthMax) {
    return invalid_argument("expected two matrices");
  }
  for (const ValueType& input : inputs) {
    if (!is_dense(input)) return invalid_argument("expected dense inputs");
  }
  const uint64_t left_size = uint64_t{m} * k;
  const uint64_t right_size = uint64_t{k} * n;
  const uint64_t result_size = uint64_t{m} * n;
  if (left_size > kWidthMax || right_size > kProductMax || result_size > kWidthMax ||
      result_size * batch > kWidthMax || result_size * batch * k > kProductMax) {
    return resource_exhausted("a product of matrices is over the limit");
  }
  const uint64_t right_width = constant ? right.size() : inputs[1].width;
  if (inputs[0].width != left_size * batch ||
      (right_width != right_size * batch && !(constant && right_width == right_size))) {
    return invalid_argument(fmt::format("expected {} times {}x{} by {}x{}, got {} and {} elements",
                                        batch, m, k, k, n, inputs[0].width, right_width));
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(result_size * batch)};
}

std::string TensorMatMulOp::describe() const {
  return fmt::format("{} times {}x{} by {}x{} {}", sizes.batch, sizes.m, sizes.k, sizes.k, sizes.n,
                     oip_name(dtype));
}

Result<ValueType> TensorLookUpOp::infer(std::span<const ValueType> inputs) const {
  const ValueKind keys = table.text_keys ? ValueKind::kString : ValueKind::kDense;
  if (inputs.size() != 1 || inputs[0].kind != keys) {
    return invalid_argument("expected one input of the keys' kind");
  }
  const size_t values = table.text_values ? table.value_texts.size() : table.value_numbers.size();
  if (values != key_count() + 1) return invalid_argument("expected a value per key and a default");
  return ValueType{table.text_values ? ValueKind::kString : ValueKind::kDense, inputs[0].width};
}

std::string TensorLookUpOp::describe() const { return fmt::format("{} keys", key_count()); }

size_t TensorLookUpOp::size_bytes() const {
  return heap_bytes(table.key_texts) + heap_bytes(table.key_numbers) +
         heap_bytes(table.value_texts) + heap_bytes(table.value_numbers);
}

Result<ValueType> TensorMembershipOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || !is_dense(inputs[0])) return invalid_argument("expected a dense input");
  for (const Test& test : tests) {
    const bool ordered = std::ranges::is_sorted(test.members) &&
                         std::ranges::none_of(test.members, [](double x) { return std::isnan(x); });
    if (test.column >= inputs[0].width || !ordered) {
      return invalid_argument(fmt::format("the test of column {} does not fit", test.column));
    }
  }
  if (tests.size() > kWidthMax - inputs[0].width) return resource_exhausted("too many tests");
  return ValueType{ValueKind::kDense, inputs[0].width + static_cast<uint32_t>(tests.size())};
}

std::string TensorMembershipOp::describe() const { return fmt::format("{} tests", tests.size()); }

size_t TensorMembershipOp::size_bytes() const {
  size_t total = heap_bytes(tests);
  for (const Test& test : tests) total += heap_bytes(test.members);
  return total;
}

}  // namespace slipway
