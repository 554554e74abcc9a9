#include "transport/internal/response_head.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace slipway::transport {
namespace {

constexpr std::string_view kOkLine = "HTTP/1.1 200 OK\r\n";

void append_number(std::string& out, uint64_t number) {
  std::array<char, 20> digits;
  const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void append_header_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    out.push_back(control ? ' ' : c);
  }
}

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date(std::chrono::system_clock::time_point time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<size_t>(parts.tm_wday)], parts.tm_mday,
                     kMonths[static_cast<size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 424: return "Failed Dependency";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

void ResponseHead::refresh(SteadyTime now) {
  const auto wall = clock_.wall_now();
  const auto second = std::chrono::floor<std::chrono::seconds>(wall);
  fresh_until_ = now + std::chrono::duration_cast<SteadyTime::duration>(
                           second + std::chrono::seconds(1) - wall);
  ok_prefix_.assign(kOkLine);
  shared_begin_ = ok_prefix_.size();
  ok_prefix_ += "Server: slipway\r\nDate: ";
  date_begin_ = ok_prefix_.size();
  ok_prefix_ += http_date(second);
  ok_prefix_ += "\r\n";
}

std::string_view ResponseHead::date(SteadyTime now) {
  if (now >= fresh_until_) refresh(now);
  return std::string_view(ok_prefix_).substr(date_begin_, ok_prefix_.size() - date_begin_ - 2);
}

void ResponseHead::append(std::string& out, const HttpResponse& response, BodyFraming framing,
                          ConnectionHeader connection, SteadyTime now) {
  if (now >= fresh_until_) refresh(now);
  if (response.status == 200) {
    out += ok_prefix_;
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<uint64_t>(response.status));
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
    out.append(ok_prefix_, shared_begin_);
  }
  if (status_has_body(response.status)) {
    if (!response.content_type.empty()) {
      out += "Content-Type: ";
      out += response.content_type;
      out += "\r\n";
    }
    switch (framing) {
      case BodyFraming::kLength:
        out += "Content-Length: ";
        append_number(out, response.body.size());
        out += "\r\n";
        break;
      case BodyFraming::kChunked: out += "Transfer-Encoding: chunked\r\n"; break;
      case BodyFraming::kUntilClose: break;
    }
  }
  for (const auto& [name, value] : response.headers) {
    append_header_text(out, name);
    out += ": ";
    append_header_text(out, value);
    out += "\r\n";
  }
  switch (connection) {
    case ConnectionHeader::kNone: out += "\r\n"; break;
    case ConnectionHeader::kClose: out += "Connection: close\r\n\r\n"; break;
    case ConnectionHeader::kKeepAlive: out += "Connection: keep-alive\r\n\r\n"; break;
  }
}

}  // namespace slipway::transport
