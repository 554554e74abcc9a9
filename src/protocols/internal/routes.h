// The table of routes: method and path pattern to handler.
//
// A pattern's {...} matches one path segment. Hot routes stand first, since matching is a scan that
// leaves a pattern at its first differing byte. The table is constant; tests hold a golden list of
// it.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "transport/http.h"

namespace slipway::protocols {

struct Call;

struct Route {
  transport::HttpMethod method;
  std::string_view pattern;
  void (*handle)(Call&);
};

std::span<const Route> routes();

/// The segments that {...} stood for, as sent.
using RouteSegments = std::array<std::string_view, 2>;

bool match_pattern(std::string_view pattern, std::string_view path, RouteSegments& segments);
/// Null if no route has this method and path; HEAD is matched as GET.
const Route* find_route(transport::HttpMethod method, std::string_view path,
                        RouteSegments& segments);
/// "GET, HEAD, OPTIONS" for a path that some route has; empty for an unknown one.
std::string allowed_methods(std::string_view path);
/// The routes that look most like the path, for the message of a 404.
std::string nearest_routes(std::string_view path);

/// False if an escape is broken or decodes to a NUL byte. `storage` is used only if there is an
/// escape.
bool decode_segment(std::string_view segment, std::string& storage, std::string_view& decoded);

}  // namespace slipway::protocols
