// HttpClient: GETs over http and https, for models that lie elsewhere.
//
//   Downloader --get--> HttpClient --> head and pieces of the body
//
// libcurl is loaded when the first request is made (dlopen), so that a server of local files
// neither starts slower nor is larger for it. Certificates are verified; redirects are the caller's
// to follow. Single-sequence.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace slipway::lifecycle {

struct HttpHead {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case

  std::string_view header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

class HttpClient {
 public:
  /// Gets each piece of the body with the head before it; an error ends the transfer.
  using Sink = std::function<Status(const HttpHead& head, std::string_view piece)>;

  virtual ~HttpClient() = default;
  /// UNAVAILABLE: no connection, broken off, too slow. Whatever the status, the body goes to
  /// `sink`.
  virtual Result<HttpHead> get(const std::string& url,
                               const std::map<std::string, std::string>& headers,
                               const Sink& sink) = 0;
};

struct HttpClientOptions {
  std::string ca_file;  // empty: the system's certificates
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds idle_timeout{30};     // without a kilobyte a second for so long: given up
  std::chrono::seconds total_timeout{3600};  // of one request
};

/// `stop` ends a transfer that runs; both outlive the client.
std::unique_ptr<HttpClient> make_http_client(HttpClientOptions options,
                                             const std::atomic<bool>& stop);

}  // namespace slipway::lifecycle
