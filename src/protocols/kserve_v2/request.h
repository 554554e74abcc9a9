// Reads an inference request of the Open Inference Protocol (KServe v2), JSON and binary tensors.
//
//   body --read_request--> InputBuffer, outputs wanted, AnswerPlan
//
// Two passes over the JSON: the first takes names, types and shapes and proves them against the
// model, so that memory is only taken for what the body can hold; the second reads the data
// straight into rows. Tensors are nested at most two deep; nothing recurses.
#pragma once

#include <optional>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"

namespace slipway::protocols::kserve_v2 {

/// The body in its two parts; binary is empty without the extension.
struct Body {
  std::string_view json;
  std::string_view binary;
};

/// Splits at the length that the header Inference-Header-Content-Length gives (null data: all
/// JSON).
Result<Body> split_body(std::string_view body, std::string_view header_length);

Status read_request(const Body& body, const ModelInputs& model, ReadBuffers& buffers,
                    InputBuffer& input, AnswerPlan& plan, OutputMask& wanted);

}  // namespace slipway::protocols::kserve_v2
