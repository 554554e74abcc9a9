// protobuf's text format, without its messages: the configuration files of other servers.
//
//   text --parse_text_proto--> fields with their values as text --> whoever knows what they mean
//
//   model_config_list { config { name: "iris" version_labels { key: 'stable' value: 3 } } }
//
// No recursion over the text; depth and the number of fields are bounded. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway {

struct TextField {
  std::string name;
  std::string value;        // of a plain one, without its quotes
  bool is_message = false;  // then it has fields, and no value
  bool is_quoted = false;
  std::vector<TextField> fields;  // in order; a list [1, 2] is a field for each item
  size_t line = 0;                // from 1 on
};

/// The fields of the whole text. INVALID_ARGUMENT names `what` and the line.
Result<TextField> parse_text_proto(std::string_view what, std::string_view text);

/// The value as what its field is; nothing if it is none.
std::optional<bool> text_bool(const TextField& field);
std::optional<int64_t> text_integer(const TextField& field);

}  // namespace slipway
