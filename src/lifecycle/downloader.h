// Downloader: brings one object of the network into a file, or a listing into memory.
//
//   Mirror --fetch(url, file)--> HttpClient --> file.partial --fsync, rename--> file
//
// A transfer that broke off goes on where it stopped if the object is still the same (Range with
// If-Range, or If-Match of S3). Follows at most five redirects of http(s), never from https to
// http, never of S3. Requests to S3 are signed if there are credentials. Single-sequence.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "lifecycle/http_client.h"
#include "lifecycle/s3_listing.h"
#include "lifecycle/s3_sign.h"
#include "lifecycle/url.h"

namespace slipway::lifecycle {

struct S3Options {
  std::string endpoint;  // "http://127.0.0.1:9000"; empty: AWS's own
  std::string region = "us-east-1";
  bool path_style = false;  // bucket in the path, not in the host; always so with an endpoint of
                            // one's own, unless virtual_style
  bool virtual_style = false;
};

/// What tells one content of an object from another.
struct ObjectTag {
  std::string etag;
  std::string modified;  // Last-Modified, where there is no ETag
};

class Downloader {
 public:
  Downloader(HttpClient& client, S3Options s3, uint64_t file_bytes_max);

  /// The object into `file`, by way of `partial`. False if it is what `known` says, and nothing was
  /// fetched. `tag` is then its tag. NOT_FOUND if it is not there.
  Result<bool> fetch(const Url& url, const std::string& file, const std::string& partial,
                     const ObjectTag& known, ObjectTag& tag);
  /// All objects whose keys begin with the address's path.
  Result<std::vector<S3Object>> list(const Url& url);
  /// Reads the credentials anew. From now on redirects may lead only to what `within` allows; if it
  /// is empty, anywhere. It must live as long as it is used.
  Status begin(std::span<const Url> within);

 private:
  struct Target {
    std::string url;
    std::map<std::string, std::string> headers;
  };
  Target s3_target(const Url& url, std::vector<std::pair<std::string, std::string>> query,
                   std::map<std::string, std::string> headers) const;
  Target target(const Url& url, std::map<std::string, std::string> headers) const;
  Result<HttpHead> get(Url url, const std::map<std::string, std::string>& headers,
                       const HttpClient::Sink& sink);

  HttpClient& client_;
  const S3Options s3_;
  const uint64_t file_bytes_max_;
  std::optional<AwsCredentials> credentials_;
  std::span<const Url> within_;
};

}  // namespace slipway::lifecycle
