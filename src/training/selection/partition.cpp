#include "training/selection/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "training/splits/holdout.h"

namespace slipway::training {
namespace {

using Kind = FoldPlan::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 5> kKinds = {{
    {"plain", Kind::kPlain},
    {"stratified", Kind::kStratified},
    {"grouped", Kind::kGrouped},
    {"stratified-grouped", Kind::kStratifiedGrouped},
    {"time", Kind::kTime},
}};

bool is_by_group(Kind kind) { return kind == Kind::kGrouped || kind == Kind::kStratifiedGrouped; }

bool is_by_class(Kind kind) {
  return kind == Kind::kStratified || kind == Kind::kStratifiedGrouped;
}

Result<Kind> kind_of(const Problem& problem, const FoldPlan& plan) {
  const bool has_groups = !problem.groups.empty();
  const bool has_times = !problem.times.empty();
  const bool has_classes = problem.task == Task::kClassification;
  if (!plan.kind.has_value() && has_groups && has_times) {
    return invalid_argument(
        "there are groups and times: say by which the folds are made (grouped, "
        "stratified-grouped, time)");
  }
  const Kind usual = has_times    ? Kind::kTime
                     : has_groups ? (has_classes ? Kind::kStratifiedGrouped : Kind::kGrouped)
                                  : (has_classes ? Kind::kStratified : Kind::kPlain);
  const Kind kind = plan.kind.value_or(usual);
  const std::string_view name = fold_kind_name(kind);
  if (is_by_group(kind) && !has_groups) {
    return invalid_argument(fmt::format("{} folds need a column of groups (--group COLUMN)", name));
  }
  if (kind == Kind::kTime && !has_times) {
    return invalid_argument("folds by time need a column of times (--time COLUMN)");
  }
  if (is_by_class(kind) && !has_classes) {
    return invalid_argument(fmt::format("{} folds need classes, and this is a regression: {}", name,
                                        has_groups ? "grouped" : "plain"));
  }
  if (kind == Kind::kTime && plan.repeats > 1) {
    return invalid_argument("folds by time cannot be repeated: nothing of them is drawn by lot");
  }
  const bool has_windows = plan.gap > 0 || plan.train_rows_max > 0 || plan.test_rows > 0;
  if (kind != Kind::kTime && has_windows) {
    return invalid_argument(
        fmt::format("a gap, window or horizon goes with folds by time, not with {} ones", name));
  }
  if (plan.repeats > 1 && !plan.shuffle) {
    return invalid_argument("repeated folds have to be shuffled: else they would be the same");
  }
  return kind;
}

template <typename T>
std::vector<T> of_places(const std::vector<T>& values, const Problem& problem,
                         const std::vector<uint32_t>& places) {
  std::vector<T> some;
  some.reserve(places.size());
  for (const uint32_t place : places) some.push_back(values[problem.rows[place]]);
  return some;
}

/// Numbers of `parts` are places in `places`.
void rename(std::vector<uint32_t>& part, const std::vector<uint32_t>& places) {
  for (uint32_t& place : part) place = places[place];
}

/// A class as the table has it.
std::string class_text(const Problem& problem, int32_t index) {
  const auto row = std::ranges::find(problem.classes, index) - problem.classes.begin();
  return problem.frame->find(problem.target)->cell_text(static_cast<size_t>(row));
}

/// Before rows are divided by class: each part needs one of each.
Status check_class_counts(const Problem& problem, std::span<const int32_t> classes, size_t parts,
                          std::string_view what) {
  if (classes.size() < parts) return {};  // said of all rows, where they are divided
  std::vector<size_t> counts(problem.labels.size());
  for (const int32_t index : classes) ++counts[static_cast<size_t>(index)];
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0 || counts[i] >= parts) continue;
    return invalid_argument(fmt::format(
        "the class '{}' of '{}' has {} row{}, fewer than the {} {}; leave those rows out, or try "
        "fewer folds or --folds plain",
        class_text(problem, static_cast<int32_t>(i)), problem.target, counts[i],
        counts[i] == 1 ? "" : "s", parts, what));
  }
  return {};
}

Result<Parts> split(const Problem& problem, Kind kind, const std::vector<uint32_t>& places,
                    const Shares& shares) {
  Parts parts;
  if (kind == Kind::kTime) {
    parts = TRY(split_by_time(of_places(problem.times, problem, places), shares));
  } else if (is_by_group(kind)) {
    parts = TRY(split_grouped(of_places(problem.groups, problem, places), shares));
  } else if (kind == Kind::kStratified) {
    const std::vector<int32_t> classes = of_places(problem.classes, problem, places);
    const size_t count = shares.validation_share > 0 ? 3 : 2;
    TRY_STATUS(check_class_counts(problem, classes, count, "parts"));
    parts = TRY(split_stratified(classes, shares));
  } else {
    parts = TRY(split_shuffled(places.size(), shares));
  }
  for (std::vector<uint32_t>* part : {&parts.train, &parts.validation, &parts.test}) {
    rename(*part, places);
  }
  return parts;
}

/// Rows of these lie in the order of time: the last ones, next to what judges, are left out.
Status leave_gap(std::vector<uint32_t>& train, size_t gap) {
  if (gap >= train.size()) {
    return invalid_argument(
        fmt::format("a gap of {} rows leaves none of {} to train on", gap, train.size()));
  }
  train.resize(train.size() - gap);
  return {};
}

