// RequestSchema: what a model's file says about requests for it, beside what the model itself
// takes.
//
//   MLmodel's signature --formats/bundle--> RequestSchema --LoadedModel--> the dialects that have
//   it
//
// Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slipway {

/// A value that may come beside the rows.
struct RequestParameter {
  enum class Type : uint8_t {
    kBoolean,
    kInteger,  // 32 bits
    kLong,     // 64 bits
    kFloat,
    kDouble,
    kString,
    kDatetime,
    kObject,
  };
  std::string name;
  Type type = Type::kString;
  bool is_list = false;
  std::string default_text;  // for messages
};

struct RequestSchema {
  std::vector<std::string> optional_columns;  // may be missing from all rows
  bool has_parameters = false;                // `parameters` are told
  std::vector<RequestParameter> parameters;
};

}  // namespace slipway
