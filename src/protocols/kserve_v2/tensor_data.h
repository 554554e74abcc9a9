// The elements of one tensor, from JSON or from its binary part, into the cells of the rows.
#pragma once

#include <string_view>

#include "graph/signature.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::kserve_v2 {

/// Where a tensor's elements go: element k to cell first + k * stride, row-major over the rows.
struct Place {
  InputBuffer& input;
  size_t first;
  size_t stride;
  size_t count;
  size_t width;  // of a nested row of the tensor
  ColumnType type;
  JsonInput& nested;  // reads texts that are records
};

/// Nested or flat; null and NaN are missing values for numbers and texts. A record is an object, or
/// a text that holds one.
Status read_json_data(JsonInput& json, ondemand::value& value, const Tensor& tensor,
                      const Place& place);
/// One text of a column that is not numbers, into its cell: itself, or the record that it holds.
Status store_text(std::string_view text, size_t cell, const Place& place);
/// Little-endian; BYTES as 4 bytes of length before each text.
Status read_binary_data(std::string_view bytes, const Tensor& tensor, const Place& place);

}  // namespace slipway::protocols::kserve_v2
