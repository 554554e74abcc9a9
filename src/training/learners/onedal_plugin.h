// The border between the program and libslipway_onedal.so, which wraps oneDAL
// (uxlfoundation.github.io/oneDAL): decision forests, by its older interface. Thread rule: all
// functions are reentrant.
#pragma once

#include <cstddef>
#include <cstdint>

#include "training/learners/plugin_error.h"

extern "C" {

/// Grows with each change of what follows; a plug-in of another number is not used.
inline constexpr uint32_t kSlipwayOnedalAbi = 2;

struct SlipwayForestTask {
  const float* x;  // rows x columns, row-major, finite
  size_t rows;
  size_t columns;
  const float* y;        // class indices or values
  const float* weights;  // one per row; or null
  size_t classes;        // 0: regression
  size_t trees;
  size_t features_per_node;
  size_t depth_max;   // 0: no bound
  size_t leaves_max;  // 0: no bound
  size_t leaf_rows_min;
  size_t split_rows_min;
  double leaf_weight_share_min;
  double impurity_decrease_min;
  double rows_share;  // of all rows, drawn for each tree where there is a bootstrap
  int32_t bootstrap;
  int32_t random_splits;  // thresholds by chance, as extremely randomised trees have them
  uint64_t bins;          // of each column; 0: every value is one
  uint64_t seed;
  uint32_t threads;
};

struct SlipwayForestNode {
  size_t tree;
  size_t level;           // the root's is 0
  int64_t feature;        // -1: a leaf
  double threshold;       // a row goes left where x <= threshold
  double value;           // a regressor's leaf
  const double* classes;  // a classifier's leaf: shares of the classes
};

struct SlipwayOnedalPlugin {
  uint32_t abi;
  /// Hands over the nodes of all trees, each tree from its root on, left before right. 0 on
  /// success.
  int (*forest)(const struct SlipwayForestTask* task,
                void (*take)(void* context, const struct SlipwayForestNode* node), void* context,
                struct SlipwayPluginError error);
};

/// The one symbol that the plug-in exports: "slipway_onedal_plugin".
using SlipwayOnedalEntry = const struct SlipwayOnedalPlugin* (*)();
}
