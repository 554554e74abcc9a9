// A model's outputs as TensorFlow Serving writes them: NaN and infinities bare, whole floats with
// their ".0", bytes (outputs whose names end in "_bytes") as {"b64": "..."}.
#pragma once

#include <span>
#include <string>

#include "protocols/internal/call.h"

namespace slipway::protocols::tf_serving {

void append_float(std::string& out, double value);
/// {"predictions": [...]}, a value for each row, or an object if there are several outputs.
void append_predictions(std::string& out, const BaseCall& call);
/// {"outputs": ...}: each output whole; by its name if there are several.
void append_outputs(std::string& out, const BaseCall& call);
/// The label of a class, as text.
std::string label_text(const LabelTable& table, int32_t index);

}  // namespace slipway::protocols::tf_serving
