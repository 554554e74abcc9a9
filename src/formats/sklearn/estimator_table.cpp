#include "formats/sklearn/estimator_table.h"

#include <array>

namespace slipway::sklearn {

LowerFunction find_estimator(std::string_view module, std::string_view class_name) {
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
  };
  for (const auto family : families) {
    for (const EstimatorEntry& entry : family) {
      if (entry.class_name == class_name) return entry.lower;
    }
  }
  return nullptr;
}

}  // namespace slipway::sklearn
