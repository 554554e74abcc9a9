// Records from JSON: an object's entries as the fields of a record (tensor/batch.h).
//
//   {"city": "London", "temperature": 12.5, "tags": ["wet", "cold"], "open": true, "note": null}
//
// A value is a number, a text, true or false (1 and 0), null, or a list of texts; a key comes once.
// Errors name the key. Single-sequence.
#pragma once

#include <string_view>

#include "protocols/internal/json.h"

namespace slipway::protocols {

/// One more entry of the record that input.begin_record() has begun.
Status read_record_field(JsonInput& json, ondemand::field& field, InputBuffer& input);
/// A whole object as the record in this cell; INVALID_ARGUMENT if the value is none.
Status read_record(JsonInput& json, ondemand::value& value, InputBuffer& input, size_t row,
                   size_t column);
/// The same from a text that holds one JSON object. `nested` is not the input that the text lies
/// in.
Status read_record_text(JsonInput& nested, std::string_view text, InputBuffer& input, size_t row,
                        size_t column);

}  // namespace slipway::protocols
