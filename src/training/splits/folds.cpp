#include "training/splits/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "training/random.h"
#include "training/splits/internal/classes.h"
#include "training/splits/internal/fold_numbers.h"

namespace slipway::training {
namespace {

/// Size of part i when `count` things are divided into `parts`: the first ones take what is over.
size_t part_size(size_t count, size_t parts, size_t i) {
  return count / parts + (i < count % parts ? 1 : 0);
}

/// Classes numbered by where they first appear, as StratifiedKFold does.
std::vector<uint32_t> by_appearance(const DenseLabels& labels) {
  std::vector<uint32_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return labels.first_row[a] < labels.first_row[b]; });
  return order;
}

Result<std::vector<Fold>> repeated(
    size_t repeats, uint64_t seed,
    const std::function<Result<std::vector<Fold>>(const Shuffle&)>& split) {
  if (repeats == 0) return invalid_argument("expected at least 1 repetition, got 0");
  std::vector<Fold> all;
  for (size_t i = 0; i < repeats; ++i) {
    std::vector<Fold> folds = TRY(split(Shuffle{seed, i}));
    std::move(folds.begin(), folds.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

std::vector<Fold> folds_of(std::span<const uint32_t> fold_of_row, size_t folds) {
  std::vector<Fold> out(folds);
  for (size_t row = 0; row < fold_of_row.size(); ++row) {
    for (size_t fold = 0; fold < folds; ++fold) {
      const bool tests = fold_of_row[row] == fold;
      (tests ? out[fold].test : out[fold].train).push_back(static_cast<uint32_t>(row));
    }
  }
  return out;
}

Result<std::vector<Fold>> k_fold(size_t rows, size_t folds, std::optional<Shuffle> shuffle) {
  TRY_STATUS(check_count("rows", rows, folds));
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0U);
  if (shuffle.has_value()) Random(shuffle->seed, shuffle->stream).shuffle(order);
  std::vector<uint32_t> fold_of_row(rows);
  size_t place = 0;
  for (size_t fold = 0; fold < folds; ++fold) {
    for (size_t i = part_size(rows, folds, fold); i > 0; --i) {
      fold_of_row[order[place++]] = static_cast<uint32_t>(fold);
    }
  }
  return folds_of(fold_of_row, folds);
}

/// The rows, sorted by class, are dealt to the folds in turn, which says how many of each class a
/// fold gets; which ones is their order or the lot.
Result<std::vector<Fold>> stratified_k_fold(std::span<const int32_t> labels, size_t folds,
                                            std::optional<Shuffle> shuffle) {
  TRY_STATUS(check_count("rows", labels.size(), folds));
  const DenseLabels dense = dense_labels(labels);
  TRY_STATUS(check_class_counts(dense, folds, "folds"));
  std::optional<Random> random;
  if (shuffle.has_value()) random.emplace(shuffle->seed, shuffle->stream);
  std::vector<std::vector<uint32_t>> folds_of_class(dense.size());
  size_t dealt = 0;
  for (const uint32_t id : by_appearance(dense)) {
    std::vector<uint32_t>& numbers = folds_of_class[id];
    numbers.reserve(dense.counts[id]);
    for (size_t i = 0; i < dense.counts[id]; ++i) {
      numbers.push_back(static_cast<uint32_t>((dealt + i) % folds));
    }
    dealt += dense.counts[id];
    std::sort(numbers.begin(), numbers.end());
    if (random.has_value()) random->shuffle(numbers);
  }
  std::vector<uint32_t> fold_of_row(labels.size());
  std::vector<size_t> taken(dense.size());
  for (size_t row = 0; row < labels.size(); ++row) {
    const uint32_t id = dense.ids[row];
    fold_of_row[row] = folds_of_class[id][taken[id]++];
  }
  return folds_of(fold_of_row, folds);
}

Result<std::vector<Fold>> repeated_k_fold(size_t rows, size_t folds, size_t repeats,
                                          uint64_t seed) {
  return repeated(repeats, seed,
                  [&](const Shuffle& shuffle) { return k_fold(rows, folds, shuffle); });
}

Result<std::vector<Fold>> repeated_stratified_k_fold(std::span<const int32_t> labels, size_t folds,
                                                     size_t repeats, uint64_t seed) {
  return repeated(repeats, seed, [&](const Shuffle& shuffle) {
    return stratified_k_fold(labels, folds, shuffle);
  });
}

Result<std::vector<Fold>> time_series_split(size_t rows, const TimeSeriesOptions& options) {
  TRY_STATUS(check_count("rows", rows, options.folds));
  if (options.folds + 1 > rows) {
    return invalid_argument(fmt::format("fewer rows than folds and a training part: {} for {}",
                                        rows, options.folds + 1));
  }
  const size_t test_rows = options.test_rows > 0 ? options.test_rows : rows / (options.folds + 1);
  // Divisions, so that no product overflows.
  if (options.gap >= rows || (rows - options.gap - 1) / test_rows < options.folds) {
    return invalid_argument(
        fmt::format("{} rows do not suffice for {} folds of {} test rows and a gap of {}", rows,
                    options.folds, test_rows, options.gap));
  }
  std::vector<Fold> folds;
  folds.reserve(options.folds);
  for (size_t i = options.folds; i > 0; --i) {
    const size_t test_begin = rows - i * test_rows;
    const size_t train_end = test_begin - options.gap;
    const bool cut = options.train_rows_max > 0 && options.train_rows_max < train_end;
    Fold fold;
    fold.train.resize(cut ? options.train_rows_max : train_end);
    std::iota(fold.train.begin(), fold.train.end(),
              static_cast<uint32_t>(train_end - fold.train.size()));
    fold.test.resize(test_rows);
    std::iota(fold.test.begin(), fold.test.end(), static_cast<uint32_t>(test_begin));
    folds.push_back(std::move(fold));
  }
  return folds;
}

}  // namespace slipway::training
