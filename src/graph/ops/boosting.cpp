#include "graph/ops/boosting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace slipway {

Result<ValueType> BoostingStartOp::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense || inputs[0].width < 2) {
    return invalid_argument("expected one dense input of at least 2 columns");
  }
  const bool binary = link == Link::kLogit || link == Link::kHalfLogit;
  if (binary && inputs[0].width != 2) {
    return invalid_argument(fmt::format("expected 2 probabilities, got {}", inputs[0].width));
  }
  if (!(margin >= 0 && margin < 0.5)) {
    return invalid_argument(fmt::format("the margin must be in [0, 0.5), it is {}", margin));
  }
  return ValueType{ValueKind::kDense, score_width(inputs[0].width)};
}

std::string BoostingStartOp::describe() const {
  switch (link) {
    case Link::kLogit: return "logit";
    case Link::kHalfLogit: return "half logit";
    case Link::kLog: return "log";
    case Link::kCenteredLog: return "centered log";
  }
  return "";
}

uint32_t BoostingStartOp::score_width(uint32_t probabilities) const {
  return link == Link::kLogit || link == Link::kHalfLogit ? 1 : probabilities;
}

void BoostingStartOp::compute(std::span<const double> probabilities, double* scores) const {
  const auto clip = [this](double p) { return std::clamp(p, margin, 1 - margin); };
  if (link == Link::kLogit || link == Link::kHalfLogit) {
    const double p = clip(probabilities[1]);
    const double logit = std::log(p / (1 - p));
    scores[0] = link == Link::kLogit ? logit : 0.5 * logit;
    return;
  }
  double mean_log = 0;
  if (link == Link::kCenteredLog) {
    for (const double p : probabilities) mean_log += std::log(clip(p));
    mean_log /= static_cast<double>(probabilities.size());
  }
  const double center = std::exp(mean_log);
  for (size_t i = 0; i < probabilities.size(); ++i) {
    scores[i] = std::log(clip(probabilities[i]) / center);
  }
}

Result<ValueType> RoundFloat32Op::infer(std::span<const ValueType> inputs) const {
  if (inputs.size() != 1 || inputs[0].kind != ValueKind::kDense) {
    return invalid_argument("expected one dense input");
  }
  return inputs[0];
}

}  // namespace slipway
