#include "lifecycle/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace slipway::lifecycle {
namespace {

constexpr size_t kUrlBytesMax = 2048;
constexpr size_t kHostBytesMax = 253;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

Status wrong(std::string_view text, std::string_view what) {
  constexpr size_t kShown = 128;
  return invalid_argument(
      fmt::format("not a usable address: {}: {}", what, text.substr(0, kShown)));
}

/// Why the escapes of an http(s) path or query cannot be used; empty if they can.
std::string_view escape_problem(std::string_view text, bool is_path) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return "a broken %-escape";
    const int byte = high * 16 + low;
    if (byte < 0x20 || byte == 0x7f) return "an escaped control character";
    if (is_path && (byte == '/' || byte == '\\' || byte == '.' || byte == '%')) {
      return "an escaped slash, dot or percent sign";
    }
  }
  return {};
}

bool has_dot_segment(std::string_view path) {
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "." || segment == "..") return true;
    at = end + 1;
  }
  return false;
}

bool is_bucket(std::string_view text) {
  constexpr size_t kLeast = 3;
  constexpr size_t kMost = 63;
  return text.size() >= kLeast && text.size() <= kMost && is_alnum(text.front()) &&
         is_alnum(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
         });
}

/// Host and port, canonical; false if it is none.
bool read_authority(std::string_view text, std::string_view scheme, std::string& host) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const std::string_view inside = text.substr(1, end - 1);
    if (!std::ranges::all_of(inside,
                             [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; })) {
      return false;
    }
    host = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return false;
    if (!text.empty()) port = text.substr(1);
    if (!text.empty() && port.empty()) return false;
  } else {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return false;
    }
    if (host.empty() || host.size() > kHostBytesMax || host.front() == '.' || host.back() == '.' ||
        !std::ranges::all_of(
            host, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; })) {
      return false;
    }
  }
  std::ranges::transform(host, host.begin(), lower);
  if (port.empty()) return true;
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0) return false;
  const uint16_t usual = scheme == "https" ? 443 : 80;
  if (number != usual) host += ":" + std::to_string(number);
  return true;
}

}  // namespace

std::string_view Url::name() const {
  std::string_view rest = path;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  rest = rest.substr(rest.rfind('/') + 1);
  return rest.empty() ? std::string_view(host) : rest;
}

std::string Url::text() const {
  return scheme + "://" + host + path + (query.empty() ? "" : "?" + query);
}

bool looks_like_url(std::string_view text) {
  const size_t end = text.find("://");
  return end != std::string_view::npos && end > 0 &&
         std::ranges::all_of(text.substr(0, end), is_alnum);
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return wrong(text, "it is too long");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '\\') {
      return wrong("", "a blank, a backslash, a control character or one beyond ASCII");
    }
  }
  const size_t mark = text.find("://");
  if (mark == std::string_view::npos) return wrong(text, "expected http://, https:// or s3://");
  Url url;
  url.scheme = text.substr(0, mark);
  std::ranges::transform(url.scheme, url.scheme.begin(), lower);
  std::string_view rest = text.substr(mark + 3);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  rest.remove_prefix(slash);
  if (authority.find('@') != std::string_view::npos) return wrong("", "a user name in it");
  if (url.is_s3()) {
    if (!is_bucket(authority)) return wrong(text, "expected the name of a bucket");
    url.host = authority;
    if (!rest.empty() && rest.front() != '/') return wrong(text, "expected a slash");
    url.path = rest;
  } else {
    if (url.scheme != "http" && url.scheme != "https") {
      return wrong(text, "expected http://, https:// or s3://");
    }
    if (!read_authority(authority, url.scheme, url.host)) return wrong(text, "a broken host");
    if (rest.find('#') != std::string_view::npos) return wrong(text, "a fragment (#) in it");
    const size_t question = std::min(rest.find('?'), rest.size());
    url.path = rest.substr(0, question);
    if (question < rest.size()) url.query = rest.substr(question + 1);
    std::string_view problem = escape_problem(url.path, true);
    if (problem.empty()) problem = escape_problem(url.query, false);
    if (!problem.empty()) return wrong(text, problem);
  }
  if (url.path.empty()) url.path = "/";
  if (has_dot_segment(url.path)) return wrong(text, "a segment . or ..");
  if (url.path.find("//") != std::string::npos) return wrong(text, "an empty segment");
  return url;
}

Result<Url> parse_location(const Url& base, std::string_view location) {
  if (location.starts_with('/') && !location.starts_with("//")) {
    return parse_url(base.scheme + "://" + base.host + std::string(location));
  }
  return parse_url(location);
}

bool allowed_by(const Url& url, std::span<const Url> prefixes) {
  return std::ranges::any_of(prefixes, [&](const Url& prefix) {
    if (prefix.scheme != url.scheme || prefix.host != url.host) return false;
    if (!url.path.starts_with(prefix.path)) return false;
    return url.path.size() == prefix.path.size() || prefix.path.ends_with('/') ||
           url.path[prefix.path.size()] == '/';
  });
}

std::string percent_encoded(std::string_view text, bool keep_slashes) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slashes)) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace slipway::lifecycle
