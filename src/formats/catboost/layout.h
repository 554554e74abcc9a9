// Which column each of a model's features reads, and what the columns are called.
//
// Thread rule: a plain value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/catboost/model.h"
#include "graph/signature.h"

namespace slipway::catboost {

struct Layout {
  std::vector<InputColumn> columns;
  bool columns_named = false;
  /// By index among the features of its kind: the feature, and its place in the matrix of all
  /// number columns or of all text columns.
  struct Number {
    const FloatFeature* feature = nullptr;
    uint32_t place = 0;
  };
  std::map<int32_t, Number> numbers;
  std::map<int32_t, uint32_t> texts;
  std::vector<std::string> text_names;  // of the text columns
};

/// UNIMPLEMENTED, with the name, where the trees need a text or an embedding.
Status check_features(const Model& model);
/// DATA_LOSS where features contradict each other, or name columns beyond what a file of this size
/// may have. The layout points into the model.
Result<Layout> lay_out(const Model& model, size_t file_bytes);

}  // namespace slipway::catboost
