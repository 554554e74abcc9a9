// Folds that keep groups together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "training/random.h"
#include "training/splits/folds.h"
#include "training/splits/internal/classes.h"
#include "training/splits/internal/fold_numbers.h"

namespace slipway::training {
namespace {

std::vector<Fold> folds_of_groups(const DenseLabels& groups, const std::vector<uint32_t>& folds_by,
                                  size_t folds) {
  std::vector<uint32_t> fold_of_row;
  fold_of_row.reserve(groups.ids.size());
  for (const uint32_t id : groups.ids) fold_of_row.push_back(folds_by[id]);
  return folds_of(fold_of_row, folds);
}

/// The largest groups first, each to the fold that has the fewest rows so far.
std::vector<uint32_t> balanced(const DenseLabels& groups, size_t folds) {
  std::vector<uint32_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return groups.counts[a] < groups.counts[b]; });
  std::reverse(order.begin(), order.end());
  std::vector<uint64_t> rows(folds);
  std::vector<uint32_t> fold_of_group(groups.size());
  for (const uint32_t group : order) {
    const auto lightest = std::min_element(rows.begin(), rows.end());
    *lightest += groups.counts[group];
    fold_of_group[group] = static_cast<uint32_t>(lightest - rows.begin());
  }
  return fold_of_group;
}

/// As many groups in each fold, the first ones taking what is over.
std::vector<uint32_t> drawn(size_t groups, size_t folds, const Shuffle& shuffle) {
  const std::vector<uint32_t> order =
      Random(shuffle.seed, shuffle.stream).permutation(static_cast<uint32_t>(groups));
  std::vector<uint32_t> fold_of_group(groups);
  const size_t over = groups % folds;
  const size_t each = groups / folds;
  for (size_t i = 0; i < groups; ++i) {
    const bool among_larger = i < over * (each + 1);
    const size_t fold = among_larger ? i / (each + 1) : over + (i - over * (each + 1)) / each;
    fold_of_group[order[i]] = static_cast<uint32_t>(fold);
  }
  return fold_of_group;
}

double standard_deviation(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / count);
}

/// numpy.isclose with its defaults.
bool is_close(double a, double b) { return std::abs(a - b) <= 1e-8 + 1e-5 * std::abs(b); }

/// The greedy choice of StratifiedGroupKFold: groups of the most uneven classes first, each to the
/// fold where it makes the folds' shares of the classes most alike.
class GreedyFolds {
 public:
  GreedyFolds(const DenseLabels& labels, const DenseLabels& groups, size_t folds)
      : classes_(labels.size()),
        folds_(folds),
        totals_(labels.counts),
        by_group_(groups.size() * classes_),
        by_fold_(folds * classes_) {
    for (size_t row = 0; row < labels.ids.size(); ++row) {
      ++by_group_[groups.ids[row] * classes_ + labels.ids[row]];
    }
  }

  /// `order`: of the groups, which ties keep.
  std::vector<uint32_t> assign(std::vector<uint32_t> order) {
    std::vector<double> spread(order.size());
    for (const uint32_t group : order) spread[group] = standard_deviation(counts(group));
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return spread[a] > spread[b]; });
    std::vector<uint32_t> fold_of_group(order.size());
    for (const uint32_t group : order) {
      const size_t fold = best_fold(group);
      for (size_t i = 0; i < classes_; ++i) by_fold_[fold * classes_ + i] += counts(group)[i];
      fold_of_group[group] = static_cast<uint32_t>(fold);
    }
    return fold_of_group;
  }

 private:
  std::span<const double> counts(uint32_t group) const {
    return std::span(by_group_).subspan(group * classes_, classes_);
  }

  /// Mean over the classes of how the folds' shares would vary if `fold` took the group.
  double unevenness(size_t fold, uint32_t group) const {
    double sum = 0;
    std::vector<double> shares(folds_);
    for (size_t i = 0; i < classes_; ++i) {
      for (size_t one = 0; one < folds_; ++one) {
        const double rows = by_fold_[one * classes_ + i] + (one == fold ? counts(group)[i] : 0);
        shares[one] = rows / totals_[i];
      }
      sum += standard_deviation(shares);
    }
    return sum / static_cast<double>(classes_);
  }

  size_t best_fold(uint32_t group) const {
    size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    double rows_least = least;
    for (size_t fold = 0; fold < folds_; ++fold) {
      const double uneven = unevenness(fold, group);
      const auto begin = by_fold_.begin() + static_cast<ptrdiff_t>(fold * classes_);
      const double rows = std::accumulate(begin, begin + static_cast<ptrdiff_t>(classes_), 0.0);
      if (uneven < least || (is_close(uneven, least) && rows < rows_least)) {
        best = fold;
        least = uneven;
        rows_least = rows;
      }
    }
    return best;
  }

  size_t classes_;
  size_t folds_;
  std::vector<uint32_t> totals_;  // of each class
  std::vector<double> by_group_;  // groups x classes
  std::vector<double> by_fold_;   // folds x classes
};

}  // namespace

Result<std::vector<Fold>> group_k_fold(std::span<const int32_t> groups, size_t folds,
                                       std::optional<Shuffle> shuffle) {
  const DenseLabels dense = dense_labels(groups);
  TRY_STATUS(check_count("groups", dense.size(), folds));
  return folds_of_groups(
      dense, shuffle.has_value() ? drawn(dense.size(), folds, *shuffle) : balanced(dense, folds),
      folds);
}

Result<std::vector<Fold>> stratified_group_k_fold(std::span<const int32_t> labels,
                                                  std::span<const int32_t> groups, size_t folds,
                                                  std::optional<Shuffle> shuffle) {
  if (labels.size() != groups.size()) {
    return invalid_argument(
        fmt::format("expected as many groups as labels: {} for {}", groups.size(), labels.size()));
  }
  const DenseLabels dense = dense_labels(groups);
  TRY_STATUS(check_count("groups", dense.size(), folds));
  const DenseLabels classes = dense_labels(labels);
  TRY_STATUS(check_class_counts(classes, folds, "folds"));
  std::vector<uint32_t> order(dense.size());
  std::iota(order.begin(), order.end(), 0U);
  if (shuffle.has_value()) Random(shuffle->seed, shuffle->stream).shuffle(order);
  std::vector<Fold> out =
      folds_of_groups(dense, GreedyFolds(classes, dense, folds).assign(std::move(order)), folds);
  for (const Fold& fold : out) {
    if (fold.test.empty()) {
      return invalid_argument(
          fmt::format("the groups cannot be divided into {} folds of rows of all classes", folds));
    }
  }
  return out;
}

}  // namespace slipway::training