Result<std::vector<Fold>> folds_of(const Problem& problem, const FoldPlan& plan, Kind kind,
                                   const std::vector<uint32_t>& places) {
  if (kind == Kind::kTime) {
    return time_series_split(places.size(),
                             {plan.folds, plan.gap, plan.train_rows_max, plan.test_rows});
  }
  const std::vector<int32_t> classes =
      is_by_class(kind) ? of_places(problem.classes, problem, places) : std::vector<int32_t>();
  const std::vector<int32_t> groups =
      is_by_group(kind) ? of_places(problem.groups, problem, places) : std::vector<int32_t>();
  if (kind == Kind::kStratified) {
    TRY_STATUS(check_class_counts(problem, classes, plan.folds, "folds"));
  }
  std::vector<Fold> all;
  for (size_t repeat = 0; repeat < plan.repeats; ++repeat) {
    std::optional<Shuffle> shuffle;
    const bool is_drawn = plan.shuffle && (!is_by_group(kind) || plan.repeats > 1);
    if (is_drawn) shuffle = Shuffle{plan.seed, repeat};
    std::vector<Fold> folds;
    if (kind == Kind::kStratified) {
      folds = TRY(stratified_k_fold(classes, plan.folds, shuffle));
    } else if (kind == Kind::kGrouped) {
      folds = TRY(group_k_fold(groups, plan.folds, shuffle));
    } else if (kind == Kind::kStratifiedGrouped) {
      folds = TRY(stratified_group_k_fold(classes, groups, plan.folds, shuffle));
    } else {
      folds = TRY(k_fold(places.size(), plan.folds, shuffle));
    }
    std::ranges::move(folds, std::back_inserter(all));
  }
  return all;
}

/// A learner has to see each class that it shall tell.
Status check_classes(const Problem& problem, const Partition& partition) {
  if (problem.task != Task::kClassification) return {};
  const auto check = [&](const std::vector<uint32_t>& places, const std::string& what) {
    std::vector<bool> seen(problem.labels.size());
    for (const uint32_t place : places) {
      seen[static_cast<size_t>(problem.classes[problem.rows[place]])] = true;
    }
    const auto lacking = std::ranges::find(seen, false);
    if (lacking == seen.end()) return Status();
    const std::string label = class_text(problem, static_cast<int32_t>(lacking - seen.begin()));
    return invalid_argument(fmt::format(
        "{} no row of the class '{}'; other folds (fewer, or stratified ones) may have some", what,
        label));
  };
  TRY_STATUS(check(partition.train, "there is, but for the rows that are kept back,"));
  for (size_t i = 0; i < partition.folds.size(); ++i) {
    const std::string what = partition.folds.size() == 1 ? "the training part has"
                                                         : fmt::format("fold {} trains on", i + 1);
    TRY_STATUS(check(partition.folds[i].train, what));
  }
  return {};
}

}  // namespace

std::optional<FoldPlan::Kind> find_fold_kind(std::string_view word) {
  for (const auto& [name, kind] : kKinds) {
    if (name == word) return kind;
  }
  return std::nullopt;
}

std::string_view fold_kind_name(FoldPlan::Kind kind) {
  return kKinds[static_cast<size_t>(kind)].first;
}

std::string partition_text(const FoldPlan& plan, const Partition& partition) {
  if (plan.validation_share > 0) {
    return fmt::format("a validation part of {} rows", partition.folds[0].test.size());
  }
  const bool is_usual = partition.kind == Kind::kPlain || partition.kind == Kind::kStratified;
  const std::string kind = is_usual ? "" : fmt::format("{} ", fold_kind_name(partition.kind));
  const std::string times = plan.repeats > 1 ? fmt::format("{} times ", plan.repeats) : "";
  return fmt::format("{}{}-fold {}cross-validation", times, plan.folds, kind);
}

Result<Partition> make_partition(const Problem& problem, const FoldPlan& plan) {
  Partition partition;
  partition.kind = TRY(kind_of(problem, plan));
  std::vector<uint32_t> all(problem.rows.size());
  std::iota(all.begin(), all.end(), 0U);
  partition.train = all;
  const Shares shares{plan.test_share, plan.validation_share, plan.seed};
  if (plan.test_share > 0) {
    Parts parts = TRY(split(problem, partition.kind, all, shares));
    partition.test = std::move(parts.test);
    if (plan.validation_share > 0) {
      partition.folds.push_back({parts.train, parts.validation});
      parts.train.insert(parts.train.end(), parts.validation.begin(), parts.validation.end());
      std::ranges::sort(parts.train);
    }
    partition.train = std::move(parts.train);
    TRY_STATUS(leave_gap(partition.train, plan.gap));
  } else if (plan.validation_share > 0) {
    Parts parts = TRY(split(problem, partition.kind, all, {plan.validation_share, 0, plan.seed}));
    partition.folds.push_back({std::move(parts.train), std::move(parts.test)});
  }
  if (plan.validation_share > 0) {
    TRY_STATUS(leave_gap(partition.folds[0].train, plan.gap));
  } else {
    partition.folds = TRY(folds_of(problem, plan, partition.kind, partition.train));
    for (Fold& fold : partition.folds) {
      rename(fold.train, partition.train);
      rename(fold.test, partition.train);
    }
  }
  TRY_STATUS(check_classes(problem, partition));
  return partition;
}

}  // namespace slipway::training
