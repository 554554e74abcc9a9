// The one list of estimator classes that Slipway computes: each family's file offers a table.
// To add an estimator: write its LowerFunction in families/<family>.cpp, add a line to that table,
// add cases to tests/data/sklearn/make.py.
#pragma once

#include <span>
#include <string_view>

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

struct EstimatorEntry {
  std::string_view class_name;  // "LogisticRegression"; its module begins with "sklearn."
  LowerFunction lower;
};

std::span<const EstimatorEntry> linear_family();
std::span<const EstimatorEntry> scaling_family();
std::span<const EstimatorEntry> polynomial_family();
std::span<const EstimatorEntry> decomposition_family();
std::span<const EstimatorEntry> impute_family();
std::span<const EstimatorEntry> encoding_family();
std::span<const EstimatorEntry> records_family();
std::span<const EstimatorEntry> text_family();
std::span<const EstimatorEntry> selection_family();
std::span<const EstimatorEntry> projection_family();
std::span<const EstimatorEntry> random_features_family();
std::span<const EstimatorEntry> column_functions_family();
std::span<const EstimatorEntry> impute_model_family();
std::span<const EstimatorEntry> function_family();
std::span<const EstimatorEntry> pipeline_family();
std::span<const EstimatorEntry> column_family();
std::span<const EstimatorEntry> search_family();
std::span<const EstimatorEntry> tree_family();
std::span<const EstimatorEntry> gradient_boosting_family();
std::span<const EstimatorEntry> hist_gradient_boosting_family();
std::span<const EstimatorEntry> naive_bayes_family();
std::span<const EstimatorEntry> neighbors_family();
std::span<const EstimatorEntry> svm_family();
/// Its modules begin with "lightgbm.".
std::span<const EstimatorEntry> lightgbm_family();
std::span<const EstimatorEntry> voting_family();
std::span<const EstimatorEntry> bagging_family();
std::span<const EstimatorEntry> ada_boost_family();
std::span<const EstimatorEntry> calibration_family();
std::span<const EstimatorEntry> multiclass_family();
std::span<const EstimatorEntry> multioutput_family();
std::span<const EstimatorEntry> threshold_family();
std::span<const EstimatorEntry> target_family();
std::span<const EstimatorEntry> xgboost_family();
/// Its modules begin with "catboost.".
std::span<const EstimatorEntry> catboost_family();

/// The function for a class, or null. Modules moved between versions, so only their first part
/// counts.
LowerFunction find_estimator(std::string_view module, std::string_view class_name);

}  // namespace slipway::sklearn
