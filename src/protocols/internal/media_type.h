// A Content-Type header, taken apart (RFC 9110, 8.3.1).
//
//   parse_media_type("Text/CSV; charset=UTF-8")  // {"text/csv", "utf-8", ""}
#pragma once

#include <string>
#include <string_view>

namespace slipway::protocols {

struct MediaType {
  std::string name;             // in lower case; empty if there is no header
  std::string charset;          // in lower case, without quotes
  std::string other_parameter;  // the name of the first parameter that is no charset
};

MediaType parse_media_type(std::string_view header);
/// True if a Content-Type, or the first choice of an Accept header, is this type, which is in lower
/// case. Allocates nothing.
bool names_media_type(std::string_view header, std::string_view type);

}  // namespace slipway::protocols
