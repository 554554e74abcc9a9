// Declared cleaning rules (data/cleaning_rules.h) as nodes, which requests go through as training
// rows did. Thread rule: pure functions.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "data/cleaning_rules.h"
#include "data/frame.h"
#include "graph/graph.h"
#include "training/preparation/internal/part.h"

namespace slipway::training {

/// A column of texts as its rules leave it, cell for cell: numbers, categories or texts, told as
/// those of a file are. INVALID_ARGUMENT names column, rule and the text that it refuses.
Result<data::Column> clean_column(const data::Column& column,
                                  std::span<const data::CleaningRule> rules);

/// The model's columns, those with rules cleaned.
Result<PartSource> append_cleaning(GraphBuilder& graph, std::span<const InputColumn> columns,
                                   const data::CleaningRules& rules, const std::string& path);

}  // namespace slipway::training
