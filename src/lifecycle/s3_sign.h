// Signs requests to S3 (AWS Signature Version 4), and finds whose name they are signed with.
//
//   method, host, path, query, headers --sign_s3--> Authorization and x-amz-* headers
//
// Own code: libcurl's signer of the Debian release at hand neither sorts nor encodes what
// ListObjectsV2 needs, and does not sign session tokens. Tested with the examples that AWS
// publishes. Pure functions, but for find_aws_credentials, which reads the environment and the
// shared files.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace slipway::lifecycle {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // may be empty
};

struct S3Request {
  std::string host;
  std::string path;                                        // percent-encoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  // not encoded
  std::map<std::string, std::string> headers;              // lower case; beside host and x-amz-*
};

/// "a=b&c=d", sorted and encoded.
std::string encode_query(std::vector<std::pair<std::string, std::string>> query);
/// The headers of a GET without body, `request.headers` included.
std::map<std::string, std::string> sign_s3(const S3Request& request,
                                           const AwsCredentials& credentials,
                                           std::string_view region,
                                           std::chrono::system_clock::time_point now);

/// From the environment, else from the profile in the shared credentials file; none: requests go
/// unsigned. FAILED_PRECONDITION if the profile that was asked for is not there.
Result<std::optional<AwsCredentials>> find_aws_credentials();
/// The same from the text of the file; nullopt if it has no such profile.
std::optional<AwsCredentials> read_aws_profile(std::string_view text, std::string_view profile);

}  // namespace slipway::lifecycle
