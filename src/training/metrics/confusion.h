// ConfusionMatrix: who was taken for whom; and what follows from it alone.
//
//   accuracy, balanced accuracy, precision, recall, F1, Matthews's correlation, Cohen's kappa
//
// A class that neither the truth nor the predictions hold does not count in averages over classes,
// as in scikit-learn. Thread rule: a value type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace slipway::training {

struct ClassScores {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double support = 0;  // weight of the rows that are of this class
};

class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(size_t classes);

  void add(int32_t truth, int32_t predicted, double weight);

  size_t classes() const { return classes_; }
  double cell(size_t truth, size_t predicted) const { return cells_[truth * classes_ + predicted]; }
  /// Whether the class is in the truth or in the predictions, with whatever weight.
  bool present(size_t label) const { return present_[label]; }

  /// Undefined quotients are 0 (scikit-learn's zero_division=0).
  ClassScores scores(size_t label) const;
  /// Over all rows: precision, recall and F1 are all the accuracy.
  ClassScores micro() const;
  ClassScores macro() const;
  ClassScores weighted() const;
  double accuracy() const;
  double balanced_accuracy() const;
  double matthews_correlation() const;
  double cohen_kappa() const;

 private:
  size_t classes_;
  std::vector<double> cells_;  // classes x classes, row-major, truth first
  std::vector<bool> present_;
  std::vector<double> truth_;      // weight of each class in the truth
  std::vector<double> predicted_;  // and in the predictions
  double total_ = 0;
};

}  // namespace slipway::training
