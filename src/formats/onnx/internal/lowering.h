// Lowering: the operations on Values that operators are made of. Each works on constants, giving a
// constant, and on what rows bring, adding nodes to the graph; shapes broadcast as numpy's do, with
// the batch axis matching itself and sizes of one only.
//
//   Value sum = TRY(lower.binary(BinaryFunction::kAdd, a.type, a, b));
//
// Thread rule: single-sequence; lives as long as one file is read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/onnx/internal/tensor.h"
#include "graph/graph.h"
#include "graph/ops/tensor.h"

namespace slipway::onnx {

class Lowering {
 public:
  /// The most nodes that a model may become.
  static constexpr size_t kNodesMax = size_t{1} << 20;

  /// `bytes_max`: what all values and operators of the model may take together.
  Lowering(GraphBuilder& graph, uint64_t bytes_max) : graph_(graph), bytes_left_(bytes_max) {}

  /// RESOURCE_EXHAUSTED if so many numbers (or as many bytes) more are too many.
  Status charge(uint64_t elements);
  Status charge_bytes(uint64_t bytes);

  /// Where in the file the next nodes come from.
  void set_path(std::string path) { path_ = std::move(path); }
  const std::string& path() const { return path_; }

  Result<ValueId> add(std::unique_ptr<const Op> op, std::vector<ValueId> inputs);
  GraphBuilder& graph() { return graph_; }
  /// A value of the graph under a shape; its width must be that of the shape.
  Result<Value> wrap(ValueId id, DType type, Dims dims);
  Result<Value> constant(DType type, Dims dims, std::vector<double> numbers);
  Result<Value> texts(Dims dims, std::vector<std::string> texts);
  /// The value in the graph: dense or string, not an index, not a constant.
  Result<ValueId> id_of(const Value& value);
  /// The same with indices replaced by what they stand for, and case changed that was to be.
  Result<Value> plain(const Value& value);

  /// Elements of a row by place: element i of the result is element map[i].
  Result<Value> select(const Value& value, Dims dims, const std::vector<uint32_t>& map);
  /// The same elements under another shape of the same size; the rows' axis may not move.
  Result<Value> reshape(const Value& value, Dims dims);
  Result<Value> transpose(const Value& value, const std::vector<size_t>& order);
  /// Along an axis that is not the rows'.
  Result<Value> concat(std::span<const Value> values, size_t axis);
  /// Elements start, start + step, ... (`count` of them) of an axis.
  Result<Value> slice(const Value& value, size_t axis, int64_t start, int64_t step, int64_t count);
  /// The shape that two broadcast to, and a value brought to such a shape.
  Result<Dims> broadcast_dims(const Dims& a, const Dims& b) const;
  Result<Value> expand(const Value& value, const Dims& dims);

  Result<Value> cast(const Value& value, DType type);
  /// The case that a StringNormalizer asks for.
  Result<Value> change_case(const Value& value);
  /// Texts put together, element by element.
  Result<Value> join(const Value& a, const Value& b);
  /// Whether a pattern is found in texts.
  Result<Value> matches(const Value& texts, std::string_view pattern);
  Result<Value> unary(UnaryFunction function, UnaryParameters parameters, DType type,
                      const Value& value);
  /// Comparisons compute in the operands' type and give kBool.
  Result<Value> binary(BinaryFunction function, DType type, const Value& a, const Value& b);
  /// With a number of b's shape [] beside it.
  Result<Value> with_number(BinaryFunction function, DType type, const Value& a, double b);
  Result<Value> where(const Value& condition, const Value& yes, const Value& no);
  /// Axes ascending, none the rows'. With keep they stay with one element.
  Result<Value> reduce(TensorReduceOp::Function function, const Value& value,
                       const std::vector<size_t>& axes, bool keep, DType type);
  /// A function of the groups along one axis, each giving `count` elements.
  Result<Value> group(TensorGroupOp::Function function, const Value& value, size_t axis,
                      uint32_t count, DType type);
  /// numpy's matmul.
  Result<Value> matmul(const Value& a, const Value& b, DType type);
  /// Elements of `data`, constant or not, chosen by the numbers of `places` (at `map.places`).
  Result<Value> gather(const Value& data, const Value& places, TensorGatherOp::Map map, Dims dims);

 private:
  Result<Value> cast_text(const Value& value, DType type);
  Result<Value> fold_binary(BinaryFunction function, DType type, Dims dims, const Value& a,
                            const Value& b);
  /// `axes` last, the others in order before them.
  Result<Value> axes_last(const Value& value, const std::vector<size_t>& axes);

  GraphBuilder& graph_;
  std::string path_;
  uint64_t bytes_left_;
  size_t nodes_ = 0;
};

}  // namespace slipway::onnx
