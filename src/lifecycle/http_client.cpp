#include "lifecycle/http_client.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace slipway::lifecycle {
namespace {

constexpr long kSlowBytesPerSecond = 1024;
constexpr size_t kHeadersMax = 200;

/// The functions of libcurl that are used.
struct Curl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<Curl> load_curl() {
  constexpr const char* kLibrary = "libcurl.so.4";
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return unavailable(fmt::format(
        "http, https and s3 need {}, which cannot be loaded (Debian's package libcurl4): {}",
        kLibrary, dlerror()));
  }
  Curl curl{};
  if (!find(library, "curl_global_init", curl.global_init) ||
      !find(library, "curl_easy_init", curl.easy_init) ||
      !find(library, "curl_easy_cleanup", curl.easy_cleanup) ||
      !find(library, "curl_easy_reset", curl.easy_reset) ||
      !find(library, "curl_easy_setopt", curl.easy_setopt) ||
      !find(library, "curl_easy_perform", curl.easy_perform) ||
      !find(library, "curl_easy_strerror", curl.easy_strerror) ||
      !find(library, "curl_slist_append", curl.slist_append) ||
      !find(library, "curl_slist_free_all", curl.slist_free_all) ||
      curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return unavailable(fmt::format("{} cannot be used", kLibrary));
  }
  return curl;
}

/// One request that runs.
struct Transfer {
  HttpHead head;
  const HttpClient::Sink* sink = nullptr;
  const std::atomic<bool>* stop = nullptr;
  Status failed;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // anew: what came before was an interim answer
    transfer.head = {};
    const std::string_view rest = line.substr(std::min(line.find(' '), line.size()));
    const std::string_view digits = trimmed(rest);
    std::from_chars(digits.data(), digits.data() + digits.size(), transfer.head.status);
  } else if (const size_t colon = line.find(':');
             colon != std::string_view::npos && transfer.head.headers.size() < kHeadersMax) {
    std::string name(trimmed(line.substr(0, colon)));
    std::ranges::transform(name, name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    transfer.head.headers[std::move(name)] = trimmed(line.substr(colon + 1));
  }
  return line.size();
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.failed = (*transfer.sink)(transfer.head, {data, size * count});
  return transfer.failed.ok() ? size * count : 0;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop->load() ? 1 : 0;
}

class CurlClient final : public HttpClient {
 public:
  CurlClient(HttpClientOptions options, const std::atomic<bool>& stop)
      : options_(std::move(options)), stop_(stop) {}
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient() override {
    if (handle_ != nullptr) curl_.easy_cleanup(handle_);
  }

  Result<HttpHead> get(const std::string& url, const std::map<std::string, std::string>& headers,
                       const Sink& sink) override {
    if (handle_ == nullptr) {
      curl_ = TRY(load_curl());
      handle_ = curl_.easy_init();
      if (handle_ == nullptr) return unavailable("libcurl gives no handle");
    }
    Transfer transfer;
    transfer.sink = &sink;
    transfer.stop = &stop_;
    curl_slist* lines = nullptr;
    for (const auto& [name, value] : headers) {
      lines = curl_.slist_append(lines, fmt::format("{}: {}", name, value).c_str());
    }
    set_up(url, lines, transfer);
    const CURLcode code = curl_.easy_perform(handle_);
    curl_.slist_free_all(lines);
    if (!transfer.failed.ok()) return transfer.failed;
    if (stop_.load()) return unavailable("the server is stopping");
    if (code != CURLE_OK) return unavailable(curl_.easy_strerror(code));
    return std::move(transfer.head);
  }

 private:
  void set_up(const std::string& url, curl_slist* lines, Transfer& transfer) {
    const auto set = curl_.easy_setopt;
    curl_.easy_reset(handle_);  // connections stay
    set(handle_, CURLOPT_URL, url.c_str());
    set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle_, CURLOPT_PATH_AS_IS, 1L);
    set(handle_, CURLOPT_HTTPHEADER, lines);
    set(handle_, CURLOPT_USERAGENT, "slipway");
    set(handle_, CURLOPT_NOSIGNAL, 1L);
    set(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    set(handle_, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
    set(handle_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.idle_timeout.count()));
    set(handle_, CURLOPT_TIMEOUT, static_cast<long>(options_.total_timeout.count()));
    if (!options_.ca_file.empty()) set(handle_, CURLOPT_CAINFO, options_.ca_file.c_str());
    set(handle_, CURLOPT_HEADERFUNCTION, &on_header);
    set(handle_, CURLOPT_HEADERDATA, &transfer);
    set(handle_, CURLOPT_WRITEFUNCTION, &on_body);
    set(handle_, CURLOPT_WRITEDATA, &transfer);
    set(handle_, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(handle_, CURLOPT_XFERINFODATA, &transfer);
    set(handle_, CURLOPT_NOPROGRESS, 0L);
  }

  const HttpClientOptions options_;
  const std::atomic<bool>& stop_;
  Curl curl_{};
  CURL* handle_ = nullptr;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpClientOptions options,
                                             const std::atomic<bool>& stop) {
  return std::make_unique<CurlClient>(std::move(options), stop);
}

}  // namespace slipway::lifecycle
