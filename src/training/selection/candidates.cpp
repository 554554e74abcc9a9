#include "training/selection/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/edit_distance.h"

namespace slipway::training {
namespace {

constexpr std::array<std::string_view, 5> kUsualClassifiers = {
    "logistic_regression", "random_forest", "gradient_boosting", "knn", "naive_bayes"};
constexpr std::array<std::string_view, 5> kUsualRegressors = {"ridge", "lasso", "random_forest",
                                                              "gradient_boosting", "knn"};
constexpr std::array<std::string_view, 7> kUnscaled = {
    "decision_tree", "random_forest",  "extra_trees", "gradient_boosting",
    "naive_bayes",   "multinomial_nb", "bernoulli_nb"};
// Within a combination: no hyperparameter's name has a point.
constexpr std::string_view kPreparationPrefix = "preparation.";
// As of the flags --bins and --polynomial.
constexpr uint32_t kBinsMax = 1000;
constexpr uint32_t kDegreeMax = 10;

std::vector<LearnerSpaces> usual_learners(const Problem& problem, std::vector<std::string>& notes) {
  const auto& usual = problem.task == Task::kClassification ? kUsualClassifiers : kUsualRegressors;
  std::vector<LearnerSpaces> some;
  for (const std::string_view name : usual) {
    const auto learner = find_learner(name, problem.task);
    if (!learner.ok()) continue;
    if (!problem.weights.empty() && !(*learner)->takes_weights) {
      notes.push_back(fmt::format("{} is left out: it has no use for weights", name));
      continue;
    }
    some.push_back({std::string(name), {}});
  }
  return some;
}

bool knows(const Learner& learner, std::string_view hyperparameter) {
  return std::ranges::any_of(learner.hyperparameters, [&](const Hyperparameter& entry) {
    return entry.name == hyperparameter;
  });
}

/// One word of a preparation that can be tried.
struct PreparationWord {
  std::string_view name;
  std::string_view expected;
  /// False: the value is none.
  bool (*set)(const std::string& value, PreparationPlan& plan);
};

template <typename T>
bool take(const std::optional<T>& found, T& place) {
  if (found.has_value()) place = *found;
  return found.has_value();
}

template <uint32_t kLeast>
bool take_count(const std::string& value, uint32_t& place) {
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, place);
  return error == std::errc() && stop == end && place >= kLeast;
}

using Plan = PreparationPlan;
constexpr PreparationWord kPreparationWords[] = {
    {"scale", "none, standard, minmax or robust",
     [](const std::string& value, Plan& plan) { return take(find_scale(value), plan.scale); }},
    {"impute", "mean, median, most_frequent, constant, knn or keep",
     [](const std::string& value, Plan& plan) { return take(find_fill(value), plan.numbers); }},
    {"outliers", "keep, clip-iqr, clip-z, drop-iqr or drop-z",
     [](const std::string& value, Plan& plan) {
       return take(find_outliers(value), plan.outliers);
     }},
    {"bins", "a whole number, 0: none",
     [](const std::string& value, Plan& plan) {
       return take_count<0>(value, plan.bins) && plan.bins != 1 && plan.bins <= kBinsMax;
     }},
    {"encode", "onehot, ordinal or target",
     [](const std::string& value, Plan& plan) { return take(find_encode(value), plan.encode); }},
    {"min_frequency", "a whole number from 1",
     [](const std::string& value, Plan& plan) {
       return take_count<1>(value, plan.category_rows_min);
     }},
    {"polynomial", "a whole number from 1 to 10",
     [](const std::string& value, Plan& plan) {
       return take_count<1>(value, plan.degree) && plan.degree <= kDegreeMax;
     }},
    {"select", "all, f, mutual-information, chi2, forest or coefficients",
     [](const std::string& value, Plan& plan) { return take(find_select(value), plan.select); }},
    {"select_features", "a whole number from 1",
     [](const std::string& value, Plan& plan) { return take_count<1>(value, plan.select_count); }},
    {"resample", "none, over, under or smote",
     [](const std::string& value, Plan& plan) {
       return take(find_resample(value), plan.resample);
     }},
};

Status set_word(const std::string& name, const std::string& value, PreparationPlan& plan) {
  std::vector<std::string> names;
  for (const PreparationWord& word : kPreparationWords) {
    names.emplace_back(word.name);
    if (word.name != name) continue;
    if (word.set(value, plan)) return {};
    return invalid_argument(
        fmt::format("preparation: {}: expected {}, got '{}'", name, word.expected, value));
  }
  const std::string nearest = nearest_name(name, names);
  return invalid_argument(fmt::format("preparation: '{}' is nothing that can be tried; {}", name,
                                      nearest.empty()
                                          ? fmt::format("there are {}", fmt::join(names, ", "))
                                          : fmt::format("did you mean {}?", nearest)));
}

/// The learner's spaces with what all learners share, and with words of the preparation.
Result<std::vector<Space>> full_spaces(const LearnerSpaces& wanted, const Learner& learner,
                                       const SearchPlan& plan) {
  std::vector<Space> spaces = wanted.spaces;
  if (spaces.empty()) spaces.emplace_back();
  const bool shares = std::ranges::all_of(
      plan.shared, [&](const auto& entry) { return knows(learner, entry.first); });
  for (Space& space : spaces) {
    for (const auto& [name, values] : space) {
      if (name.find('.') != std::string::npos) {
        return invalid_argument(fmt::format("{} has no hyperparameter '{}'", learner.name, name));
      }
    }
    if (shares) space.insert(plan.shared.begin(), plan.shared.end());
    for (const auto& [name, values] : plan.preparation) {
      space.emplace(std::string(kPreparationPrefix) + name, values);
    }
  }
  return spaces;
}

Result<Candidate> candidate_of(const Learner& learner, const HyperparameterTexts& texts,
                               const SearchPlan& plan) {
  Candidate candidate{&learner, {}, plan_for(learner, plan), {}};
  for (const auto& [name, value] : texts) {
    if (name.starts_with(kPreparationPrefix)) {
      const std::string word = name.substr(kPreparationPrefix.size());
      TRY_STATUS(set_word(word, value, candidate.plan));
      candidate.preparation.emplace(word, value);
    } else {
      candidate.hyperparameters.emplace(name, value);
    }
  }
  TRY_STATUS(
      Hyperparameters::check(learner.name, learner.hyperparameters, candidate.hyperparameters)
          .status());
  return candidate;
}

Status check_resource(const SearchPlan& plan, const Learner& learner,
                      const std::vector<HyperparameterTexts>& tried) {
  if (!plan.halving || plan.halving->resource.empty()) return {};
  const std::string& resource = plan.halving->resource;
  if (!knows(learner, resource)) {
    return invalid_argument(
        fmt::format("halving: {} has no hyperparameter '{}', which is to be the resource",
                    learner.name, resource));
  }
  const bool is_searched =
      std::ranges::any_of(tried, [&](const auto& texts) { return texts.contains(resource); });
  if (!is_searched) return {};
  return invalid_argument(
      fmt::format("halving: {} is the resource, so it cannot be searched too", resource));
}

}  // namespace

