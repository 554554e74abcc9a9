#include "graph/ops/svm.h"

#include <fmt/format.h>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

constexpr uint64_t kVectorsMax = 1U << 28;

Status check_pairs(std::span<const ValueType> inputs, uint32_t classes) {
  if (classes < 2 || classes > kSvmClassesMax) {
    return invalid_argument(
        fmt::format("expected 2 to {} classes, got {}", kSvmClassesMax, classes));
  }
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense ||
      inputs[0].width != svm_pairs(classes)) {
    return invalid_argument(
        fmt::format("expected one dense input of {} pairs of classes", svm_pairs(classes)));
  }
  return {};
}

}  // namespace

SvmOp::SvmOp(Parameters parameters, Tables tables_in)
    : parameters(parameters), tables(std::move(tables_in)) {
  const size_t classes = tables.counts.size();
  const size_t dual_rows = classes < 2 ? 1 : classes - 1;
  vector_count_ =
      static_cast<uint32_t>(std::min<size_t>(tables.dual.size() / dual_rows, UINT32_MAX));
}

Result<ValueType> SvmOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 ||
      (inputs[0].kind != ValueKind::kDense && inputs[0].kind != ValueKind::kSparse)) {
    return invalid_argument("expected one dense or sparse input");
  }
  if (inputs[0].width != tables.features) {
    return invalid_argument(
        fmt::format("expected {} features, got {}", tables.features, inputs[0].width));
  }
  const size_t classes = tables.counts.size();
  if (classes == 1 || classes > kSvmClassesMax) {
    return invalid_argument(
        fmt::format("expected no or 2 to {} classes, got {}", kSvmClassesMax, classes));
  }
  const uint32_t outputs = classes == 0 ? 1 : svm_pairs(static_cast<uint32_t>(classes));
  const uint64_t dual_rows = classes == 0 ? 1 : classes - 1;
  uint64_t vectors = 0;
  for (const uint32_t count : tables.counts) vectors += count;
  if (classes == 0) vectors = tables.dual.size();
  if (vectors > kVectorsMax || tables.dual.size() != dual_rows * vectors ||
      tables.vectors.size() != vectors * tables.features) {
    return invalid_argument(
        fmt::format("tables do not fit {} support vectors of {} features and {} classes", vectors,
                    tables.features, classes));
  }
  if (tables.intercepts.size() != outputs) {
    return invalid_argument(
        fmt::format("expected {} intercepts, got {}", outputs, tables.intercepts.size()));
  }
  return ValueType{ValueKind::kDense, outputs};
}

std::string SvmOp::describe() const {
  static constexpr std::string_view kNames[] = {"linear", "poly", "rbf", "sigmoid"};
  return fmt::format("{}, {} vectors, {} classes", kNames[static_cast<size_t>(parameters.function)],
                     vector_count(), tables.counts.size());
}

size_t SvmOp::size_bytes() const {
  return heap_bytes(tables.vectors) + heap_bytes(tables.counts) + heap_bytes(tables.dual) +
         heap_bytes(tables.intercepts);
}

Result<ValueType> SvmVoteOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_pairs(inputs, classes));
  return ValueType{ValueKind::kIndex, 1};
}

std::string SvmVoteOp::describe() const { return fmt::format("{} classes", classes); }

Result<ValueType> SvmOneVsRestOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_pairs(inputs, classes));
  return ValueType{ValueKind::kDense, classes};
}

std::string SvmOneVsRestOp::describe() const { return fmt::format("{} classes", classes); }

Result<ValueType> SvmProbabilityOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_pairs(inputs, classes));
  if (a.size() != svm_pairs(classes) || b.size() != a.size()) {
    return invalid_argument(fmt::format("expected {} sigmoids, got {} and {} parameters",
                                        svm_pairs(classes), a.size(), b.size()));
  }
  return ValueType{ValueKind::kDense, classes};
}

std::string SvmProbabilityOp::describe() const { return fmt::format("{} classes", classes); }

}  // namespace slipway
