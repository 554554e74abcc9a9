// LightGBM's boosters and their wrappers for scikit-learn, inside pickles.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "formats/model_format.h"
#include "formats/pickle/tree.h"

namespace slipway::sklearn {

/// The columns of a LightGBM object, which only its booster's own bytes tell; nullopt if it is
/// none, or cannot be read (lowering says why).
struct BoosterColumns {
  uint32_t count = 0;
  std::vector<std::string> names;  // empty if it was trained on columns without names
};
std::optional<BoosterColumns> lightgbm_columns(pickle::Value self,
                                               const formats::FormatSet& formats,
                                               const Limits& limits);

}  // namespace slipway::sklearn
