#include "formats/sklearn/estimator_table.h"

#include <array>

namespace slipway::sklearn {
namespace {

LowerFunction find_in(std::span<const EstimatorEntry> family, std::string_view class_name) {
  for (const EstimatorEntry& entry : family) {
    if (entry.class_name == class_name) return entry.lower;
  }
  return nullptr;
}

}  // namespace

LowerFunction find_estimator(std::string_view module, std::string_view class_name) {
  if (module.starts_with("catboost.")) return find_in(catboost_family(), class_name);
  if (module.starts_with("lightgbm.")) return find_in(lightgbm_family(), class_name);
  if (module.starts_with("xgboost.")) return find_in(xgboost_family(), class_name);
  if (!module.starts_with("sklearn.")) return nullptr;
  const std::array families = {
      linear_family(),
      scaling_family(),
      polynomial_family(),
      decomposition_family(),
      impute_family(),
      encoding_family(),
      records_family(),
      text_family(),
      selection_family(),
      projection_family(),
      random_features_family(),
      column_functions_family(),
      impute_model_family(),
      function_family(),
      pipeline_family(),
      column_family(),
      search_family(),
      tree_family(),
      gradient_boosting_family(),
      hist_gradient_boosting_family(),
      naive_bayes_family(),
      neighbors_family(),
      svm_family(),
      voting_family(),
      bagging_family(),
      ada_boost_family(),
      calibration_family(),
      multiclass_family(),
      multioutput_family(),
      threshold_family(),
      target_family(),
  };
  for (const auto family : families) {
    if (const LowerFunction found = find_in(family, class_name)) return found;
  }
  return nullptr;
}

}  // namespace slipway::sklearn
