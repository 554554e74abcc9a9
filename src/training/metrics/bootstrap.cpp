#include "training/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "base/quantile.h"
#include "training/parallel.h"
#include "training/random.h"

namespace slipway::training {

std::vector<ConfidenceInterval> bootstrap(const Metrics& metrics, const BootstrapOptions& options) {
  const size_t rows = metrics.rows();
  std::vector<std::vector<double>> drawn(options.replicates);
  for_each_index(options.replicates, options.threads, [&](size_t replicate) {
    Random random(options.seed, replicate);
    std::vector<uint32_t> repeats(rows);
    for (size_t i = 0; i < rows; ++i) ++repeats[random.below(rows)];
    drawn[replicate] = metrics.values(repeats);
  });
  std::vector<ConfidenceInterval> intervals;
  intervals.reserve(metrics.names().size());
  std::vector<double> sorted;
  for (size_t i = 0; i < metrics.names().size(); ++i) {
    sorted.clear();
    for (const std::vector<double>& values : drawn) {
      if (!std::isnan(values[i])) sorted.push_back(values[i]);
    }
    std::sort(sorted.begin(), sorted.end());
    const double tail = (1 - options.level) / 2;
    intervals.push_back({quantile_of_sorted(sorted, tail), quantile_of_sorted(sorted, 1 - tail)});
  }
  return intervals;
}

}  // namespace slipway::training
