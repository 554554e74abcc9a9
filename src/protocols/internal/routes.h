// The routes of a listener: method and path pattern to handler, made from the dialects that it
// speaks. This is the one place where it is decided who owns a path that several dialects have.
//
//   dialects, in order --RouteTable--> find(method, path) --> handler
//
// A pattern's {...} matches one path segment, or, before a ':', what stands before it. Matching is
// a scan over the routes whose path begins alike; it leaves a pattern at its first differing byte.
// Ownership: a table points to constant routes, but for the aliases, which it owns. Thread rule:
// immutable.
//
//   const RouteTable table({&kTfServingDialect, &kSiteDialect}, {});
//   const RouteTable::Entry* route = table.find(HttpMethod::kGet, "/v1/models/iris", segments);
#pragma once

#include <array>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "transport/http.h"

namespace slipway::protocols {

struct Call;
struct Dialect;
struct RpcMethod;

struct Route {
  transport::HttpMethod method;
  std::string_view pattern;
  void (*handle)(Call&);
};

/// The segments that {...} stood for, as sent.
using RouteSegments = std::array<std::string_view, 2>;

/// A further path for the routes of a pattern: {"/monitoring/metrics", "/metrics"}.
using RouteAlias = std::pair<std::string, std::string>;

class RouteTable {
 public:
  struct Entry : Route {
    const Dialect* dialect;
  };

  /// Of two routes with the same method and path, that of the first dialect is taken. Aliases come
  /// before all others.
  RouteTable(std::span<const Dialect* const> dialects, std::span<const RouteAlias> aliases);
  RouteTable(const RouteTable&) = delete;
  RouteTable(RouteTable&&) = default;
  RouteTable& operator=(const RouteTable&) = delete;

  std::span<const Entry> entries() const { return entries_; }
  /// In the order in which they own paths.
  std::span<const Dialect* const> dialects() const { return dialects_; }
  /// Null if no route has this method and path; HEAD is matched as GET.
  const Entry* find(transport::HttpMethod method, std::string_view path,
                    RouteSegments& segments) const;
  /// The first dialect that claims the beginning of this path; null if none does.
  const Dialect* claimant(std::string_view path) const;
  /// "GET, HEAD, OPTIONS" for a path that some route has; empty for an unknown one.
  std::string allowed_methods(std::string_view path) const;
  /// The routes that look most like the path, for the message of a 404.
  std::string nearest(std::string_view path) const;
  /// The gRPC method of this path; null if there is none.
  const RpcMethod* find_method(std::string_view path) const;

 private:
  void add(const Route& route, const Dialect* dialect);

  std::vector<const Dialect*> dialects_;
  std::deque<std::string> paths_;  // of aliases
  std::vector<Entry> entries_;
  std::vector<const RpcMethod*> methods_;
};

/// The tables of all listeners.
struct RouteTables {
  RouteTable other;                     // of listeners without one of their own
  std::vector<RouteTable> of_listener;  // by HttpRequest::listener

  const RouteTable& of(uint32_t listener) const {
    return listener < of_listener.size() ? of_listener[listener] : other;
  }
};

bool match_pattern(std::string_view pattern, std::string_view path, RouteSegments& segments);

/// False if an escape is broken or decodes to a NUL byte. `storage` is used only if there is an
/// escape.
bool decode_segment(std::string_view segment, std::string& storage, std::string_view& decoded);

}  // namespace slipway::protocols
