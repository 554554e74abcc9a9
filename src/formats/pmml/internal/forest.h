// Forests: a MiningModel whose segments are all trees, as one ensemble.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "formats/pmml/internal/models.h"

namespace slipway::pmml {

/// Nothing if the segments are not of that kind, so that they have to be lowered one by one.
Result<std::optional<Prediction>> lower_forest(const ModelInput& input,
                                               const std::vector<Element>& segments,
                                               std::string_view method, std::string_view missing);

}  // namespace slipway::pmml
