// ClassificationMetrics: predicted classes and their probabilities against the truth.
//
//   const auto metrics = TRY(ClassificationMetrics::create({.classes = 3, .truth = truth,
//                                                           .predicted = predicted,
//                                                           .probabilities = probabilities}));
//   const std::vector<double> values = metrics.values({});  // as metrics.names() says
//
// Names, in this order:
//   accuracy, balanced_accuracy; of two classes precision, recall, f1 of the positive one;
//   precision_macro, recall_macro, f1_macro, the same _micro and _weighted; matthews_corrcoef,
//   cohen_kappa;
//   with scores: of two classes roc_auc, average_precision (of the positive one); of more, with
//   probabilities, roc_auc_ovr, roc_auc_ovr_weighted, average_precision_macro;
//   with probabilities: log_loss (clipped at the epsilon of double), brier_score (of two classes
//   half the squared distance, of more the whole).
//
// Ownership: the spans are the caller's and must live. Thread rule: as Metrics.
#pragma once

#include "base/status.h"
#include "training/metrics/confusion.h"
#include "training/metrics/curves.h"
#include "training/metrics/metrics.h"

namespace slipway::training {

inline constexpr size_t kClassesMax = 4096;

/// Classes are counted from 0.
struct Classification {
  size_t classes = 0;
  std::span<const int32_t> truth;         // rows
  std::span<const int32_t> predicted;     // rows
  std::span<const double> probabilities;  // rows x classes, row-major; empty: none
  std::span<const double> scores;   // rows; of two classes, how much it is the second; for ranking
                                    // where there are no probabilities; empty: none
  std::span<const double> weights;  // rows; empty: 1 each
  int32_t positive = 1;             // of two classes
};

class ClassificationMetrics final : public Metrics {
 public:
  /// INVALID_ARGUMENT names the row: a class out of range, a NaN, a probability out of 0 to 1, a
  /// negative weight; no rows; spans of different lengths.
  static Result<ClassificationMetrics> create(const Classification& judged);

  size_t rows() const override { return judged_.truth.size(); }
  const std::vector<std::string_view>& names() const override { return names_; }
  std::vector<double> values(std::span<const uint32_t> repeats) const override;

  ConfusionMatrix confusion(std::span<const uint32_t> repeats = {}) const;
  /// Whether classes can be ranked, so that ranking() may be asked.
  bool has_rankings() const { return !rankings_.empty(); }
  /// Of two classes there is only the positive one's.
  const Ranking& ranking(size_t label) const;

 private:
  explicit ClassificationMetrics(const Classification& judged);

  void append_rank_scores(std::span<const uint32_t> repeats, std::vector<double>& out) const;
  void append_probability_scores(std::span<const uint32_t> repeats, std::vector<double>& out) const;

  Classification judged_;
  std::vector<Ranking> rankings_;  // one for each class; of two classes, the positive one's
  std::vector<std::string_view> names_;
};

}  // namespace slipway::training
