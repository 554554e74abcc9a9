// Folds: the parts of a cross-validation. Each fold tests what the others train on.
//
// What is not drawn by lot is scikit-learn's split of the same name, fold by fold (KFold,
// StratifiedKFold, GroupKFold, StratifiedGroupKFold, TimeSeriesSplit; 1.9). What is drawn follows
// the same rules by Random(seed, stream) (training/random.h). Row numbers ascend within each part.
//
// Labels and groups are numbers from 0, one for each row. Errors are INVALID_ARGUMENT: fewer than
// two folds, fewer rows or groups than folds, a class with fewer rows than folds.
//
//   const std::vector<Fold> folds = TRY(stratified_k_fold(labels, 5, Shuffle{seed}));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/status.h"

namespace slipway::training {

struct Fold {
  std::vector<uint32_t> train;
  std::vector<uint32_t> test;
};

/// Rows are drawn by lot; without it they keep their order.
struct Shuffle {
  uint64_t seed = 0;
  uint64_t stream = 0;
};

Result<std::vector<Fold>> k_fold(size_t rows, size_t folds, std::optional<Shuffle> shuffle);

/// Each fold has about the same share of each class: its count is within 1 of the ideal.
Result<std::vector<Fold>> stratified_k_fold(std::span<const int32_t> labels, size_t folds,
                                            std::optional<Shuffle> shuffle);

/// No group is in two folds. Without shuffle the folds have about as many rows, with it about as
/// many groups.
Result<std::vector<Fold>> group_k_fold(std::span<const int32_t> groups, size_t folds,
                                       std::optional<Shuffle> shuffle);

/// No group is in two folds, and the folds have shares of the classes as equal as that lets a
/// greedy choice make them.
Result<std::vector<Fold>> stratified_group_k_fold(std::span<const int32_t> labels,
                                                  std::span<const int32_t> groups, size_t folds,
                                                  std::optional<Shuffle> shuffle);

/// Folds of several k-fold splits, one after another, repetition r by stream r.
Result<std::vector<Fold>> repeated_k_fold(size_t rows, size_t folds, size_t repeats, uint64_t seed);
Result<std::vector<Fold>> repeated_stratified_k_fold(std::span<const int32_t> labels, size_t folds,
                                                     size_t repeats, uint64_t seed);

/// Rows are in the order of time; each fold trains on what lies before what it tests.
struct TimeSeriesOptions {
  size_t folds = 5;
  size_t gap = 0;             // rows left out between training and test
  size_t train_rows_max = 0;  // 0: all that lie before
  size_t test_rows = 0;       // of each fold; 0: rows / (folds + 1)
};
Result<std::vector<Fold>> time_series_split(size_t rows, const TimeSeriesOptions& options);

}  // namespace slipway::training
