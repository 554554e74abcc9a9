// Reads Openscoring's requests: arguments by name, straight into rows.
//
//   {"id": "a", "arguments": {"age": 3, "city": "Rome"}}
//   {"id": "a", "requests": [{"id": "1", "arguments": {...}}, ...]}
//
// As there, arguments that the model does not know are passed over, and those that are not given
// are missing values. No DOM, no recursion.
//
// Source: org.openscoring.common of Openscoring 2.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/signature.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::openscoring {

struct Ids {
  std::string outer;              // as JSON; empty if it was not given
  std::vector<std::string> rows;  // of a batch: likewise, one for each row
  /// Of a batch: why a row could not be read, one for each row; empty: it could. Such a row is in
  /// the input too, with anything in it.
  std::vector<std::string> errors;
};

/// INVALID_ARGUMENT names what is wrong. `column_places` may be empty.
Status read_request(std::string_view body, bool is_batch, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, Ids& ids);

}  // namespace slipway::protocols::openscoring
