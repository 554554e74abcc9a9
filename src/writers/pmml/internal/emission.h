// How one operator of the graph becomes fields of PMML.
//
// Every column of every value is an expression that costs nothing to repeat: a reference to a field
// or a constant. Missing numbers and NaN are the same in PMML, and so are missing texts. An index
// value is the number of its class.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/basic.h"
#include "graph/ops/tree_ensemble.h"
#include "writers/pmml/internal/expression.h"

namespace slipway::writers::pmml {

using Columns = std::vector<Expression>;

/// A segment of the chain before the last: a sum of trees, as one field.
struct Segment {
  std::string result;
  std::vector<std::string> inputs;  // fields that it looks at
  std::string model;                // everything behind its MiningSchema
};

struct Emission {
  const Graph& graph;
  const Node& node;
  std::vector<Columns>& values;  // by ValueId
  Fields& fields;
  std::vector<Segment>& segments;

  template <typename T>
  const T& op() const {
    return static_cast<const T&>(*node.op);
  }
  const Columns& input(size_t i = 0) const { return values[node.inputs[i]]; }
  const Expression& column(const ColumnPick& pick) const {
    return values[node.inputs[pick.input]][pick.column];
  }
  /// Each expression as a field of its own.
  Columns keep(Columns columns, FieldType type = FieldType::kDouble) const {
    for (Expression& column : columns) column = fields.define(column, type);
    return columns;
  }
};

struct Emitter {
  std::string_view op;
  Result<Columns> (*emit)(Emission& e);
};

std::span<const Emitter> column_emitters();
std::span<const Emitter> score_emitters();
std::span<const Emitter> category_emitters();
std::span<const Emitter> tree_emitters();
std::span<const Emitter> expression_emitters();

/// The position of the largest, the first of equals.
Expression arg_max(Emission& e, const Columns& x);
/// table[i] where `index` is i, the last one beyond the table.
Expression look_up(const Expression& index, std::span<const double> table);

}  // namespace slipway::writers::pmml
