#include "cli/selection_flags.h"

#include <fmt/format.h>

#include <algorithm>

namespace slipway::cli {
namespace {

constexpr size_t kRepeats = 10;  // of scikit-learn's RepeatedKFold

/// "C=0.1,1" into the grid. INVALID_ARGUMENT: no '=', no value, a name twice.
Status add_values(const std::string& text, training::Grid& grid) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    return invalid_argument(
        fmt::format("--param: expected NAME=VALUE or NAME=VALUE,VALUE, got \"{}\"", text));
  }
  const std::string name = text.substr(0, equals);
  std::vector<std::string> values;
  for (size_t at = equals + 1; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  if (!grid.emplace(name, std::move(values)).second) {
    return invalid_argument(fmt::format("--param: {} is given twice", name));
  }
  return {};
}

/// A column that nothing uses would silently be no feature.
Status check_columns(const SelectionFlags& flags) {
  const bool by_group = flags.fold_kind == "auto" || flags.fold_kind.ends_with("grouped");
  if (!flags.group.empty() && !by_group) {
    return invalid_argument(
        fmt::format("--group goes with --folds grouped or stratified-grouped, not with {} (to "
                    "leave a column out: --ignore)",
                    flags.fold_kind));
  }
  if (!flags.time.empty() && flags.fold_kind != "auto" && flags.fold_kind != "time") {
    return invalid_argument(
        fmt::format("--time goes with --folds time, not with {} (to leave a column out: --ignore)",
                    flags.fold_kind));
  }
  if (!flags.time.empty() && !flags.group.empty()) {
    return invalid_argument("--time and --group do not go together: folds are made by one of them");
  }
  if (flags.test_share + flags.validation_share >= 1) {
    return invalid_argument("--test and --validation: the shares must be below 1 together");
  }
  if (flags.validation_share > 0 && (flags.repeats > 0 || flags.fold_kind == "repeated")) {
    return invalid_argument("--validation is one part: it takes no --repeats");
  }
  return {};
}

training::FoldPlan fold_plan(const SelectionFlags& flags, uint64_t seed) {
  training::FoldPlan plan;
  plan.kind = training::find_fold_kind(flags.fold_kind);  // none of "auto" and "repeated"
  plan.folds = flags.folds;
  plan.repeats = flags.repeats > 0 ? flags.repeats : flags.fold_kind == "repeated" ? kRepeats : 1;
  plan.shuffle = !flags.no_shuffle;
  plan.gap = flags.gap;
  plan.train_rows_max = flags.window;
  plan.test_rows = flags.horizon;
  plan.test_share = flags.test_share;
  plan.validation_share = flags.validation_share;
  plan.seed = seed;
  return plan;
}

}  // namespace

Status set_selection(const SelectionFlags& flags, uint64_t seed, TrainingPlan& plan) {
  TRY_STATUS(check_columns(flags));
  plan.problem.group = flags.group;
  plan.problem.time = flags.time;
  plan.problem.weight = flags.weight;
  plan.partition = fold_plan(flags, seed);
  plan.learners = flags.learners;
  for (const std::string& text : flags.hyperparameters) TRY_STATUS(add_values(text, plan.grid));
  plan.draws = flags.draws;
  plan.scoring = flags.scoring;
  plan.budget_seconds = flags.budget_s;
  plan.seed = seed;
  return {};
}

}  // namespace slipway::cli
