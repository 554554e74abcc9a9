// Graph: Slipway's one intermediate representation of a model.
//
//   reader --GraphBuilder--> Graph --passes--> Graph --engine--> Executable
//
// A graph is a list of nodes in topological order; each node applies one Op to earlier values and
// makes exactly one value. A value has `rows` rows, known only at run time, and a fixed ValueType.
// Value 0 is the numeric input matrix, value 1 the text input matrix and value 2 that of records
// (tensor/batch.h), all as wide as the model has columns; nodes follow from id 3. Ops are open: one
// class each under graph/ops/, one kernel or more each under engine/kernels/.
//
// Ownership: a Graph owns its ops. Thread rule: immutable once built.
//
//   GraphBuilder builder(4);
//   ValueId scores = TRY(builder.add(std::make_unique<LinearOp>(...), {kNumbersInput}, "model"));
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/signature.h"

namespace slipway {

enum class ValueKind : uint8_t {
  kDense,    // rows x width of float64, row-major
  kDense32,  // rows x width of float32, row-major
  kSparse,   // CSR: at most nonzeros_max float64 per row, columns ascending
  kString,   // rows x width of StringCell
  kIndex,    // rows x width of int32: indices into label tables
  kRecord,   // rows x width of Record: the model's input only, no op makes records
};

std::string_view value_kind_name(ValueKind kind);

struct ValueType {
  ValueKind kind = ValueKind::kDense;
  uint32_t width = 0;
  uint32_t nonzeros_max = 0;  // kSparse only, per row
  uint32_t text_bytes = 0;    // kString only: room per row for texts that the node makes

  bool operator==(const ValueType&) const = default;
};

using ValueId = uint32_t;
inline constexpr ValueId kNumbersInput = 0;
inline constexpr ValueId kStringsInput = 1;
inline constexpr ValueId kRecordsInput = 2;
inline constexpr ValueId kFirstNode = 3;
/// No value may be wider: keeps every size computation far from overflow.
inline constexpr uint32_t kWidthMax = 1U << 24;

/// An operator with its constants. Immutable; made by a reader, read by kernels.
class Op {
 public:
  virtual ~Op() = default;
  /// The key under which the kernel table lists its kernels: "linear", "tree_ensemble".
  virtual std::string_view name() const = 0;
  /// Proves everything that a kernel assumes of its constants and its inputs' types (children in
  /// range and acyclic, feature index < width, table sizes), and gives the output's type.
  /// INVALID_ARGUMENT says what is wrong. The verifier runs it again on the finished graph.
  virtual Result<ValueType> infer(std::span<const ValueType> inputs) const = 0;
  /// Constants in short, for the printer: "3x4, intercept".
  virtual std::string describe() const = 0;
  /// Memory of the constants.
  virtual size_t size_bytes() const = 0;
};

struct Node {
  std::unique_ptr<const Op> op;
  std::vector<ValueId> inputs;
  ValueType type;
  std::string path;  // where in the model file it comes from: "steps.clf"
};

class Graph {
 public:
  const Signature& signature() const { return signature_; }
  std::span<const Node> nodes() const { return nodes_; }
  size_t value_count() const { return nodes_.size() + kFirstNode; }
  /// id < value_count().
  ValueType type(ValueId id) const;
  const Node& node(ValueId id) const { return nodes_[id - kFirstNode]; }
  size_t size_bytes() const;

 private:
  friend class GraphBuilder;
  Signature signature_;
  std::vector<Node> nodes_;
};

class GraphBuilder {
 public:
  /// A model of so many input columns.
  explicit GraphBuilder(uint32_t columns);

  /// Appends a node; infers its type. The inputs must exist.
  Result<ValueId> add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs, std::string path);
  ValueType type(ValueId id) const { return graph_.type(id); }
  uint32_t columns() const { return columns_; }
  struct Size {
    size_t nodes = 0;
    size_t bytes = 0;  // of their constants
  };
  /// Of what was added so far.
  Size size() const { return {graph_.nodes_.size(), bytes_}; }
  /// Drops nodes that no output needs, verifies and gives the graph. The builder is used up.
  Result<std::shared_ptr<const Graph>> finish(Signature signature) &&;

 private:
  void drop_dead_nodes();

  uint32_t columns_;
  size_t bytes_ = 0;
  Graph graph_;
};

/// Proves what kernels assume: ids in range and topological, each op's own conditions, label tables
/// as wide as their values, output shapes. INTERNAL or INVALID_ARGUMENT names node and path.
Status verify(const Graph& graph);

/// One line per node, for people: "%3 = linear(%0) 3x4, intercept : dense[3]  # steps.clf".
std::string print(const Graph& graph);

}  // namespace slipway
