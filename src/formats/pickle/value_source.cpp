#include "formats/pickle/internal/value_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/pickle/internal/nodes.h"

namespace slipway::pickle {
namespace {

constexpr size_t kRankMax = 64;  // numpy's own

bool is_sequence(Value value) {
  return value.kind() == Kind::kList || value.kind() == Kind::kTuple;
}

Status ragged(Value value) {
  return invalid_argument(fmt::format(
      "A nested list is not regular at byte {}: its parts differ in length", value.offset()));
}

/// The most elements of a nested list. In what a pickler writes each is a slot of its own; rows
/// that are shared (one of zeros, say) may make it a few times more, hostile doubling exponentially
/// more.
uint64_t flat_elements_max(const Tree::Impl& tree) {
  constexpr uint64_t kFree = 1 << 20;
  const uint64_t explained = std::max<uint64_t>(4 * tree.children.size(), kFree);
  return std::min({tree.limits.objects_max, tree.limits.memory_bytes_max / 64, explained});
}

/// Opens lists level by level, as numpy finds a shape. Shared parts may make it far larger than the
/// file, so the elements are counted before they are copied.
Result<ValueSource> flatten(Value value) {
  const uint64_t elements_max = flat_elements_max(TreeStorage::of(value));
  ValueSource source;
  source.values = {value};
  while (!source.values.empty() && is_sequence(source.values[0])) {
    if (source.shape.size() == kRankMax) {
      return invalid_argument(
          fmt::format("A list nests deeper than an array can at byte {}", value.offset()));
    }
    const uint64_t length = source.values[0].size();
    if (length != 0 && source.values.size() > elements_max / length) {
      return resource_exhausted(
          fmt::format("A nested list is larger than the limit allows at byte {}: {} elements",
                      value.offset(), elements_max));
    }
    std::vector<Value> next;
    next.reserve(source.values.size() * length);
    for (const Value part : source.values) {
      if (!is_sequence(part) || part.size() != length) return ragged(part);
      for (size_t i = 0; i < length; ++i) next.push_back(part.at(i));
    }
    source.shape.push_back(length);
    source.values = std::move(next);
  }
  source.count = source.values.size();
  return source;
}

/// pandas.RangeIndex: _new_Index(RangeIndex, {start, stop, step, name}).
std::optional<Value> range_parts(Value value) {
  if (value.kind() != Kind::kObject || !value.is("pandas", "_new_Index")) return std::nullopt;
  const Value args = value.args();
  if (args.size() != 2 || !args.at(0).is("pandas", "RangeIndex")) return std::nullopt;
  return args.at(1);
}

Result<ValueSource> open_range(Value value, Value parts) {
  int64_t bounds[3] = {};
  constexpr std::string_view kNames[3] = {"start", "stop", "step"};
  for (int i = 0; i < 3; ++i) {
    const std::optional<Value> bound = parts.find(kNames[i]);
    if (!bound) {
      return invalid_argument(
          fmt::format("A RangeIndex has no {} at byte {}", kNames[i], value.offset()));
    }
    bounds[i] = TRY(bound->as_int());
  }
  const auto [start, stop, step] = bounds;
  // Column labels: no more of them than a wide table has.
  constexpr int64_t kMax = int64_t{1} << 31;
  constexpr uint64_t kCountMax = 1 << 20;
  const auto in_range = [](int64_t bound) { return bound > -kMax && bound < kMax; };
  if (!in_range(start) || !in_range(stop) || !in_range(step) || step == 0) {
    return invalid_argument(fmt::format("A RangeIndex is out of range at byte {}: {}, {}, {}",
                                        value.offset(), start, stop, step));
  }
  ValueSource source;
  source.is_range = true;
  for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
    if (source.integers.size() == kCountMax) {
      return resource_exhausted(
          fmt::format("A RangeIndex is longer than {} at byte {}", kCountMax, value.offset()));
    }
    source.integers.push_back(i);
  }
  source.count = source.integers.size();
  source.shape = {source.count};
  return source;
}

}  // namespace

Result<ValueSource> resolve_source(Value value) {
  if (const std::optional<Value> parts = range_parts(value)) return open_range(value, *parts);
  value = unwrap_pandas(value);
  if (!is_array_object(value)) return flatten(value);
  ValueSource source;
  source.array = TRY(view_array(value));
  source.shape = source.array->shape;
  source.count = source.array->count;
  return source;
}

}  // namespace slipway::pickle
