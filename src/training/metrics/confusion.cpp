#include "training/metrics/confusion.h"

#include <cmath>
#include <limits>

namespace slipway::training {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double quotient(double numerator, double denominator) {
  return denominator == 0 ? 0 : numerator / denominator;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(size_t classes)
    : classes_(classes),
      cells_(classes * classes),
      present_(classes),
      truth_(classes),
      predicted_(classes) {}

void ConfusionMatrix::add(int32_t truth, int32_t predicted, double weight) {
  cells_[static_cast<size_t>(truth) * classes_ + static_cast<size_t>(predicted)] += weight;
  present_[static_cast<size_t>(truth)] = true;
  present_[static_cast<size_t>(predicted)] = true;
  truth_[static_cast<size_t>(truth)] += weight;
  predicted_[static_cast<size_t>(predicted)] += weight;
  total_ += weight;
}

ClassScores ConfusionMatrix::scores(size_t label) const {
  const double right = cell(label, label);
  const double truth = truth_[label];
  const double predicted = predicted_[label];
  return {quotient(right, predicted), quotient(right, truth),
          quotient(2 * right, truth + predicted), truth};
}

ClassScores ConfusionMatrix::micro() const {
  const double share = accuracy();
  return {share, share, share, total_};
}

ClassScores ConfusionMatrix::macro() const {
  ClassScores mean{0, 0, 0, total_};
  double count = 0;
  for (size_t i = 0; i < classes_; ++i) {
    if (!present(i)) continue;
    const ClassScores one = scores(i);
    mean.precision += one.precision;
    mean.recall += one.recall;
    mean.f1 += one.f1;
    ++count;
  }
  return {mean.precision / count, mean.recall / count, mean.f1 / count, mean.support};
}

ClassScores ConfusionMatrix::weighted() const {
  ClassScores mean{0, 0, 0, total_};
  for (size_t i = 0; i < classes_; ++i) {
    const ClassScores one = scores(i);
    mean.precision += one.precision * one.support;
    mean.recall += one.recall * one.support;
    mean.f1 += one.f1 * one.support;
  }
  return {mean.precision / mean.support, mean.recall / mean.support, mean.f1 / mean.support,
          mean.support};
}

double ConfusionMatrix::accuracy() const {
  double right = 0;
  for (size_t i = 0; i < classes_; ++i) right += cell(i, i);
  return right / total_;
}

double ConfusionMatrix::balanced_accuracy() const {
  double sum = 0;
  double count = 0;
  for (size_t i = 0; i < classes_; ++i) {
    const double truth = truth_[i];
    if (truth == 0) continue;
    sum += cell(i, i) / truth;
    ++count;
  }
  return sum / count;
}

double ConfusionMatrix::matthews_correlation() const {
  const double rows = total_;
  double right = 0, agreement = 0, truth_squares = 0, predicted_squares = 0;
  for (size_t i = 0; i < classes_; ++i) {
    const double truth = truth_[i];
    const double predicted = predicted_[i];
    right += cell(i, i);
    agreement += truth * predicted;
    truth_squares += truth * truth;
    predicted_squares += predicted * predicted;
  }
  const double product = (rows * rows - predicted_squares) * (rows * rows - truth_squares);
  return product == 0 ? 0 : (right * rows - agreement) / std::sqrt(product);
}

double ConfusionMatrix::cohen_kappa() const {
  const double rows = total_;
  double wrong = 0;
  double expected = 0;
  for (size_t i = 0; i < classes_; ++i) {
    for (size_t j = 0; j < classes_; ++j) {
      if (i == j) continue;
      wrong += cell(i, j);
      expected += predicted_[i] * truth_[j] / rows;
    }
  }
  return expected == 0 ? kUndefined : 1 - wrong / expected;
}

}  // namespace slipway::training
