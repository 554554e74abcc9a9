#include "transport/internal/http2_head.h"

#include <utility>

#include "transport/internal/ascii.h"

namespace slipway::transport {
namespace {

constexpr uint64_t kFieldOverheadBytes = 32;  // RFC 9113, 6.5.2
constexpr size_t kKeptCapacityMax = 8 * 1024;

HttpMethod method_of(std::string_view name) {
  for (const HttpMethod method :
       {HttpMethod::kGet, HttpMethod::kHead, HttpMethod::kPost, HttpMethod::kPut,
        HttpMethod::kDelete, HttpMethod::kOptions, HttpMethod::kPatch}) {
    if (http_method_name(method) == name) return method;
  }
  return HttpMethod::kOther;
}

}  // namespace

bool Http2Head::add(std::string_view name, std::string_view value, uint64_t bytes_max) {
  if (too_large_) return false;
  counted_bytes_ += name.size() + value.size() + kFieldOverheadBytes;
  if (counted_bytes_ > bytes_max) {
    too_large_ = true;
    return false;
  }
  bytes_.append(name).append(value);
  fields_.push_back({static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
  return true;
}

std::string_view Http2Head::find(std::string_view name) const {
  std::string_view rest = bytes_;
  for (const Field& field : fields_) {
    if (rest.substr(0, field.name_size) == name) {
      return rest.substr(field.name_size, field.value_size);
    }
    rest.remove_prefix(field.name_size + size_t{field.value_size});
  }
  return {};
}

void Http2Head::clear() {
  if (bytes_.capacity() > kKeptCapacityMax) std::string().swap(bytes_);
  bytes_.clear();
  fields_.clear();
  headers_.clear();
  counted_bytes_ = 0;
  too_large_ = false;
  method_ = HttpMethod::kOther;
  path_ = query_ = {};
}

void Http2Head::swap(Http2Head& other) {
  bytes_.swap(other.bytes_);
  fields_.swap(other.fields_);
  headers_.swap(other.headers_);
  std::swap(counted_bytes_, other.counted_bytes_);
  std::swap(too_large_, other.too_large_);
}

void Http2Head::finish() {
  headers_.clear();
  std::string_view rest = bytes_;
  std::string_view authority;
  bool has_host = false;
  for (const Field& field : fields_) {
    const std::string_view name = rest.substr(0, field.name_size);
    const std::string_view value = rest.substr(field.name_size, field.value_size);
    rest.remove_prefix(name.size() + value.size());
    if (name.starts_with(':')) {
      if (name == ":authority") authority = value;
      take_pseudo_header(name, value);
    } else {
      has_host = has_host || name == "host";
      headers_.push_back({name, value});
    }
  }
  if (!has_host && authority.data() != nullptr) headers_.push_back({"host", authority});
}

void Http2Head::take_pseudo_header(std::string_view name, std::string_view value) {
  if (name == ":method") method_ = method_of(value);
  if (name != ":path") return;
  const size_t question = value.find('?');
  path_ = value.substr(0, question);
  query_ = question == std::string_view::npos ? std::string_view() : value.substr(question + 1);
}

std::string_view Http2Head::header(std::string_view name) const {
  for (const HttpHeader& header : headers_) {
    if (equals_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

size_t Http2Head::memory_bytes() const {
  return bytes_.capacity() + fields_.capacity() * sizeof(Field) +
         headers_.capacity() * sizeof(HttpHeader);
}

}  // namespace slipway::transport
