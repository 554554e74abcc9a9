// Reads Seldon's messages: SeldonMessage as JSON, straight into rows, and Feedback.
//
//   {"data": {"names": [...], "ndarray": [[...], ...]}, "meta": {"puid": "..."}}
//   {"data": {"names": [...], "tensor": {"shape": [rows, columns], "values": [...]}}}
//   {"request": {...}, "response": {...}, "reward": 1.0, "truth": {...}}
//
// Values come in the order of the model's columns, whatever "names" calls them, as with Seldon's
// own server for scikit-learn; but names that the model knows are matched. No DOM, no recursion.
//
// Source: seldon_core of Seldon Core 1, its prediction.proto.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "graph/signature.h"
#include "protocols/internal/json.h"

namespace slipway::protocols::seldon {

struct Message {
  bool is_tensor = false;
  std::string puid;  // empty if there is none
  std::string tags;  // {"name":value,...}; empty if there are none
};

/// INVALID_ARGUMENT names what is wrong. `column_places` may be empty.
Status read_message(std::string_view body, const Signature& signature,
                    const std::unordered_map<std::string_view, uint32_t>& column_places,
                    ReadBuffers& buffers, InputBuffer& input, Message& message);

/// The reward; 0 if there is none.
Result<double> read_feedback(std::string_view body, ReadBuffers& buffers);

}  // namespace slipway::protocols::seldon
