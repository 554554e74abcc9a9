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

auto scikit_learn_families() {
  return std::array{
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
      neighborhood_family(),
      gaussian_family(),
      neural_network_family(),
      cluster_family(),
      gaussian_process_family(),
      isolation_family(),
      kernel_map_family(),
      row_solver_family(),
      dummy_family(),
  };
}

}  // namespace

std::vector<std::string_view> scikit_learn_classes() {
  std::vector<std::string_view> names;
  for (const auto family : scikit_learn_families()) {
    for (const EstimatorEntry& entry : family) names.push_back(entry.class_name);
  }
  return names;
}

namespace {

/// Classes of other packages that keep what a class of scikit-learn keeps.
struct Relative {
  std::string_view module;  // how it begins
  std::string_view class_name;
  std::string_view like;
};

constexpr std::array kRelatives = {
    Relative{"imblearn.pipeline", "Pipeline", "Pipeline"},
    Relative{"imblearn.ensemble.", "BalancedRandomForestClassifier", "RandomForestClassifier"},
    Relative{"imblearn.ensemble.", "BalancedBaggingClassifier", "BaggingClassifier"},
    Relative{"imblearn.ensemble.", "EasyEnsembleClassifier", "BaggingClassifier"},
    Relative{"imblearn.ensemble.", "RUSBoostClassifier", "AdaBoostClassifier"},
    Relative{"sklearnex.", "LinearRegression", "LinearRegression"},
    Relative{"sklearnex.", "Ridge", "Ridge"},
    Relative{"sklearnex.", "LogisticRegression", "LogisticRegression"},
    Relative{"sklearnex.", "PCA", "PCA"},
};

LowerFunction find_scikit_learn(std::string_view class_name) {
  for (const auto family : scikit_learn_families()) {
    if (const LowerFunction found = find_in(family, class_name)) return found;
  }
  return nullptr;
}

}  // namespace

LowerFunction find_estimator(std::string_view module, std::string_view class_name) {
  if (module.starts_with("catboost.")) return find_in(catboost_family(), class_name);
  if (module.starts_with("lightgbm.")) return find_in(lightgbm_family(), class_name);
  if (module.starts_with("xgboost.")) return find_in(xgboost_family(), class_name);
  if (module.starts_with("category_encoders.")) {
    return find_in(category_encoders_family(), class_name);
  }
  if (module.starts_with("sklearn.")) return find_scikit_learn(class_name);
  for (const Relative& relative : kRelatives) {
    if (module.starts_with(relative.module) && class_name == relative.class_name) {
      return find_scikit_learn(relative.like);
    }
  }
  return nullptr;
}

}  // namespace slipway::sklearn
