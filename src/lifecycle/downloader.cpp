#include "lifecycle/downloader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/file.h"

namespace slipway::lifecycle {
namespace {

constexpr int kRedirectsMax = 5;
constexpr size_t kListingBytesMax = 8 << 20;
constexpr size_t kErrorBytesMax = 16 << 10;
constexpr size_t kObjectsMax = 100'000;
constexpr int kOk = 200;
constexpr int kPartial = 206;
constexpr int kNotModified = 304;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// For messages: queries may hold secrets.
std::string shown(const Url& url) { return url.scheme + "://" + url.host + url.path; }

Status status_error(const Url& url, int status, std::string_view body) {
  std::string reason = read_s3_error(body);
  if (!reason.empty()) reason = " (" + reason + ")";
  std::string text = fmt::format("cannot fetch {}: HTTP status {}{}", shown(url), status, reason);
  if (status == 404 || status == 410) return not_found(std::move(text));
  if (status == 401 || status == 403) return permission_denied(std::move(text));
  return unavailable(std::move(text));
}

Status file_error(const std::string& path, const char* what) {
  return unavailable(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// A file that is being written; closed at the end.
class PartialFile {
 public:
  PartialFile() = default;
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile() {
    if (fd_ >= 0) close(fd_);
  }

  Status open(const std::string& path, bool append) {
    path_ = path;
    const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
    fd_ = ::open(path.c_str(), how, 0600);
    return fd_ < 0 ? file_error(path, "write") : Status();
  }
  bool is_open() const { return fd_ >= 0; }
  Status write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return file_error(path_, "write");
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return {};
  }
  Status sync() { return fsync(fd_) == 0 ? Status() : file_error(path_, "write"); }

 private:
  std::string path_;
  int fd_ = -1;
};

uint64_t size_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? static_cast<uint64_t>(found.st_size) : 0;
}

std::string read_tag(const std::string& path) {
  std::ifstream file(path);
  std::string tag;
  std::getline(file, tag);
  return tag;
}

/// Writes the pieces of one answer to the partial file.
class FileSink {
 public:
  FileSink(std::string partial, uint64_t resumed_at, uint64_t bytes_max)
      : partial_(std::move(partial)), written_(resumed_at), bytes_max_(bytes_max) {}

  Status take(const HttpHead& head, std::string_view piece) {
    if (head.status != kOk && head.status != kPartial) {
      error_body_.append(
          piece.substr(0, kErrorBytesMax - std::min(kErrorBytesMax, error_body_.size())));
      return {};
    }
    if (!file_.is_open()) TRY_STATUS(begin(head));
    written_ += piece.size();
    if (written_ > bytes_max_) {
      return resource_exhausted(
          fmt::format("the object has more than {} bytes (--max-model-bytes)", bytes_max_));
    }
    return file_.write(piece);
  }
  /// All of it has come.
  Status finish(const HttpHead& head) {
    if (!file_.is_open()) TRY_STATUS(begin(head));  // an empty object
    return file_.sync();
  }
  const std::string& error_body() const { return error_body_; }

 private:
  Status begin(const HttpHead& head) {
    if (head.status == kPartial) {
      const std::string expected = fmt::format("bytes {}-", written_);
      if (!head.header("content-range").starts_with(expected)) {
        std::remove(partial_.c_str());
        return unavailable("the server sent another part of the object than was asked for");
      }
      return file_.open(partial_, true);
    }
    written_ = 0;
    // The tag first: a partial file is gone on with only if its tag is the object's.
    std::remove(partial_.c_str());
    std::ofstream(partial_ + ".tag") << head.header("etag");
    return file_.open(partial_, false);
  }

