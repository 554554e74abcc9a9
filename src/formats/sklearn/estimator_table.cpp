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
      neighborhood_family(),
      gaussian_family(),
      neural_network_family(),
      cluster_family(),
      gaussian_process_family(),
      isolation_family(),
      dummy_family(),
  };
  for (const auto family : families) {
    for (const EstimatorEntry& entry : family) {
      if (entry.class_name == class_name) return entry.lower;
    }
  }
  return nullptr;
}

}  // namespace slipway::sklearn
