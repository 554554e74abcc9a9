#include "graph/ops/row_solvers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway {
namespace {

constexpr uint64_t kIterationsMax = 100'000;
constexpr uint64_t kSquareMax = uint64_t{1} << 24;  // numbers in a matrix made of the components

uint32_t count_rows(size_t values, uint32_t features) {
  if (features == 0 || values % features != 0) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(values / features, uint64_t{kWidthMax} + 1));
}

Status check_input(std::span<const ValueType> inputs, uint32_t features, uint32_t width) {
  const bool matrix = inputs.size() == 1 &&
                      (inputs[0].kind == ValueKind::kDense || inputs[0].kind == ValueKind::kSparse);
  if (!matrix) return invalid_argument("expected one dense or sparse input");
  if (inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  if (width == 0 || width > kWidthMax) return invalid_argument("no usable number of components");
  return {};
}

/// `each` multiply-adds in each of so many iterations.
Status check_work(uint64_t iterations, uint64_t each) {
  if (iterations == 0 || iterations > kIterationsMax ||
      iterations > kRowWorkMax / std::max<uint64_t>(each, 1)) {
    return resource_exhausted(
        fmt::format("{} iterations of {} steps for each row", iterations, each));
  }
  return {};
}

}  // namespace

uint32_t FactorizationOp::width() const {
  return count_rows(tables.components.size(), tables.features);
}

Result<ValueType> FactorizationOp::infer(std::span<const ValueType> inputs) const {
  const uint64_t count = width();
  TRY_STATUS(check_input(inputs, tables.features, width()));
  if (count * count > kSquareMax) {
    return resource_exhausted(fmt::format("a factorization into {} components", count));
  }
  if (!std::isfinite(tables.beta)) return invalid_argument("beta_loss is not a number");
  const bool products = tables.beta == 2;
  TRY_STATUS(check_work(tables.iterations, count * (products ? count : 2 * tables.features)));
  return ValueType{ValueKind::kDense, width()};
}

std::string FactorizationOp::describe() const {
  return fmt::format("{} components of {} features", width(), tables.features);
}

uint32_t TopicsOp::width() const { return count_rows(tables.topics.size(), tables.features); }

Result<ValueType> TopicsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_input(inputs, tables.features, width()));
  TRY_STATUS(check_work(tables.iterations, uint64_t{2} * tables.topics.size()));
  return ValueType{ValueKind::kDense, width()};
}

std::string TopicsOp::describe() const {
  return fmt::format("{} topics of {} words", width(), tables.features);
}

Result<ValueType> SparseCodeOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || tables.atoms == 0 ||
      inputs[0].width != tables.atoms) {
    return invalid_argument(fmt::format("expected products with {} atoms", tables.atoms));
  }
  if (tables.gram.size() != uint64_t{tables.atoms} * tables.atoms) {
    return invalid_argument("the atoms' products do not fit their number");
  }
  const bool pursuit = tables.algorithm == Algorithm::kMatchingPursuit;
  if (pursuit && (tables.atoms_max == 0 || tables.atoms_max > tables.atoms)) {
    return invalid_argument(fmt::format("no usable number of atoms in a code, {} of {}",
                                        tables.atoms_max, tables.atoms));
  }
  // A pursuit's triangle of equations is squared once more in each step.
  const uint64_t chosen = tables.atoms_max;
  TRY_STATUS(
      check_work(pursuit ? chosen : kRoundsMax, pursuit ? chosen * chosen + chosen * tables.atoms
                                                        : uint64_t{tables.atoms} * tables.atoms));
  if (chosen * chosen > kSquareMax) return resource_exhausted("a code of too many atoms");
  return ValueType{ValueKind::kDense, tables.atoms};
}

std::string SparseCodeOp::describe() const { return fmt::format("{} atoms", tables.atoms); }

}  // namespace slipway
