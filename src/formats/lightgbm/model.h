// LightGbmModel: a Booster that adds itself to a graph.
//
//   columns of the DataFrame --> numbers (codes of pandas categories, zeros as missing) --> trees
//     --> raw_score --> predict
//
// Thread rule: immutable.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "formats/lightgbm/booster.h"
#include "formats/model_format.h"

namespace slipway::lightgbm {

class LightGbmModel final : public formats::ForeignModel {
 public:
  explicit LightGbmModel(Booster booster);

  formats::ModelInfo info() const override;
  std::span<const InputColumn> columns() const override { return columns_; }
  bool columns_named() const override { return columns_named_; }
  /// "predict", "raw_score", and "leaf" for up to kLeafTreesMax trees.
  Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const formats::ForeignInputs& inputs,
                                        const formats::ForeignOptions& options,
                                        const std::string& path) const override;

  /// Above, a row of `leaf` would take so much memory that all else gets slower.
  static constexpr size_t kLeafTreesMax = 1024;

 private:
  Result<ValueId> feature_matrix(GraphBuilder& graph, const formats::ForeignInputs& inputs,
                                 const std::string& path) const;
  Result<ValueId> predict(GraphBuilder& graph, ValueId raw, size_t iterations,
                          const std::string& path) const;

  const Booster booster_;
  /// Per feature: which of Booster::pandas it is; an error if that is not certain.
  Result<std::vector<std::optional<uint32_t>>> categories_;
  std::vector<InputColumn> columns_;
  bool columns_named_ = false;
};

}  // namespace slipway::lightgbm
