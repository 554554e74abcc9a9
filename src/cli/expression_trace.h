// ExpressionTrace: which columns an expression's formulas compare with which constants, and which
// columns they hand on unchanged (but for checks, fills and case). Rows made up for a model are
// drawn from it (cli/sample_rows.h). Thread rule: a plain value.
//
//   const ExpressionTrace trace(op.program);
//   for (const auto& [place, number] : trace.numbers) ...
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/ops/basic.h"
#include "graph/ops/expression.h"

namespace slipway::cli {

struct ExpressionTrace {
  explicit ExpressionTrace(const ExpressionProgram& program);

  std::vector<std::pair<ColumnPick, double>> numbers;
  std::vector<std::pair<ColumnPick, std::string>> texts;
  /// Of each output column.
  std::vector<std::optional<ColumnPick>> outputs;
};

}  // namespace slipway::cli
