// Reads the body of :classify and :regress: {"context"?: {...}, "examples": [{...}, ...]}.
#pragma once

#include <string>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"

namespace slipway::protocols::tf_serving {

/// Fills `input` and the name of the signature.
Status read_examples(std::string_view body, const kserve_v2::ModelInputs& model,
                     ReadBuffers& buffers, InputBuffer& input, std::string& signature_name);

}  // namespace slipway::protocols::tf_serving
