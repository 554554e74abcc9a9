#include "training/metrics/curves.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace slipway::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::vector<double> shares(const std::vector<double>& counts, double total) {
  std::vector<double> out(counts.size(), kUndefined);
  if (total <= 0) return out;
  for (size_t i = 0; i < counts.size(); ++i) out[i] = counts[i] / total;
  return out;
}

/// Whether the polygon through a, b, c (by their counts) has no corner at b.
bool is_even(double a, double b, double c) { return c - b == b - a; }

}  // namespace

Ranking::Ranking(std::span<const double> scores, size_t stride, std::span<const int32_t> truth,
                 int32_t positive, std::span<const double> weights)
    : truth_(truth), weights_(weights), positive_(positive), order_(truth.size()) {
  const auto score = [&](uint32_t row) { return scores[row * stride]; };
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](uint32_t a, uint32_t b) { return score(a) > score(b); });
  for (size_t i = 0; i < order_.size(); ++i) {
    if (i + 1 < order_.size() && score(order_[i]) == score(order_[i + 1])) continue;
    ends_.push_back(static_cast<uint32_t>(i + 1));
    thresholds_.push_back(score(order_[i]));
  }
}

RankScores Ranking::scores(std::span<const uint32_t> repeats) const {
  double positives = 0, negatives = 0, area = 0, precision_sum = 0;
  bool any_positive = false, any_negative = false;
  size_t place = 0;
  for (const uint32_t end : ends_) {
    const double positives_before = positives;
    const double negatives_before = negatives;
    for (; place < end; ++place) {
      const uint32_t row = order_[place];
      const uint32_t count = repeats.empty() ? 1 : repeats[row];
      if (count == 0) continue;
      const bool is_positive = truth_[row] == positive_;
      (is_positive ? positives : negatives) += weight(row) * count;
      (is_positive ? any_positive : any_negative) = true;
    }
    area += (negatives - negatives_before) * (positives + positives_before) / 2;
    if (positives > positives_before) {
      precision_sum += (positives - positives_before) * positives / (positives + negatives);
    }
  }
  const bool defined = any_positive && any_negative;
  return {defined ? area / (positives * negatives) : kUndefined,
          positives > 0 ? precision_sum / positives : 0};
}

Ranking::Counts Ranking::counts() const {
  Counts out;
  double positives = 0, negatives = 0;
  size_t place = 0;
  for (size_t group = 0; group < ends_.size(); ++group) {
    bool counts_here = false;  // rows without weight are as if they were not there
    for (; place < ends_[group]; ++place) {
      const uint32_t row = order_[place];
      (truth_[row] == positive_ ? positives : negatives) += weight(row);
      counts_here = counts_here || weight(row) != 0;
    }
    if (!counts_here) continue;
    out.true_positives.push_back(positives);
    out.false_positives.push_back(negatives);
    out.thresholds.push_back(thresholds_[group]);
  }
  return out;
}

RocCurve Ranking::roc() const {
  const Counts all = counts();
  const size_t size = all.thresholds.size();
  std::vector<double> positives{0};
  std::vector<double> negatives{0};
  RocCurve curve;
  curve.thresholds.push_back(std::numeric_limits<double>::infinity());
  for (size_t i = 0; i < size; ++i) {
    const bool inner = size > 2 && i > 0 && i + 1 < size;
    if (inner &&
        is_even(all.true_positives[i - 1], all.true_positives[i], all.true_positives[i + 1]) &&
        is_even(all.false_positives[i - 1], all.false_positives[i], all.false_positives[i + 1])) {
      continue;
    }
    positives.push_back(all.true_positives[i]);
    negatives.push_back(all.false_positives[i]);
    curve.thresholds.push_back(all.thresholds[i]);
  }
  curve.true_positive_rate = shares(positives, positives.back());
  curve.false_positive_rate = shares(negatives, negatives.back());
  return curve;
}

PrecisionRecallCurve Ranking::precision_recall() const {
  const Counts all = counts();
  PrecisionRecallCurve curve;
  const double total = all.true_positives.empty() ? 0 : all.true_positives.back();
  for (size_t i = all.thresholds.size(); i-- > 0;) {
    const double positives = all.true_positives[i];
    curve.precision.push_back(positives / (positives + all.false_positives[i]));
    curve.recall.push_back(total > 0 ? positives / total : 1);
    curve.thresholds.push_back(all.thresholds[i]);
  }
  curve.precision.push_back(1);
  curve.recall.push_back(0);
  return curve;
}

}  // namespace slipway::training
