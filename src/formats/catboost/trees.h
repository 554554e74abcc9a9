// A model's trees as nodes of the graph.
#pragma once

#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "formats/catboost/layout.h"
#include "formats/catboost/model.h"
#include "formats/model_format.h"
#include "graph/graph.h"

namespace slipway::catboost {

/// The raw scores, one per dimension: the sum of the trees, scaled and shifted.
Result<ValueId> add_trees(const Model& model, const Layout& layout, GraphBuilder& graph,
                          const formats::ForeignInputs& inputs, const Limits& limits,
                          const std::string& path);

}  // namespace slipway::catboost
