// Reads the rows that the clouds' prediction services send: SageMaker, Vertex AI, Azure ML.
//
//   {"instances": [[1, 2], {"features": [1, 2]}, {"age": 1, "city": "Rome"}], "parameters": {}}
//   {"data": [[1, 2]]}, {"input_data": [[1, 2]]}, {"Inputs": {"data": [[1, 2]]}}
//   [[1, 2], [3, 4]] or [1, 2], one row
//   {"input_data": {"columns": ["age"], "index": [0], "data": [[1]]}}   (MLflow on Azure ML)
//   {"features": [1, 2]}\n{"features": [3, 4]}\n     JSON lines
//
// What stands beside the rows is passed over. No DOM, no recursion.
#pragma once

#include <string_view>
#include <unordered_map>

#include "graph/signature.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::cloud {

enum class RowsFormat : uint8_t { kJson, kJsonLines };

/// INVALID_ARGUMENT names what is wrong. `column_places` may be empty.
Status read_rows(std::string_view body, RowsFormat format, const Signature& signature,
                 const std::unordered_map<std::string_view, uint32_t>& column_places,
                 ReadBuffers& buffers, InputBuffer& input);

}  // namespace slipway::protocols::cloud
