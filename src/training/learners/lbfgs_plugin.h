// The border between the program and libslipway_lbfgs.so, which wraps libLBFGS
// (www.chokkan.org/software/liblbfgs): limited-memory BFGS, and its orthant-wise form for an l1
// term. Thread rule: minimize() is reentrant.
#pragma once

#include <cstddef>
#include <cstdint>

#include "training/learners/plugin_error.h"

extern "C" {

/// Grows with each change of what follows; a plug-in of another number is not used.
inline constexpr uint32_t kSlipwayLbfgsAbi = 1;

struct SlipwayLbfgsProblem {
  size_t size;
  double* x;  // `size` numbers: the start, and then the solution
  /// The smooth part's value at x, and its gradient.
  double (*evaluate)(void* context, const double* x, double* gradient);
  /// Called after each iteration with the gradient of the smooth part. 0: go on.
  int (*judge)(void* context, const double* x, const double* gradient);
  void* context;
  int iterations_max;
  double l1;  // times the sum of |x[i]| for i in [l1_begin, l1_end)
  size_t l1_begin;
  size_t l1_end;
};

enum SlipwayLbfgsOutcome : int32_t {
  kSlipwayLbfgsFailed = -1,     // the error says why
  kSlipwayLbfgsJudged = 0,      // judge() ended it, or the start is a minimum
  kSlipwayLbfgsIterations = 1,  // iterations_max
  kSlipwayLbfgsStuck = 2,       // no step makes it smaller: as near as roundings let it come
};

struct SlipwayLbfgsPlugin {
  uint32_t abi;
  SlipwayLbfgsOutcome (*minimize)(const struct SlipwayLbfgsProblem* problem,
                                  struct SlipwayPluginError error);
};

/// The one symbol that the plug-in exports: "slipway_lbfgs_plugin".
using SlipwayLbfgsEntry = const struct SlipwayLbfgsPlugin* (*)();
}
