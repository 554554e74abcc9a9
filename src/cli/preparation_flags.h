// How `slipway train` makes features of columns: the flags of its group Preparation.
//
//   flags --set_preparation--> TrainingPlan
//   flags --write_preparation--> the bundle's manifest
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/json_writer.h"
#include "training/preparation/plan.h"

namespace slipway::cli {

struct TrainingPlan;

struct PreparationFlags {
  // Rows to learn from.
  bool drop_missing = false;
  bool drop_duplicates = false;
  std::string resample = "none";
  uint32_t smote_neighbors = 5;

  // Numbers.
  std::string outliers = "keep";
  double outlier_factor = 0;  // 0: the usual one
  std::string impute = "median";
  double fill = 0;
  uint32_t neighbors = 5;
  bool indicate_missing = false;
  std::string scale = "auto";
  uint32_t bins = 0;  // 0: none
  std::string bins_by = "quantile";
  std::string bins_encode = "onehot";

  // Times.
  std::string times = "all";
  bool cyclic_times = false;

  // Texts.
  std::string rules;  // a file of cleaning rules; empty: none
  uint32_t terms_max = 1000;
  uint32_t term_rows_min = 1;
  uint32_t words_min = 1;
  uint32_t words_max = 1;
  std::string stop_words = "none";

  // Categories.
  std::string impute_categories = "category";
  std::string encode = "onehot";
  uint32_t category_rows_min = 1;
  uint32_t categories_max = 1000;
  double target_smoothing = -1;  // below 0: by the variances

  // All features.
  uint32_t degree = 1;
  bool interactions = false;
  std::optional<double> variance_threshold;
  std::string select = "all";
  uint32_t select_count = 10;
};

/// Reads the file of rules. INVALID_ARGUMENT names flags that do not go together, or what is wrong
/// in the file.
Status set_preparation(const PreparationFlags& flags, TrainingPlan& plan);

/// The members of a JSON object: what was done, `plan` being the best candidate's.
void write_preparation(JsonWriter& json, const PreparationFlags& flags,
                       const training::PreparationPlan& plan);

}  // namespace slipway::cli
