// Custom code that the operator's definitions stand in for (formats/definitions.h).
#pragma once

#include <optional>

#include "formats/definitions.h"
#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// What `definition` says of `self`: an object of a custom class, or the FunctionTransformer that
/// calls a custom function with `arguments` (a dict, where it has them).
Result<Step> lower_defined(Lowering& lowering, const formats::Definition& definition,
                           pickle::Value self, std::optional<pickle::Value> arguments,
                           const Features& input);

/// The definition of the function that a FunctionTransformer calls; null if there is none.
const formats::Definition* definition_of_function(const formats::Definitions* definitions,
                                                  pickle::Value transformer);

/// The definition of what sees the model's columns first, if that is custom.
const formats::Definition* first_definition(const formats::Definitions* definitions,
                                            pickle::Value model);

}  // namespace slipway::sklearn
