// The header fields of one HTTP/2 request, gathered one by one (RFC 9113, 8.3).
//
// Ownership: the session gathers into one, since header blocks do not interleave, and swaps it with
// that of the stream. Thread rule: single-sequence.
//
//   head.add(":path", "/a?b") ... stream.head.swap(head); stream.head.finish();
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http.h"

namespace slipway::transport {

class Http2Head {
 public:
  /// False, from then on, once all fields together exceed `bytes_max` (counted as
  /// SETTINGS_MAX_HEADER_LIST_SIZE counts: 32 bytes more for each field).
  bool add(std::string_view name, std::string_view value, uint64_t bytes_max);
  bool too_large() const { return too_large_; }
  /// The value of a field while they are gathered; null data if absent.
  std::string_view find(std::string_view name) const;
  void clear();
  void swap(Http2Head& other);
  /// Makes the views; they hold until clear() or swap().
  void finish();

  HttpMethod method() const { return method_; }
  /// As sent, without its query.
  std::string_view path() const { return path_; }
  std::string_view query() const { return query_; }
  /// Without pseudo-headers; ":authority" stands as "host", unless there is one.
  std::span<const HttpHeader> headers() const { return headers_; }
  /// Null data if absent.
  std::string_view header(std::string_view name) const;
  size_t memory_bytes() const;

 private:
  struct Field {
    uint32_t name_size = 0;
    uint32_t value_size = 0;
  };
  void take_pseudo_header(std::string_view name, std::string_view value);

  std::string bytes_;  // name, value, name, value, ...
  std::vector<Field> fields_;
  std::vector<HttpHeader> headers_;
  uint64_t counted_bytes_ = 0;
  bool too_large_ = false;
  HttpMethod method_ = HttpMethod::kOther;
  std::string_view path_;
  std::string_view query_;
};

}  // namespace slipway::transport
