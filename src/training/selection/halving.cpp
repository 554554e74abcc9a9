#include "training/selection/halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "training/random.h"

namespace slipway::training {
namespace {

/// floor(log(x) / log(factor)) but for the logarithms' rounding, which scikit-learn's numbers
/// share.
size_t whole_log(double x, double factor) {
  return static_cast<size_t>(std::floor(std::log(x) / std::log(factor)));
}

/// Drawn without replacement; of classes at least one each as far as `count` goes, the others in
/// turn of what they lack to their share.
std::vector<uint32_t> drawn_rows(const Problem& problem, const std::vector<uint32_t>& places,
                                 size_t count, Random& random) {
  std::vector<uint32_t> order = random.permutation(static_cast<uint32_t>(places.size()));
  if (problem.task == Task::kClassification) {
    std::map<int32_t, std::vector<uint32_t>> by_class;
    for (const uint32_t i : order) {
      by_class[problem.classes[problem.rows[places[i]]]].push_back(i);
    }
    // The i-th of n rows of a class stands at (i + 0.5) / n; the first ones before all others.
    std::vector<std::pair<double, uint32_t>> turns;
    turns.reserve(order.size());
    for (const auto& [label, rows] : by_class) {
      for (size_t i = 0; i < rows.size(); ++i) {
        const double turn = (static_cast<double>(i) + 0.5) / static_cast<double>(rows.size());
        turns.emplace_back(i == 0 ? 0 : turn, rows[i]);
      }
    }
    std::ranges::stable_sort(turns, {}, &std::pair<double, uint32_t>::first);
    std::ranges::transform(turns, order.begin(), &std::pair<double, uint32_t>::second);
    count = std::max(count, by_class.size());
  }
  order.resize(std::min(std::max<size_t>(count, 1), order.size()));
  std::vector<uint32_t> drawn;
  drawn.reserve(order.size());
  for (const uint32_t i : order) drawn.push_back(places[i]);
  std::ranges::sort(drawn);
  return drawn;
}

Status check_plan(const HalvingPlan& plan, size_t candidates, uint64_t least, uint64_t most) {
  if (!(plan.factor > 1) || plan.factor > 1e6) {
    return invalid_argument(fmt::format("halving: expected a factor above 1, got {}", plan.factor));
  }
  if (candidates == 0) return invalid_argument("halving: there are no candidates");
  if (most == 0) {
    return invalid_argument(fmt::format(
        "halving: how much of {} may a candidate have at most (max_resources)?", plan.resource));
  }
  if (least == 0 || least > most) {
    return invalid_argument(
        fmt::format("halving: the first round's {} are {}, expected 1 to {}, the most",
                    plan.resource.empty() ? "rows" : plan.resource, least, most));
  }
  return {};
}

}  // namespace

Result<std::vector<HalvingRound>> halving_rounds(const HalvingPlan& plan, size_t candidates,
                                                 size_t rows, size_t folds, size_t class_count) {
  const bool by_rows = plan.resource.empty();
  const uint64_t most = plan.resources_max > 0 ? plan.resources_max : by_rows ? rows : 0;
  uint64_t least = plan.resources_min;
  if (plan.least != HalvingPlan::Least::kGiven) {
    least = by_rows ? uint64_t{2} * folds * std::max<size_t>(class_count, 1) : 1;
  }
  TRY_STATUS(check_plan(plan, candidates, least, most));
  if (by_rows && most > rows) {
    return invalid_argument(fmt::format("halving: at most {} rows, but there are {}", most, rows));
  }
  // So many that the last round judges fewer than `factor`.
  const size_t required = 1 + whole_log(static_cast<double>(candidates), plan.factor);
  if (plan.least == HalvingPlan::Least::kExhaust) {
    const double parts = std::pow(plan.factor, static_cast<double>(required - 1));
    least = std::max(least, static_cast<uint64_t>(static_cast<double>(most) / parts));
  }
  const uint64_t times = most / least;  // whole, as in scikit-learn
  const size_t possible = 1 + whole_log(static_cast<double>(times), plan.factor);
  const size_t count = plan.is_aggressive ? required : std::min(possible, required);
  std::vector<HalvingRound> rounds;
  rounds.reserve(count);
  size_t left = candidates;
  for (size_t i = 0; i < count; ++i) {
    const size_t power =
        plan.is_aggressive ? (i + possible > required ? i + possible - required : 0) : i;
    const double wanted =
        std::pow(plan.factor, static_cast<double>(power)) * static_cast<double>(least);
    rounds.push_back({left, std::min(static_cast<uint64_t>(wanted), most)});
    left = static_cast<size_t>(std::ceil(static_cast<double>(left) / plan.factor));
  }
  return rounds;
}

std::vector<Fold> part_of_folds(const Problem& problem, const std::vector<Fold>& folds,
                                uint64_t resources, size_t rows, uint64_t seed) {
  if (resources >= rows) return folds;
  const double share = static_cast<double>(resources) / static_cast<double>(rows);
  std::vector<Fold> parts;
  parts.reserve(folds.size());
  for (size_t i = 0; i < folds.size(); ++i) {
    const auto some = [&](const std::vector<uint32_t>& places, uint64_t stream) {
      Random random(seed, stream);
      const auto count = static_cast<size_t>(share * static_cast<double>(places.size()));
      return drawn_rows(problem, places, count, random);
    };
    parts.push_back({some(folds[i].train, 2 * i), some(folds[i].test, 2 * i + 1)});
  }
  return parts;
}

}  // namespace slipway::training