  const std::string partial_;
  uint64_t written_;
  const uint64_t bytes_max_;
  PartialFile file_;
  std::string error_body_;
};

}  // namespace

Downloader::Downloader(HttpClient& client, S3Options s3, uint64_t file_bytes_max)
    : client_(client), s3_(std::move(s3)), file_bytes_max_(file_bytes_max) {}

Status Downloader::begin(std::span<const Url> within) {
  within_ = within;
  credentials_ = TRY(find_aws_credentials());
  return {};
}

Downloader::Target Downloader::s3_target(const Url& url,
                                         std::vector<std::pair<std::string, std::string>> query,
                                         std::map<std::string, std::string> headers) const {
  std::string base =
      s3_.endpoint.empty() ? fmt::format("https://s3.{}.amazonaws.com", s3_.region) : s3_.endpoint;
  while (base.ends_with('/')) base.pop_back();
  const size_t host_at = base.find("://") + 3;
  const bool own_endpoint = !s3_.endpoint.empty();
  const bool has_dot = url.host.find('.') != std::string::npos;  // no certificate fits
  const bool in_path = !s3_.virtual_style && (s3_.path_style || own_endpoint || has_dot);
  S3Request request;
  const std::string key = query.empty() ? percent_encoded(url.path, true) : "/";
  if (in_path) {
    request.path = "/" + url.host + (query.empty() ? key : "");
  } else {
    base.insert(host_at, url.host + ".");
    request.path = key;
  }
  request.host = base.substr(host_at);
  request.query = std::move(query);
  request.headers = std::move(headers);
  const std::string encoded = encode_query(request.query);
  Target target;
  target.url = base + request.path + (encoded.empty() ? "" : "?" + encoded);
  target.headers = credentials_.has_value() ? sign_s3(request, *credentials_, s3_.region,
                                                      std::chrono::system_clock::now())
                                            : request.headers;
  return target;
}

Downloader::Target Downloader::target(const Url& url,
                                      std::map<std::string, std::string> headers) const {
  if (url.is_s3()) return s3_target(url, {}, std::move(headers));
  return {url.text(), std::move(headers)};
}

Result<HttpHead> Downloader::get(Url url, const std::map<std::string, std::string>& headers,
                                 const HttpClient::Sink& sink) {
  for (int redirects = 0;; ++redirects) {
    const Target to = target(url, headers);
    Result<HttpHead> head = client_.get(to.url, to.headers, sink);
    if (!head.ok()) return std::move(head).status().with_context("cannot fetch " + shown(url));
    if (url.is_s3() || !is_redirect(head->status)) return head;
    if (redirects == kRedirectsMax) {
      return unavailable(fmt::format("cannot fetch {}: too many redirects", shown(url)));
    }
    Url next = TRY(parse_location(url, head->header("location")));
    if (next.is_s3() || (url.scheme == "https" && next.scheme != "https")) {
      return permission_denied(fmt::format("cannot fetch {}: it leads to {}, which is not followed",
                                           shown(url), next.scheme));
    }
    if (!within_.empty() && !allowed_by(next, within_)) {
      return permission_denied(
          fmt::format("cannot fetch {}: it leads to {}, which --allow-url does not allow",
                      shown(url), shown(next)));
    }
    url = std::move(next);
  }
}

Result<bool> Downloader::fetch(const Url& url, const std::string& file, const std::string& partial,
                               const ObjectTag& known, ObjectTag& tag) {
  std::map<std::string, std::string> headers;
  const uint64_t begun = size_of(partial);
  const std::string begun_tag = read_tag(partial + ".tag");
  const bool resumes = begun > 0 && begun_tag.size() > 2 && begun_tag.front() == '"';
  if (resumes) {
    headers["range"] = fmt::format("bytes={}-", begun);
    headers[url.is_s3() ? "if-match" : "if-range"] = begun_tag;
  } else if (!known.etag.empty()) {
    headers["if-none-match"] = known.etag;
  } else if (!known.modified.empty()) {
    headers["if-modified-since"] = known.modified;
  }
  FileSink sink(partial, resumes ? begun : 0, file_bytes_max_);
  const HttpHead head = TRY(get(url, headers, [&](const HttpHead& answer, std::string_view piece) {
    return sink.take(answer, piece);
  }));
  if (head.status == kNotModified && !resumes) return false;
  if (resumes && (head.status == 412 || head.status == 416)) {  // it is another one by now
    std::remove(partial.c_str());
    return fetch(url, file, partial, known, tag);
  }
  if (head.status != kOk && head.status != kPartial) {
    return status_error(url, head.status, sink.error_body());
  }
  TRY_STATUS(sink.finish(head));
  tag.etag = head.status == kPartial ? begun_tag : std::string(head.header("etag"));
  tag.modified = head.header("last-modified");
  if (std::rename(partial.c_str(), file.c_str()) != 0) return file_error(file, "write");
  std::remove((partial + ".tag").c_str());
  return true;
}

Result<std::vector<S3Object>> Downloader::list(const Url& url) {
  std::vector<S3Object> objects;
  std::string next;
  do {
    std::vector<std::pair<std::string, std::string>> query = {
        {"list-type", "2"}, {"encoding-type", "url"}, {"prefix", url.path.substr(1)}};
    if (!next.empty()) query.emplace_back("continuation-token", next);
    const Target to = s3_target(url, std::move(query), {});
    std::string body;
    const auto sink = [&](const HttpHead&, std::string_view piece) {
      if (body.size() + piece.size() > kListingBytesMax) {
        return resource_exhausted("the listing is too large");
      }
      body += piece;
      return Status();
    };
    Result<HttpHead> head = client_.get(to.url, to.headers, sink);
    if (!head.ok()) return std::move(head).status().with_context("cannot list " + shown(url));
    if (head->status != kOk) return status_error(url, head->status, body);
    Result<S3Listing> page = read_listing(body);
    if (!page.ok()) return std::move(page).status().with_context("cannot list " + shown(url));
    std::ranges::move(page->objects, std::back_inserter(objects));
    if (objects.size() > kObjectsMax) {
      return resource_exhausted(
          fmt::format("{} holds more than {} objects", shown(url), kObjectsMax));
    }
    next = std::move(page->next);
  } while (!next.empty());
  return objects;
}

}  // namespace slipway::lifecycle
