// What TorchServe's clients put around their data: query strings, forms, multipart bodies.
//
//   "url=a.mar&batch_size=4" --read_pairs--> fields        --boundary...--read_multipart--> fields
//
// Fields that need no decoding lie where they came; the others are kept in `storage`. Bounded by
// the size of the text and a number of fields. Plain functions.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::protocols::torchserve {

struct Field {
  std::string_view name;
  std::string_view value;
  std::string_view type;  // Content-Type of a multipart field; may be empty
};

struct Fields {
  std::vector<Field> all;
  std::deque<std::string> storage;

  /// The first of this name.
  std::optional<std::string_view> find(std::string_view name) const;
};

inline constexpr size_t kFieldsMax = 10'000;

/// application/x-www-form-urlencoded, or the query of a path. INVALID_ARGUMENT for a broken escape.
Result<Fields> read_pairs(std::string_view text);
/// multipart/form-data with this Content-Type.
Result<Fields> read_multipart(std::string_view content_type, std::string_view body);

/// A whole number of 32 bits as Java reads one; the default if the field is missing or none.
int32_t int_field(const Fields& fields, std::string_view name, int32_t otherwise);
/// "true" in any case; everything else is false.
bool bool_field(const Fields& fields, std::string_view name, bool otherwise);

}  // namespace slipway::protocols::torchserve
