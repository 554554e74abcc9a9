#include <fmt/format.h>

#include <algorithm>

#include "training/splits/internal/classes.h"

namespace slipway::training {

DenseLabels dense_labels(std::span<const int32_t> labels) {
  DenseLabels dense;
  dense.labels.assign(labels.begin(), labels.end());
  std::sort(dense.labels.begin(), dense.labels.end());
  dense.labels.erase(std::unique(dense.labels.begin(), dense.labels.end()), dense.labels.end());
  dense.counts.resize(dense.labels.size());
  dense.first_row.resize(dense.labels.size());
  dense.ids.reserve(labels.size());
  for (const int32_t label : labels) {
    const auto place = std::lower_bound(dense.labels.begin(), dense.labels.end(), label);
    const auto id = static_cast<uint32_t>(place - dense.labels.begin());
    if (dense.counts[id]++ == 0) dense.first_row[id] = static_cast<uint32_t>(dense.ids.size());
    dense.ids.push_back(id);
  }
  return dense;
}

Status check_count(std::string_view what, size_t count, size_t parts) {
  if (parts < 2) return invalid_argument(fmt::format("expected at least 2 folds, got {}", parts));
  if (count > UINT32_MAX) return resource_exhausted(fmt::format("too many {}: {}", what, count));
  if (count < parts) {
    return invalid_argument(fmt::format("fewer {} than folds: {} for {}", what, count, parts));
  }
  return {};
}

Status check_class_counts(const DenseLabels& labels, size_t rows_min, std::string_view parts) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels.counts[i] >= rows_min) continue;
    return invalid_argument(fmt::format("class {} has fewer rows than there are {}: {} for {}",
                                        labels.labels[i], parts, labels.counts[i], rows_min));
  }
  return {};
}

}  // namespace slipway::training
