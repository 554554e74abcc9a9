// tensorflow.TensorProto, in and out.
//
//   bytes --read_tensor_head--> Tensor (type, shape) --InputMapping--> place --read_tensor_data
//   OutputBuffer --append_tensor--> bytes
//
// Both encodings are read: tensor_content, and the typed fields, where fewer values than the shape
// says mean that the last one is repeated. Outputs are typed fields, as TensorFlow Serving's are.
// Plain functions.
#pragma once

#include <string>
#include <string_view>

#include "protocols/internal/json.h"
#include "protocols/internal/proto_writer.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/tensor_data.h"

namespace slipway::protocols::tf_serving {

/// Everything but its data. `tensor.contents` becomes the message itself.
Status read_tensor_head(std::string_view message, std::string_view name, Tensor& tensor);
/// The elements into their cells.
Status read_tensor_data(const Tensor& tensor, const kserve_v2::Place& place);

void append_tensor(ProtoWriter& out, const OutputSpec& spec, const OutputBuffer& output);
/// A TensorInfo as signatures have it; width 0: the shape is [-1].
void append_tensor_info(ProtoWriter& out, std::string_view name, DType dtype, size_t width);

}  // namespace slipway::protocols::tf_serving
