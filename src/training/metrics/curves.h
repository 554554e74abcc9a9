// Ranking: rows by descending score, for what thresholds on the score would give: ROC and
// precision-recall curves and the areas below them.
//
// The rows are sorted once; each sample of a bootstrap then only counts. Rows of equal score fall
// together, as in scikit-learn's roc_curve, precision_recall_curve, roc_auc_score and
// average_precision_score. Thread rule: immutable; points to truth and weights, which must live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slipway::training {

/// From threshold infinity (nothing is taken for positive) downwards; points between others on a
/// straight line are left out, as scikit-learn's drop_intermediate=True does.
struct RocCurve {
  std::vector<double> false_positive_rate;  // NaN if there are no negative rows
  std::vector<double> true_positive_rate;   // NaN if there are no positive rows
  std::vector<double> thresholds;
};

/// By ascending threshold; precision and recall have one entry more, the last (1, 0).
struct PrecisionRecallCurve {
  std::vector<double> precision;
  std::vector<double> recall;
  std::vector<double> thresholds;
};

struct RankScores {
  double roc_auc = 0;            // NaN if there is only one class
  double average_precision = 0;  // 0 if there are no positive rows
};

class Ranking {
 public:
  /// Row i's score is scores[i * stride], no NaN among them; it is positive if truth[i] is
  /// `positive`. `weights`: one for each row, or empty. At most 2^32 - 1 rows.
  Ranking(std::span<const double> scores, size_t stride, std::span<const int32_t> truth,
          int32_t positive, std::span<const double> weights);

  /// `repeats`: as in Metrics::values().
  RankScores scores(std::span<const uint32_t> repeats) const;
  RocCurve roc() const;
  PrecisionRecallCurve precision_recall() const;

 private:
  /// Weights of the positive and negative rows at or above each distinct score, descending.
  struct Counts {
    std::vector<double> true_positives, false_positives, thresholds;
  };
  Counts counts() const;
  double weight(uint32_t row) const { return weights_.empty() ? 1 : weights_[row]; }

  std::span<const int32_t> truth_;
  std::span<const double> weights_;
  int32_t positive_;
  std::vector<uint32_t> order_;     // by descending score
  std::vector<double> thresholds_;  // of each group of equal scores
  std::vector<uint32_t> ends_;      // of each group, in order_
};

}  // namespace slipway::training
