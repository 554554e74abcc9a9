// The typed contents of a tensor (InferTensorContents of inference.proto), in and out. Each
// datatype has one field: fp64_contents for FP64, int_contents for INT8 to INT32, and so on.
#pragma once

#include <string_view>

#include "protocols/kserve_v2/tensor_data.h"

namespace slipway::protocols::kserve_v2 {

/// Elements, packed or one by one, into the cells of the rows. INVALID_ARGUMENT if they are in the
/// field of another datatype, do not fit into theirs, or are not as many as the shape says.
Status read_typed_data(std::string_view contents, const Tensor& tensor, const Place& place);

}  // namespace slipway::protocols::kserve_v2
