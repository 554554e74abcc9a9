// What Pipeline, FeatureUnion and ColumnTransformer share: their parts may be estimators or the
// words 'passthrough' and 'drop', and may be weighted.
#pragma once

#include <string>
#include <string_view>

#include "formats/sklearn/lowering.h"

namespace slipway::sklearn {

/// A (name, estimator, ...) entry of `steps`, `transformer_list` or `transformers_`.
struct NamedPart {
  std::string name;
  pickle::Value estimator;
  std::optional<pickle::Value> columns;  // of a ColumnTransformer
};

/// The entries of a list attribute. INVALID_ARGUMENT if it is anything else.
Result<std::vector<NamedPart>> named_parts(pickle::Value self, std::string_view attribute);

/// True for None and 'passthrough'.
bool is_passthrough(pickle::Value estimator);
bool is_drop(pickle::Value estimator);

/// The output columns of a part, below the current path. An error if it is no transformer.
Result<Features> transform_part(Lowering& lowering, const NamedPart& part, const Features& input,
                                std::string_view attribute);

/// The features times transformer_weights[name], if the estimator has that.
Result<Features> weighted(Lowering& lowering, pickle::Value self, const std::string& name,
                          Features features);

}  // namespace slipway::sklearn
