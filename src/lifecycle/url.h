// Url: addresses of models, http(s):// and s3://, and which of them an admin call may name.
//
//   "s3://models/iris.joblib" --parse_url--> Url --allowed_by(prefixes)--> fetched, or 403
//
// Strict, so that no two readers can see different things in one text: no user names, fragments,
// dot segments, backslashes or control characters, no percent-encoded slashes or dots. Of http(s)
// the path is kept as it is written; the key of an s3 address is taken literally. Plain values.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::lifecycle {

struct Url {
  std::string scheme;  // "http", "https", "s3"
  std::string host;    // lower case, with a port if it is not the scheme's own; of s3 the bucket
  std::string path;    // begins with '/'
  std::string query;   // without '?'; of s3 always empty

  bool is_s3() const { return scheme == "s3"; }
  /// The last segment of the path, or the host if there is none.
  std::string_view name() const;
  std::string text() const;
};

/// True for texts that are meant to be an address: "word://...".
bool looks_like_url(std::string_view text);
/// INVALID_ARGUMENT says what is wrong.
Result<Url> parse_url(std::string_view text);
/// What a Location header means, seen from `base`: absolute, or a path on the same host.
Result<Url> parse_location(const Url& base, std::string_view location);
/// True if a prefix has the same scheme and host, and its path's segments begin the address's.
bool allowed_by(const Url& url, std::span<const Url> prefixes);
/// Percent-encodes all but unreserved characters; a slash too, unless `keep_slashes`.
std::string percent_encoded(std::string_view text, bool keep_slashes);

}  // namespace slipway::lifecycle
