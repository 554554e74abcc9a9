// Partition: which rows are trained on, which judge, and which are kept back to the end.
//
//   Problem, FoldPlan --make_partition--> training rows with their folds, test rows
//
// Folds and test part are of one kind: where groups must not be divided the test part holds whole
// groups, where time matters it holds the latest rows. With a validation share the candidates are
// judged on one validation part instead of folds.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "training/selection/problem.h"
#include "training/splits/folds.h"

namespace slipway::training {

struct FoldPlan {
  enum class Kind : uint8_t { kPlain, kStratified, kGrouped, kStratifiedGrouped, kTime };

  std::optional<Kind> kind;  // nullopt: by groups or time if the problem has them, else by class
  size_t folds = 5;
  size_t repeats = 1;  // each drawn anew; not of kTime
  bool shuffle = true;
  // Of kTime, in rows.
  size_t gap = 0;               // left out between training rows and those that judge
  size_t train_rows_max = 0;    // the latest ones; 0: all
  size_t test_rows = 0;         // of each fold; 0: rows / (folds + 1)
  double test_share = 0;        // 0: none are kept back
  double validation_share = 0;  // 0: folds judge
  uint64_t seed = 0;
};

/// "plain", "stratified", "grouped", "stratified-grouped", "time". nullopt: no such word.
std::optional<FoldPlan::Kind> find_fold_kind(std::string_view word);
std::string_view fold_kind_name(FoldPlan::Kind kind);

/// All numbers are places in problem.rows.
struct Partition {
  FoldPlan::Kind kind = FoldPlan::Kind::kPlain;
  std::vector<uint32_t> train;  // all that are not kept back: the last fit's
  std::vector<uint32_t> test;   // kept back
  std::vector<Fold> folds;      // of `train`; with a validation share one
};

/// "5-fold cross-validation", "3 times 5 stratified-grouped folds", "a validation part of 30 rows".
std::string partition_text(const FoldPlan& plan, const Partition& partition);

/// Plain and stratified folds are drawn by lot unless `shuffle` says otherwise, grouped ones only
/// if they are repeated: else they are as even as can be. INVALID_ARGUMENT: groups, times or
/// classes are asked for that the problem has not; too few rows, groups or rows of a class; a fold
/// that trains on no row of a class.
Result<Partition> make_partition(const Problem& problem, const FoldPlan& plan);

}  // namespace slipway::training
