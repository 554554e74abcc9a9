#include "graph/ops/neighborhood.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway {
namespace {

uint32_t count_points(uint32_t features, size_t values) {
  if (features == 0) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(values / features, uint64_t{kWidthMax} + 1));
}

Status check_input(std::span<const ValueType> inputs, uint32_t features) {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  if (features == 0 || inputs[0].width != features) {
    return invalid_argument(fmt::format("expected {} features, got {}", features, inputs[0].width));
  }
  return {};
}

Status check_points(uint32_t count, uint32_t features, size_t values) {
  if (count == 0 || count > kWidthMax || values != uint64_t{count} * features) {
    return invalid_argument(fmt::format("no usable number of points of {} features", features));
  }
  return {};
}

/// The rules of NeighborsOp, which a search over all points by hand needs as well.
Status check_distance(const NeighborsOp::Distance& distance, uint32_t features,
                      const std::vector<double>& points) {
  NeighborsOp::Distance plain = distance;
  plain.expanded = false;
  NeighborsOp::Targets targets;
  targets.lists = true;
  std::vector<double> one(points.begin(), points.begin() + features);
  const NeighborsOp rules({}, features, std::move(one), std::move(plain), {}, std::move(targets));
  const ValueType input{ValueKind::kDense, features};
  const Result<ValueType> type = rules.infer({&input, 1});
  return type.ok() ? Status() : type.status();
}

}  // namespace

Result<ValueType> OutlierFactorOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width == 0 ||
      inputs[0].width % 2 != 0) {
    return invalid_argument("expected a list of neighbours");
  }
  if (farthest.empty() || farthest.size() != densities.size()) {
    return invalid_argument(
        fmt::format("{} distances and {} densities", farthest.size(), densities.size()));
  }
  return ValueType{ValueKind::kDense, 1};
}

std::string OutlierFactorOp::describe() const { return fmt::format("{} points", farthest.size()); }

Result<ValueType> NeighborGraphOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width == 0 ||
      inputs[0].width % 2 != 0) {
    return invalid_argument("expected a list of neighbours");
  }
  if (points == 0 || points > kWidthMax) return invalid_argument("no usable number of points");
  return ValueType{ValueKind::kDense, points};
}

std::string NeighborGraphOp::describe() const { return fmt::format("{} points", points); }

RadiusNeighborsOp::RadiusNeighborsOp(Search search_in, NeighborsOp::Targets targets_in,
                                     Outlier outlier_in)
    : search(std::move(search_in)),
      targets(std::move(targets_in)),
      outlier(std::move(outlier_in)),
      point_count_(count_points(search.features, search.points.size())) {}

Result<uint32_t> RadiusNeighborsOp::width() const {
  if (targets.lists) return point_count_;
  if (targets.class_counts.empty()) {
    if (targets.value_count == 0 || targets.value_count > kWidthMax ||
        targets.values.size() != uint64_t{targets.value_count} * point_count_) {
      return invalid_argument("another number of target values than points");
    }
    return targets.value_count;
  }
  const size_t count = targets.class_counts.size();
  uint64_t total = 0;
  for (const uint32_t classes : targets.class_counts) total += uint64_t{classes} + 1;
  if (total > kWidthMax || targets.labels.size() != count * point_count_ ||
      outlier.labels.size() != count) {
    return invalid_argument("another number of labels than points, or too many classes");
  }
  for (size_t i = 0; i < targets.labels.size(); ++i) {
    if (targets.labels[i] >= targets.class_counts[i % count]) {
      return invalid_argument("a label is outside of its classes");
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (outlier.labels[i] > targets.class_counts[i]) {
      return invalid_argument("the label of outliers is outside of its classes");
    }
  }
  return static_cast<uint32_t>(total);
}

Result<ValueType> RadiusNeighborsOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_input(inputs, search.features));
  TRY_STATUS(check_points(point_count_, search.features, search.points.size()));
  TRY_STATUS(check_distance(search.distance, search.features, search.points));
  const auto columns = TRY(width());
  return ValueType{ValueKind::kDense, columns};
}

std::string RadiusNeighborsOp::describe() const {
  return fmt::format("{} points within {}", point_count_, search.radius);
}

size_t RadiusNeighborsOp::size_bytes() const {
  return heap_bytes(search.points) + heap_bytes(search.distance.weights) +
         heap_bytes(search.distance.matrix) + heap_bytes(targets.labels) +
         heap_bytes(targets.values);
}

KernelDensityOp::KernelDensityOp(Tables tables_in)
    : tables(std::move(tables_in)),
      point_count_(count_points(tables.features, tables.points.size())) {}

Result<ValueType> KernelDensityOp::infer(std::span<const ValueType> inputs) const {
  TRY_STATUS(check_input(inputs, tables.features));
  TRY_STATUS(check_points(point_count_, tables.features, tables.points.size()));
  TRY_STATUS(check_distance(tables.distance, tables.features, tables.points));
  if (!tables.log_weights.empty() && tables.log_weights.size() != point_count_) {
    return invalid_argument("another number of weights than points");
  }
  return ValueType{ValueKind::kDense, 1};
}

std::string KernelDensityOp::describe() const { return fmt::format("{} points", point_count_); }

size_t KernelDensityOp::size_bytes() const {
  return heap_bytes(tables.points) + heap_bytes(tables.log_weights);
}

}  // namespace slipway