PreparationPlan plan_for(const Learner& learner, const SearchPlan& plan) {
  PreparationPlan made = plan.base;
  const bool unscaled = std::ranges::find(kUnscaled, learner.name) != kUnscaled.end();
  if (plan.scale_as_needed && unscaled) made.scale = PreparationPlan::Scale::kNone;
  return made;
}

Result<std::vector<Candidate>> make_candidates(const SearchPlan& plan, const Problem& problem,
                                               std::vector<std::string>& notes) {
  const std::vector<LearnerSpaces> wanted =
      plan.learners.empty() ? usual_learners(problem, notes) : plan.learners;
  std::vector<Candidate> candidates;
  bool is_shared = plan.shared.empty();
  for (const LearnerSpaces& one : wanted) {
    const Learner* learner = TRY(find_learner(one.learner, problem.task));
    if (!problem.weights.empty() && !learner->takes_weights) {
      return invalid_argument(
          fmt::format("{} has no use for weights of rows (--weight)", learner->name));
    }
    // Of several learners, those that have other hyperparameters keep their own spaces.
    const bool knows_all = std::ranges::all_of(
        plan.shared, [&](const auto& entry) { return knows(*learner, entry.first); });
    const std::vector<Space> spaces = TRY(full_spaces(one, *learner, plan));
    is_shared = is_shared || knows_all;
    if (!knows_all && wanted.size() == 1) {
      HyperparameterTexts first;
      for (const auto& [name, values] : plan.shared) first.emplace(name, "");
      return Hyperparameters::check(learner->name, learner->hyperparameters, first).status();
    }
    std::vector<HyperparameterTexts> tried = TRY(
        plan.draws > 0 ? draw_from_spaces(spaces, plan.draws, plan.seed) : all_of_spaces(spaces));
    TRY_STATUS(check_resource(plan, *learner, tried));
    if (candidates.size() + tried.size() > kCombinationsMax) {
      return invalid_argument(
          fmt::format("there are over {} combinations to try; try fewer values", kCombinationsMax));
    }
    for (const HyperparameterTexts& texts : tried) {
      candidates.push_back(TRY(candidate_of(*learner, texts, plan)));
    }
  }
  if (!is_shared) {
    std::vector<std::string> names;
    for (const auto& [name, values] : plan.shared) names.push_back(name);
    return invalid_argument(
        fmt::format("no learner has all of the hyperparameters that are to be tried: {}",
                    fmt::join(names, ", ")));
  }
  return candidates;
}

std::string candidate_text(const Candidate& candidate) {
  std::string text(candidate.learner->name);
  const std::string combination = combination_text(candidate.hyperparameters);
  if (!combination.empty()) text.append(" ").append(combination);
  const std::string words = combination_text(candidate.preparation);
  if (!words.empty()) text.append(" (").append(words).append(")");
  return text;
}

}  // namespace slipway::training
