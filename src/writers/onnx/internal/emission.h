// How one operator of the graph becomes ONNX nodes.
//
// Values: the tensor that holds each value of the graph. Dense, dense32 and sparse values are
// float64 [rows, width] (dense32: numbers that float32 has), string values string [rows, width],
// index values int64 [rows, width]. A missing text is the empty text: ONNX has no other.
//
// An emitter is a function of an Emission: it reads its op's constants, appends nodes and gives the
// name of its result; UNIMPLEMENTED says what ONNX has nothing for.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/ops/basic.h"
#include "writers/onnx/internal/model.h"

namespace slipway::writers::onnx {

class Values {
 public:
  Values(const Graph& graph, Model& model) : graph_(graph), model_(model) {}

  /// Declares the model's inputs: one matrix if all columns are of one type, else one for each
  /// column that something depends on.
  Status declare_inputs();
  void set(ValueId id, Name name) { names_.insert_or_assign(id, std::move(name)); }

  /// The whole value.
  Name matrix(ValueId id);
  /// [rows, 1]
  Name column(ValueId id, uint32_t column);
  /// Columns of several values, side by side.
  Name columns(std::span<const ValueId> inputs, std::span<const ColumnPick> picks);
  /// [rows, 1] of 0.
  Name zeros();
  /// [rows, row.size()]: the same in every row.
  Name repeated(std::span<const double> row);

 private:
  bool is_apart(ValueId id) const { return apart_ && id < kFirstNode; }
  Name whole_input(ValueId id);

  const Graph& graph_;
  Model& model_;
  bool apart_ = false;               // each column is an input of its own
  std::map<uint32_t, Name> inputs_;  // of columns that are apart
  std::map<ValueId, Name> names_;
  std::map<std::pair<ValueId, uint32_t>, Name> columns_;
  Name zeros_;
};

struct Emission {
  const Graph& graph;
  const Node& node;
  Values& values;
  Model& m;

  template <typename T>
  const T& op() const {
    return static_cast<const T&>(*node.op);
  }
  Name input(size_t i = 0) const { return values.matrix(node.inputs[i]); }
  Name column(const ColumnPick& pick) const {
    return values.column(node.inputs[pick.input], pick.column);
  }
  ValueType type(size_t i = 0) const { return graph.type(node.inputs[i]); }
  int64_t width(size_t i = 0) const { return type(i).width; }
};

struct Emitter {
  std::string_view op;
  Result<Name> (*emit)(Emission& e);
};

std::span<const Emitter> basic_emitters();
std::span<const Emitter> combine_emitters();
std::span<const Emitter> linear_emitters();
std::span<const Emitter> svm_emitters();
std::span<const Emitter> tree_emitters();
std::span<const Emitter> encode_emitters();
std::span<const Emitter> column_emitters();
std::span<const Emitter> distance_emitters();
std::span<const Emitter> expression_emitters();

/// Any operator that graph/codecs knows, as a node of ai.slipway. UNIMPLEMENTED for the others.
Result<Name> emit_own(Emission& e);

/// Texts to the numbers that stand for them.
Name label_encoder(Model& m, const Name& x, std::span<const std::string> keys,
                   std::span<const int64_t> numbers, int64_t otherwise);
/// The line through points, x ascending; beyond them the first and the last value, or, if it
/// extends, the first and the last stretch.
Name line_through(Model& m, const Name& x, std::span<const double> xs, std::span<const double> ys,
                  bool extends);

inline int64_t size_of(const auto& container) { return static_cast<int64_t>(container.size()); }

}  // namespace slipway::writers::onnx
