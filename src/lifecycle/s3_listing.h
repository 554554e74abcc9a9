// Reads the answer of S3's ListObjectsV2.
//
//   XML --read_listing--> keys, ETags, sizes, and whether there is more
//
// Asked for with encoding-type=url, so that keys are plain ASCII. A small reader of its own: it
// looks for the few elements that matter, does not recurse, and knows no entities but XML's own
// five.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace slipway::lifecycle {

struct S3Object {
  std::string key;
  std::string etag;
  uint64_t size_bytes = 0;
};

struct S3Listing {
  std::vector<S3Object> objects;
  std::string next;  // the continuation token, if there is more
};

/// DATA_LOSS if it is no listing.
Result<S3Listing> read_listing(std::string_view xml);
/// "AccessDenied: Access Denied." from an error's body; empty if it is none.
std::string read_s3_error(std::string_view xml);

}  // namespace slipway::lifecycle
