// XGBoost's objectives, so far as a prediction depends on them: ProbToMargin and PredTransform of
// src/objective/*.cu.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/xgboost/internal/lower.h"

namespace slipway::xgboost {
namespace {

struct Objective {
  std::string_view name;
  Link link;
};

constexpr std::array kObjectives = {
    Objective{"reg:squarederror", Link::kIdentity},
    Objective{"reg:linear", Link::kIdentity},  // its name before 0.90
    Objective{"reg:squaredlogerror", Link::kIdentity},
    Objective{"reg:pseudohubererror", Link::kIdentity},
    Objective{"reg:absoluteerror", Link::kIdentity},
    Objective{"reg:quantileerror", Link::kIdentity},
    Objective{"reg:expectileerror", Link::kSteps},
    Objective{"reg:logistic", Link::kSigmoid},
    Objective{"reg:gamma", Link::kExp},
    Objective{"reg:tweedie", Link::kExp},
    Objective{"binary:logistic", Link::kSigmoid},
    Objective{"binary:logitraw", Link::kIdentity},
    Objective{"binary:hinge", Link::kStep},
    Objective{"multi:softmax", Link::kArgMax},
    Objective{"multi:softprob", Link::kSoftmax},
    Objective{"count:poisson", Link::kExp},
    Objective{"survival:cox", Link::kExp},
    Objective{"survival:aft", Link::kExp},
    Objective{"rank:pairwise", Link::kIdentity},
    Objective{"rank:ndcg", Link::kIdentity},
    Objective{"rank:map", Link::kIdentity},
};

Result<float> start_number(const Booster& booster, Link link, float score) {
  if (link == Link::kExp) return std::log(score);
  if (link != Link::kSigmoid) return score;
  if (!(score >= 0 && score <= 1)) {
    return invalid_argument(
        fmt::format("base_score must be from 0 to 1 for {}, it is {}", booster.objective, score));
  }
  // Since 3.1 the ends are pulled in; before, they were refused.
  constexpr float kEnd = 1e-6F;
  if (booster.is_since(3, 1)) score = std::min(std::max(score, kEnd), 1.0F - kEnd);
  return -std::log(1.0F / score - 1.0F);
}

/// reg:expectileerror: each start but the first is what makes the step from the one before it.
void to_steps(std::vector<float>& scores) {
  constexpr float kGap = 1e-6F;
  for (size_t i = scores.size() - 1; i > 0; --i) {
    const float step = std::max(scores[i] - scores[i - 1] - kGap, kGap);
    scores[i] = step + std::log(-std::expm1(-step));
  }
}

}  // namespace

Result<Link> link_of(const Booster& booster) {
  const auto found =
      std::find_if(kObjectives.begin(), kObjectives.end(),
                   [&](const Objective& objective) { return objective.name == booster.objective; });
  if (found == kObjectives.end()) {
    return unimplemented(fmt::format("objective '{}' is not supported", booster.objective));
  }
  // Since 3.4 quantiles do not cross.
  if (booster.objective == "reg:quantileerror" && booster.is_since(3, 4)) return Link::kSort;
  return found->link;
}

Result<std::vector<float>> start_of(const Booster& booster) {
  const Link link = TRY(link_of(booster));
  std::vector<float> scores = booster.base_score;
  // A linear model starts all its sums from the first number (src/gbm/gblinear.cc).
  if (booster.name == "gblinear") scores.resize(1);
  scores.resize(booster.outputs(), scores[0]);
  for (float& score : scores) score = TRY(start_number(booster, link, score));
  if (link == Link::kSteps) to_steps(scores);
  return scores;
}

}  // namespace slipway::xgboost
