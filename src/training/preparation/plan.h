// What preparation is wanted: a value that candidates, flags and records hold.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "data/cleaning_rules.h"

namespace slipway::training {

struct PreparationPlan {
  enum class Fill : uint8_t { kMean, kMedian, kMostFrequent, kConstant, kNeighbors, kKeep };
  enum class Scale : uint8_t { kNone, kStandard, kMinMax, kRobust };
  enum class Encode : uint8_t {
    kOneHot,
    kOrdinal,
    kTarget,  // of categories: the mean of the target, cross-fitted
  };
  enum class Times : uint8_t { kAll, kElapsed, kParts };
  enum class Outliers : uint8_t { kKeep, kClipIqr, kClipZ, kDropIqr, kDropZ };
  enum class Bins : uint8_t { kUniform, kQuantile };
  enum class Select : uint8_t {
    kAll,
    kF,                  // analysis of variance, or correlation with a target of numbers
    kMutualInformation,  // with the target, by nearest neighbours
    kChi2,
    kForest,        // importance in a random forest
    kCoefficients,  // absolute coefficients of a linear model
  };
  enum class Resample : uint8_t { kNone, kOver, kUnder, kSmote };

  // Rows to learn from; requests keep all of theirs.
  bool drop_missing = false;     // those that lack some feature
  bool drop_duplicates = false;  // those that are equal to an earlier one, target and all
  Resample resample = Resample::kNone;
  uint32_t smote_neighbors = 5;

  // Columns of numbers, in this order: clipped, filled, scaled or binned.
  Outliers outliers = Outliers::kKeep;
  double outlier_factor = 0;     // of IQRs beyond the quartiles, of deviations; 0: 1.5, 3
  Fill numbers = Fill::kMedian;  // of missing numbers; kKeep: they stay NaN
  double constant = 0;           // of Fill::kConstant
  uint32_t neighbors = 5;        // of Fill::kNeighbors
  bool indicate_missing =
      false;  // a column of 0 and 1 more for each number column with missing ones
  Scale scale = Scale::kStandard;
  uint32_t bins = 0;  // of each column, which then is not scaled; 0: none
  Bins bins_by = Bins::kQuantile;
  Encode bins_encode = Encode::kOneHot;

  // Columns of texts, before anything else; null: none.
  std::shared_ptr<const data::CleaningRules> rules;

  // Columns of times.
  Times times = Times::kAll;
  bool cyclic_times = false;  // parts that come round as sine and cosine

  // Columns of free texts.
  uint32_t terms_max = 1000;  // of a column, the commonest
  uint32_t term_rows_min = 1;
  uint32_t words_min = 1;  // of a term
  uint32_t words_max = 1;
  bool english_stop_words = false;

  // Columns of categories.
  bool fill_categories = false;  // missing ones become the most frequent; else a category
  Encode encode = Encode::kOneHot;
  uint32_t category_rows_min = 1;  // rarer ones share one column (min_frequency)
  double target_smoothing = -1;    // of Encode::kTarget; below 0: by the variances
  uint32_t categories_max = 1000;  // of a column, the rarest share one column (max_categories)

  // All features, in this order.
  uint32_t degree = 1;                       // of polynomials
  bool interactions_only = false;            // products of different features only
  std::optional<double> variance_threshold;  // features that vary no more are left out
  Select select = Select::kAll;
  uint32_t select_count = 10;  // so many of the best stay

  bool operator==(const PreparationPlan&) const = default;
};

/// "mean", "median", "most_frequent", "constant", "knn", "keep".
std::optional<PreparationPlan::Fill> find_fill(std::string_view word);
/// "none", "standard", "minmax", "robust".
std::optional<PreparationPlan::Scale> find_scale(std::string_view word);
/// "onehot", "ordinal", "target".
std::optional<PreparationPlan::Encode> find_encode(std::string_view word);
/// "all", "elapsed", "parts".
std::optional<PreparationPlan::Times> find_times(std::string_view word);
/// "keep", "clip-iqr", "clip-z", "drop-iqr", "drop-z".
std::optional<PreparationPlan::Outliers> find_outliers(std::string_view word);
/// "uniform", "quantile".
std::optional<PreparationPlan::Bins> find_bins(std::string_view word);
/// "all", "f", "mutual-information", "chi2", "forest", "coefficients".
std::optional<PreparationPlan::Select> find_select(std::string_view word);
/// "none", "over", "under", "smote".
std::optional<PreparationPlan::Resample> find_resample(std::string_view word);

}  // namespace slipway::training
