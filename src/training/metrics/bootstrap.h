// Bootstrap: how far metrics would vary over other samples of as many rows.
//
// Each replicate draws as many rows as there are, with replacement, by Random(seed, replicate), and
// computes all metrics; an interval spans the percentiles (numpy's linear ones) of what came out
// (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Replicates in which a
// metric is undefined do not count for it. The result depends on the seed, not on the threads.
#pragma once

#include <cstdint>
#include <vector>

#include "training/metrics/metrics.h"

namespace slipway::training {

struct BootstrapOptions {
  uint32_t replicates = 1000;
  uint64_t seed = 0;
  double level = 0.95;  // of confidence, between 0 and 1
  uint32_t threads = 1;
};

struct ConfidenceInterval {
  double lower = 0;  // NaN if no replicate was defined
  double upper = 0;
};

/// One for each of metrics.names().
std::vector<ConfidenceInterval> bootstrap(const Metrics& metrics, const BootstrapOptions& options);

}  // namespace slipway::training
