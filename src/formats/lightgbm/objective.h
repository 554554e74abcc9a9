// Objective: what a model's objective makes of its raw scores.
//
//   const Objective objective = TRY(parse_objective("binary sigmoid:1"));
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace slipway::lightgbm {

struct Objective {
  enum class Conversion : uint8_t {
    kNone,
    kSignedSquare,  // regression of square roots
    kExp,           // poisson, gamma, tweedie
    kSigmoid,       // binary, each class by itself, cross entropy; with `sigmoid`
    kSoftmax,
    kSoftplus,  // cross_entropy_lambda
  };
  Conversion conversion = Conversion::kNone;
  double sigmoid = 1;
};

/// `text` as the file holds it; empty where the objective was the user's own function.
/// UNIMPLEMENTED for an objective that LightGBM 4.6 does not have.
Result<Objective> parse_objective(std::string_view text);

}  // namespace slipway::lightgbm
