// Tensor and Value: what a name in an ONNX graph stands for while it is lowered.
//
// Slipway's graph computes row by row, ONNX's on whole batches. A Value's shape therefore marks the
// axis that runs over the rows: kBatch, or -k where each row has k elements of it, one row behind
// the other. What the graph holds for a row is its part of the tensor, flattened. A value without
// it either is constant or, in a model whose inputs have fixed shapes only and in the body of a
// Scan, comes whole with every row (is_per_row). docs/onnx.md says more.
//
//   Value{DType::kFloat32, {kBatch, 4}}: four numbers for each row
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/onnx/internal/model_proto.h"
#include "graph/graph.h"

namespace slipway::onnx {

using Dims = std::vector<int64_t>;
inline constexpr int64_t kBatch = -1;
inline bool is_batch(int64_t size) { return size < 0; }
/// Where the batch axis is; end() if there is none.
Dims::const_iterator batch_axis(const Dims& dims);
/// In a constant of whole numbers (a shape): the number of rows, which nobody knows.
inline double unknown_rows() { return std::nan(""); }

struct Tensor {
  DType type = DType::kFloat32;
  std::vector<double> numbers;
  std::vector<std::string> texts;  // kString
};

struct Value {
  DType type = DType::kFloat32;
  Dims dims;
  std::shared_ptr<const Tensor> constant;  // else `id` holds it
  ValueId id = 0;
  std::shared_ptr<const LabelTable> labels;  // `id` is an index into them
  bool is_per_row = false;                   // varies from row to row and has no batch axis
  std::vector<std::string> columns;          // names, where an operator knows them (ZipMap)
  bool is_record = false;  // a map that comes with the row, in this column of the input
  uint32_t record_column = 0;

  bool is_text() const { return type == DType::kString; }
  bool has_batch() const;
};

/// The type of an ONNX element type; nullopt for those that Slipway does not compute with.
std::optional<DType> element_type(int64_t onnx_type);
std::string element_type_name(int64_t onnx_type);

/// Shape of one row's part.
Dims row_dims(const Dims& dims);
/// Elements of one row; RESOURCE_EXHAUSTED over kWidthMax, INVALID_ARGUMENT for negative sizes.
Result<uint32_t> element_count(const Dims& dims);
std::vector<uint32_t> strides_of(const Dims& dims);
/// "[batch, 4]".
std::string to_string(const Dims& dims);

/// The numbers of a constant with its shape. UNIMPLEMENTED for types that Slipway does not know and
/// external data.
Result<Value> decode_tensor(const TensorProto& proto);

}  // namespace slipway::onnx
