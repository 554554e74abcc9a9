// A Content-Type header, taken apart (RFC 9110, 8.3.1).
//
//   parse_media_type("Text/CSV; charset=UTF-8")  // {"text/csv", "utf-8", ""}
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace slipway::protocols {

struct MediaType {
  std::string name;             // in lower case; empty if there is no header
  std::string charset;          // in lower case, without quotes
  std::string other_parameter;  // the name of the first parameter that is no charset
};

MediaType parse_media_type(std::string_view header);
/// True if a Content-Type is this type, which is in lower case. Allocates nothing.
bool names_media_type(std::string_view header, std::string_view type);

/// What an Accept header wants most of what is offered (in lower case), by its q-values; of equals
/// what the header names first, or, where a wildcard names both, what is offered first. Without a
/// header the first; nothing if none is acceptable. A q-value that is none counts as 1.
/// (RFC 9110, 12.5.1.) Allocates nothing.
std::optional<size_t> choose_media_type(std::string_view accept,
                                        std::span<const std::string_view> offered);

}  // namespace slipway::protocols
