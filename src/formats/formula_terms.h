// From formulas to the terms of graph/ops/expression_builder.h.
//
//   Formula + FormulaScope (what names mean) --compile_formula--> TermId
//
// docs/definitions.md lists the functions. Every one is total: without a result, the result is
// missing. Thread rule: single-sequence.
//
//   const TermId ratio = TRY(compile_formula(formula, scope, terms));
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "formats/formula.h"
#include "graph/ops/expression_builder.h"

namespace slipway::formats {

/// All numbers, or all texts.
using FormulaConstants = std::variant<std::vector<double>, std::vector<std::string>>;

/// As many keys as values.
struct FormulaTable {
  FormulaConstants keys;
  FormulaConstants values;
};

using FormulaValue = std::variant<TermId, FormulaConstants, FormulaTable>;

/// What the names of a formula mean.
class FormulaScope {
 public:
  virtual ~FormulaScope() = default;
  /// `path` is a node of Kind::kPath. The error says what there is instead, without a place.
  virtual Result<FormulaValue> find(const FormulaNode& path) = 0;
};

/// INVALID_ARGUMENT with line and column: unknown names and functions, types that do not fit.
Result<TermId> compile_formula(const Formula& formula, FormulaScope& scope,
                               ExpressionBuilder& terms);

}  // namespace slipway::formats
