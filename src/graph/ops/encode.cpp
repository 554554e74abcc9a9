#include "graph/ops/encode.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/heap_bytes.h"

namespace slipway {
namespace {

constexpr size_t kCategoriesMax = size_t{1} << 31;  // positions fit int32

Status check_categories(const Categories& categories, std::span<const ValueType> inputs) {
  if (categories.from.input >= inputs.size() ||
      categories.from.column >= inputs[categories.from.input].width) {
    return invalid_argument(fmt::format("{}: no such input column", categories.column));
  }
  const ValueKind expected = categories.is_text ? ValueKind::kString : ValueKind::kDense;
  if (inputs[categories.from.input].kind != expected) {
    return invalid_argument(
        fmt::format("{}: expected a {} input", categories.column, value_kind_name(expected)));
  }
  if (categories.size() >= kCategoriesMax) return resource_exhausted("too many categories");
  if (categories.none.value_or(0) > categories.size() ||
      categories.nan.value_or(0) > categories.size() ||
      (categories.none.has_value() && categories.none == categories.size()) ||
      (categories.nan.has_value() && categories.nan == categories.size())) {
    return invalid_argument(
        fmt::format("{}: no such category for missing values", categories.column));
  }
  return {};
}

size_t categories_bytes(const Categories& categories) {
  return heap_bytes(categories.numbers) + heap_bytes(categories.texts);
}

}  // namespace

Result<ValueType> OneHotOp::infer(std::span<const ValueType> inputs) const {
  if (width > kWidthMax || columns.size() > kWidthMax)
    return resource_exhausted("too many columns");
  const auto limit = static_cast<int32_t>(width);
  int32_t before = kNoColumn;  // the highest target of the columns so far
  for (const Column& column : columns) {
    TRY_STATUS(check_categories(column.categories, inputs));
    if (column.targets.size() != column.categories.size()) {
      return invalid_argument(fmt::format("{} targets for {} categories", column.targets.size(),
                                          column.categories.size()));
    }
    int32_t highest = before;
    const auto check = [&](int32_t target) -> Status {
      if (target >= limit || (target >= 0 && target <= before)) {
        return invalid_argument(fmt::format("{}: output column {} of {} is not its own",
                                            column.categories.column, target, width));
      }
      highest = std::max(highest, target);
      return {};
    };
    for (const int32_t target : column.targets) {
      if (target < kNoColumn) return invalid_argument("a category has no target");
      TRY_STATUS(check(target));
    }
    if (column.unknown < kRefuse) return invalid_argument("no such action for unknown categories");
    TRY_STATUS(check(column.unknown));
    before = highest;
  }
  if (!sparse) return ValueType{ValueKind::kDense, width};
  return ValueType{ValueKind::kSparse, width,
                   std::min(width, static_cast<uint32_t>(columns.size()))};
}

std::string OneHotOp::describe() const {
  return fmt::format("{} columns to {}", columns.size(), width);
}

size_t OneHotOp::size_bytes() const {
  size_t total = 0;
  for (const Column& column : columns) {
    total += sizeof(Column) + categories_bytes(column.categories) + heap_bytes(column.targets);
  }
  return total;
}

Result<ValueType> OrdinalOp::infer(std::span<const ValueType> inputs) const {
  if (columns.size() > kWidthMax) return resource_exhausted("too many columns");
  for (const Column& column : columns) {
    TRY_STATUS(check_categories(column.categories, inputs));
    if (column.codes.size() != column.categories.size()) {
      return invalid_argument(
          fmt::format("{} codes for {} categories", column.codes.size(), column.categories.size()));
    }
  }
  return ValueType{ValueKind::kDense, static_cast<uint32_t>(columns.size())};
}

std::string OrdinalOp::describe() const { return fmt::format("{} columns", columns.size()); }

size_t OrdinalOp::size_bytes() const {
  size_t total = 0;
  for (const Column& column : columns) {
    total += sizeof(Column) + categories_bytes(column.categories) + heap_bytes(column.codes);
  }
  return total;
}

}  // namespace slipway
