// Reads the body of :predict: {"instances": rows} or {"inputs": columns}, straight into rows.
//
//   body --read_predict--> InputBuffer, which of the two forms it was, signature_name
//
// One pass, no DOM, no recursion: a cell is at most four levels deep. Besides what TensorFlow
// Serving takes, rows may be plain lists for models of named columns (as KServe's clients send
// them), null is a missing value, and the one tensor of a model without names has any name.
#pragma once

#include <string>
#include <string_view>

#include "protocols/internal/call.h"
#include "protocols/internal/json.h"
#include "protocols/kserve_v2/input_mapping.h"

namespace slipway::protocols::tf_serving {

struct PredictBody {
  bool is_columnar = false;
  std::string signature_name;
};

/// The messages are TensorFlow Serving's where it has one.
Status read_predict(std::string_view body, const kserve_v2::ModelInputs& model,
                    ReadBuffers& buffers, InputBuffer& input, PredictBody& read);

/// What TensorFlow calls a JSON value: "Null", "String", ...
std::string_view json_kind(ondemand::value& value);
/// The value as it is spelled, at most 256 bytes of it. Consumes it.
std::string json_excerpt(ondemand::value& value);
/// `JSON Value: "a" Type: String is not of expected type: double`. Consumes it.
Status json_type_error(ondemand::value& value, std::string_view expected);
/// {"b64": "..."}, and nothing beside it, into `decoded`; false if it is none.
Result<bool> read_base64(JsonInput& json, ondemand::value& value, std::string& decoded);

}  // namespace slipway::protocols::tf_serving
