// Reads the rows that TorchServe's clients send to a model of columns.
//
//   [[5.1, 3.5], [6.0, 3.0]], [{"age": 3}], {"instances": [...]}, {"data": [...]}     rows
//   [5.1, 3.5], {"age": 3, "city": "Rome"}                                            one row
//   data=[[5.1, 3.5]] as a form or multipart field; age=3&city=Rome                   named values
//   5.1,3.5\n6.0,3.0                                                                  CSV
//
// What stands beside the rows in an object is passed over. No DOM, no recursion.
#pragma once

#include <string_view>
#include <unordered_map>

#include "graph/signature.h"
#include "protocols/internal/json.h"
#include "protocols/torchserve/form.h"

namespace slipway::protocols::torchserve {

/// The model, and what a reader keeps from request to request.
struct RowsTarget {
  const Signature& signature;
  const std::unordered_map<std::string_view, uint32_t>& column_places;  // may be empty
  ReadBuffers& buffers;
  InputBuffer& input;
  bool single = false;  // result: the request was one row, not a list of rows
};

/// A body of HTTP with its Content-Type. INVALID_ARGUMENT names what is wrong.
Status read_body(std::string_view content_type, std::string_view body, RowsTarget& target);
/// The fields of a form, or the inputs of a gRPC request: "data" or "body", the only one, or named
/// values of one row.
Status read_fields(const Fields& fields, RowsTarget& target);

}  // namespace slipway::protocols::torchserve
