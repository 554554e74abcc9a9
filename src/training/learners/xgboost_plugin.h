// The border between the program and libslipway_xgboost.so, which trains with XGBoost's C API and
// hands over the model's bytes, for the program's own reader. Thread rule: train() is reentrant.
#pragma once

#include <cstddef>
#include <cstdint>

#include "training/learners/plugin_error.h"

extern "C" {

/// Grows with each change of what follows; a plug-in of another number is not used.
inline constexpr uint32_t kSlipwayXgboostAbi = 1;

struct SlipwayXgboostTask {
  const float* x;  // rows x columns, row-major; NaN is missing
  size_t rows;
  size_t columns;
  const float* y;            // class indices or values
  const float* weights;      // one per row; or null
  const char* const* names;  // XGBoost's parameters
  const char* const* values;
  size_t parameters;
  int32_t rounds;
  /// Asked before each round; 0 ends training, and train() fails.
  int (*may_go_on)(void* context);
  /// Called once with the model as UBJSON.
  void (*take)(void* context, const char* bytes, size_t size);
  void* context;
};

struct SlipwayXgboostPlugin {
  uint32_t abi;
  /// 0 on success.
  int (*train)(const struct SlipwayXgboostTask* task, struct SlipwayPluginError error);
};

/// The one symbol that the plug-in exports: "slipway_xgboost_plugin".
using SlipwayXgboostEntry = const struct SlipwayXgboostPlugin* (*)();
}
