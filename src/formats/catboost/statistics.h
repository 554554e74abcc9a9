// A model's categorical features as the graph's CategoryStatistics: one-hot values as indicators,
// CTR tables as tables of the numbers that come of them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "formats/catboost/layout.h"
#include "formats/catboost/model.h"
#include "graph/ops/category_statistics.h"

namespace slipway::catboost {

struct Statistics {
  CategoryStatistics constants;
  /// The column of the result in which the first value of each one-hot feature stands (the others
  /// follow), and that of each CTR feature.
  std::vector<uint32_t> one_hot_columns;
  std::vector<uint32_t> ctr_columns;
  bool needs_numbers = false;
};

/// DATA_LOSS where tables are missing or do not fit; RESOURCE_EXHAUSTED where they unfold into far
/// more than the file.
Result<Statistics> build_statistics(const Model& model, const Layout& layout, const Limits& limits);

}  // namespace slipway::catboost
