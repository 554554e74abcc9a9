// What `slipway train` tries, and on which rows it judges: the flags of its group Selection.
//
//   flags --set_selection--> TrainingPlan
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace slipway::cli {

struct TrainingPlan;

struct SelectionFlags {
  std::vector<std::string> learners;         // empty: those that are usual
  std::vector<std::string> hyperparameters;  // NAME=V1,V2,...
  size_t draws = 0;                          // combinations drawn of all; 0: all
  std::string scoring;                       // empty: the task's usual one
  double budget_s = 0;                       // 0: no bound
  std::string search_file;                   // empty: none
  bool halving = false;
  double factor = 0;  // 0: 3, or the search file's
  std::string resource;
  std::string resources_min;  // "exhaust", "smallest", a number; empty: exhaust
  uint64_t resources_max = 0;
  bool aggressive_elimination = false;
  std::string journal;  // empty: under .slipway
  bool no_journal = false;

  // Rows.
  std::string fold_kind = "auto";
  size_t folds = 5;
  size_t repeats = 0;  // 0: once, of "repeated" 10 times
  bool no_shuffle = false;
  size_t gap = 0;
  size_t window = 0;
  size_t horizon = 0;
  double test_share = 0;
  double validation_share = 0;
  std::string group;
  std::string time;
  std::string weight;
};

/// Reads the search file. INVALID_ARGUMENT names the flag, or the file and line.
Status set_selection(const SelectionFlags& flags, uint64_t seed, TrainingPlan& plan);

}  // namespace slipway::cli
