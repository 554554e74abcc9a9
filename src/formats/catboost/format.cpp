#include "formats/catboost/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "formats/catboost/cbm_reader.h"
#include "formats/catboost/json_reader.h"
#include "formats/catboost/layout.h"
#include "formats/catboost/metadata.h"
#include "formats/catboost/outputs.h"
#include "formats/catboost/trees.h"

namespace slipway::catboost {
namespace {

/// Versions whose files the tests read.
bool is_tested(std::string_view version) {
  static constexpr std::array kTested = {std::string_view("1.0"), std::string_view("1.1"),
                                         std::string_view("1.2")};
  return version.empty() ||
         std::any_of(kTested.begin(), kTested.end(), [&](std::string_view tested) {
           return version == tested || version.starts_with(fmt::format("{}.", tested));
         });
}

class CatBoostModel final : public formats::ForeignModel {
 public:
  CatBoostModel(std::unique_ptr<const Model> model, Layout layout, Metadata metadata,
                std::string_view container, const Limits& limits)
      : model_(std::move(model)),
        layout_(std::move(layout)),
        metadata_(std::move(metadata)),
        container_(container),
        limits_(limits) {}

  formats::ModelInfo info() const override {
    formats::ModelInfo info;
    info.class_name = class_name();
    info.library = "CatBoost";
    info.library_version = metadata_.version;
    info.container = container_;
    if (!is_tested(metadata_.version)) {
      info.warnings.push_back(
          fmt::format("written by CatBoost {}, a version that Slipway's tests do not cover; "
                      "compare some predictions before you rely on it",
                      metadata_.version));
    }
    return info;
  }
  std::span<const InputColumn> columns() const override { return layout_.columns; }
  bool columns_named() const override { return layout_.columns_named; }
  Result<std::vector<OutputSpec>> lower(GraphBuilder& graph, const formats::ForeignInputs& inputs,
                                        const formats::ForeignOptions&,
                                        const std::string& path) const override {
    TRY_STATUS(check_features(*model_));
    const ValueId scores = TRY(add_trees(*model_, layout_, graph, inputs, limits_, path));
    return add_outputs(metadata_, graph, scores, path);
  }

 private:
  /// A file does not say which class wrote it; its loss says which one fits.
  std::string class_name() const {
    if (metadata_.is_classifier()) return "catboost.core.CatBoostClassifier";
    static constexpr std::array kRankings = {
        std::string_view("YetiRank"),         std::string_view("YetiRankPairwise"),
        std::string_view("PairLogit"),        std::string_view("PairLogitPairwise"),
        std::string_view("QueryRMSE"),        std::string_view("QuerySoftMax"),
        std::string_view("StochasticRank"),   std::string_view("LambdaMart"),
        std::string_view("StochasticFilter"), std::string_view("QueryCrossEntropy")};
    const bool ranks =
        std::find(kRankings.begin(), kRankings.end(), metadata_.loss) != kRankings.end();
    return ranks ? "catboost.core.CatBoostRanker" : "catboost.core.CatBoostRegressor";
  }

  const std::unique_ptr<const Model> model_;  // the layout points into it
  const Layout layout_;
  const Metadata metadata_;
  const std::string container_;
  const Limits limits_;
};

class CatBoostFormat final : public formats::ModelFormat {
 public:
  std::string_view name() const override { return "catboost"; }
  std::string_view description() const override { return "a CatBoost model (.cbm, JSON)"; }
  bool recognises(std::string_view start) const override {
    return start.starts_with(kCbmMagic) || may_begin_json_model(start);
  }
  Result<std::unique_ptr<const formats::ForeignModel>> parse(std::string_view bytes,
                                                             const Limits& limits) const override {
    const bool is_cbm = bytes.starts_with(kCbmMagic);
    auto model = std::make_unique<const Model>(
        TRY(is_cbm ? read_cbm(bytes, limits) : read_json(bytes, limits)));
    Layout layout = TRY(lay_out(*model, bytes.size()));
    Metadata metadata = TRY(read_metadata(*model));
    std::unique_ptr<const formats::ForeignModel> parsed = std::make_unique<const CatBoostModel>(
        std::move(model), std::move(layout), std::move(metadata), is_cbm ? "cbm" : "json", limits);
    return parsed;
  }
};

}  // namespace

std::unique_ptr<const formats::ModelFormat> make_format() {
  return std::make_unique<CatBoostFormat>();
}

}  // namespace slipway::catboost
