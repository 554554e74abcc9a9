#include "base/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slipway {

double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = static_cast<double>(sorted.size() - 1) * q;
  const double before = std::floor(place);
  const auto index = static_cast<size_t>(before);
  const double low = sorted[index];
  const double high = sorted[std::min(index + 1, sorted.size() - 1)];
  const double share = place - before;
  return share >= 0.5 ? high - (high - low) * (1 - share) : low + (high - low) * share;
}

}  // namespace slipway
