// What the dialects of the clouds share: the model's rows in, its default output out.
#pragma once

#include <string_view>

#include "protocols/cloud/rows.h"
#include "protocols/internal/call.h"

namespace slipway::protocols::cloud {

/// Reads the body as rows of call.infer.model and asks for its default output.
Status read_json_request(Call& call, RowsFormat format);
/// Of a JSON body to the default model: reads, infers, writes.
void predict(Call& call, void (*write)(Call&));

}  // namespace slipway::protocols::cloud
