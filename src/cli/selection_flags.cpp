#include "cli/selection_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "cli/search_file.h"
#include "cli/training_run.h"

namespace slipway::cli {
namespace {

constexpr size_t kRepeats = 10;  // of scikit-learn's RepeatedKFold

/// Of --learners auto without --budget and --draws.
constexpr double kBudgetSeconds = 60;

/// "C=0.1,1" into the space. INVALID_ARGUMENT: no '=', no value, a name twice.
Status add_values(const std::string& text, training::Space& space) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    return invalid_argument(
        fmt::format("--param: expected NAME=VALUE or NAME=VALUE,VALUE, got \"{}\"", text));
  }
  const std::string name = text.substr(0, equals);
  training::Values values;
  for (size_t at = equals + 1; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    values.list.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  if (!space.emplace(name, std::move(values)).second) {
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

bool is_automatic(const SelectionFlags& flags) {
  return flags.learners == std::vector<std::string>{"auto"};
}

/// Who says what is tried: a file, the portfolio, or the flags.
Status check_search(const SelectionFlags& flags) {
  const bool has_auto = std::ranges::find(flags.learners, "auto") != flags.learners.end();
  if (has_auto && flags.learners.size() > 1) {
    return invalid_argument("--learners auto stands alone: it brings its own learners");
  }
  const std::string_view whole = has_auto ? "--learners auto" : "--search";
  if (has_auto || !flags.search_file.empty()) {
    if (!flags.hyperparameters.empty()) {
      return invalid_argument(
          fmt::format("{} brings its own hyperparameters: leave --param out", whole));
    }
    if (flags.halving) {
      return invalid_argument(fmt::format("--halving does not go with {}{}", whole,
                                          has_auto ? "" : ": say `kind: halving` in the file"));
    }
  }
  if (!flags.search_file.empty() && !flags.learners.empty()) {
    return invalid_argument("--search names its learners: leave --learners out");
  }
  if (!flags.journal.empty() && flags.no_journal) {
    return invalid_argument("--journal and --no-journal do not go together");
  }
  return {};
}

Result<training::HalvingPlan> halving_plan(const SelectionFlags& flags) {
  training::HalvingPlan plan;
  if (flags.factor > 0) plan.factor = flags.factor;
  if (flags.resource != "rows") plan.resource = flags.resource;
  plan.resources_max = flags.resources_max;
  plan.is_aggressive = flags.aggressive_elimination;
  const std::string& least = flags.resources_min;
  if (least.empty() || least == "exhaust") return plan;
  if (least == "smallest") {
    plan.least = training::HalvingPlan::Least::kSmallest;
    return plan;
  }
  plan.least = training::HalvingPlan::Least::kGiven;
  const char* const end = least.data() + least.size();
  const auto [stop, error] = std::from_chars(least.data(), end, plan.resources_min);
  if (error == std::errc() && stop == end && plan.resources_min > 0) return plan;
  return invalid_argument(fmt::format(
      "--min-resources: expected exhaust, smallest or a whole number from 1, got '{}'", least));
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
  TRY_STATUS(check_search(flags));
  plan.problem.group = flags.group;
  plan.problem.time = flags.time;
  plan.problem.weight = flags.weight;
  plan.partition = fold_plan(flags, seed);
  plan.scoring = flags.scoring;
  plan.budget_seconds = flags.budget_s;
  plan.seed = seed;
  if (!flags.search_file.empty()) {
    const std::string text = TRY(read_file(flags.search_file, {}));
    Result<training::SearchPlan> search = parse_search(text);
    if (!search.ok()) return std::move(search).status().with_context(flags.search_file);
    plan.search = *std::move(search);
    if (flags.draws > 0) plan.search.draws = flags.draws;
    return {};
  }
  plan.is_automatic = is_automatic(flags);
  if (plan.is_automatic && flags.budget_s <= 0 && flags.draws == 0) {
    plan.budget_seconds = kBudgetSeconds;
  }
  if (!plan.is_automatic) {
    for (const std::string& name : flags.learners) plan.search.learners.push_back({name, {}});
  }
  for (const std::string& text : flags.hyperparameters) {
    TRY_STATUS(add_values(text, plan.search.shared));
  }
  plan.search.draws = flags.draws;
  if (flags.halving) plan.search.halving = TRY(halving_plan(flags));
  return {};
}

}  // namespace slipway::cli
