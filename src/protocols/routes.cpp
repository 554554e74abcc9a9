#include "protocols/internal/routes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "protocols/internal/dialect.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr size_t kRoutesInMessage = 3;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// "/predict/" is "/predict"; "/" stays.
std::string_view without_slash(std::string_view path) {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

/// True if two patterns stand for the same paths, whatever they call their segments.
bool same_paths(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    const size_t skip_a = a.front() == '{' ? a.find('}') : 0;
    const size_t skip_b = b.front() == '{' ? b.find('}') : 0;
    a.remove_prefix(skip_a + 1);
    b.remove_prefix(skip_b + 1);
  }
  return a.empty() && b.empty();
}

}  // namespace

bool match_pattern(std::string_view pattern, std::string_view path, RouteSegments& segments) {
  size_t at = 0;
  size_t count = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      if (at >= path.size() || path[at] != pattern[i]) return false;
      ++at;
      continue;
    }
    i = pattern.find('}', i);
    const bool before_colon = i + 1 < pattern.size() && pattern[i + 1] == ':';
    const size_t end = std::min(path.find_first_of(before_colon ? "/:" : "/", at), path.size());
    if (end == at || count == segments.size()) return false;
    segments[count++] = path.substr(at, end - at);
    at = end;
  }
  std::fill(segments.begin() + count, segments.end(), std::string_view());  // of other patterns
  return at == path.size();
}

RouteTable::RouteTable(std::span<const Dialect* const> dialects,
                       std::span<const RouteAlias> aliases)
    : dialects_(dialects.begin(), dialects.end()) {
  for (const auto& [path, target] : aliases) {
    const std::string& owned = paths_.emplace_back(path);
    for (const Dialect* dialect : dialects_) {
      for (const Route& route : dialect->routes) {
        if (route.pattern == target) add({route.method, owned, route.handle}, dialect);
      }
    }
  }
  for (const Dialect* dialect : dialects_) {
    for (const Route& route : dialect->routes) add(route, dialect);
    for (const RpcMethod& method : dialect->methods) methods_.push_back(&method);
  }
}

void RouteTable::add(const Route& route, const Dialect* dialect) {
  const bool is_taken = std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.method == route.method && same_paths(entry.pattern, route.pattern);
  });
  if (!is_taken) entries_.push_back({route, dialect});
}

const RouteTable::Entry* RouteTable::find(HttpMethod method, std::string_view path,
                                          RouteSegments& segments) const {
  if (method == HttpMethod::kHead) method = HttpMethod::kGet;
  path = without_slash(path);
  for (const Entry& entry : entries_) {
    if (entry.method == method && match_pattern(entry.pattern, path, segments)) return &entry;
  }
  return nullptr;
}

const Dialect* RouteTable::claimant(std::string_view path) const {
  if (!dialects_.empty() && dialects_.front()->claims_rest_if_first) return dialects_.front();
  for (const Dialect* dialect : dialects_) {
    if (!dialect->prefix.empty() && path.starts_with(dialect->prefix)) return dialect;
  }
  return nullptr;
}

std::string RouteTable::allowed_methods(std::string_view path) const {
  RouteSegments ignored;
  std::string allowed;
  path = without_slash(path);
  for (const Entry& entry : entries_) {
    if (!match_pattern(entry.pattern, path, ignored)) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += entry.method == HttpMethod::kGet ? "GET, HEAD" : http_method_name(entry.method);
  }
  if (!allowed.empty()) allowed += ", OPTIONS";
  return allowed;
}

std::string RouteTable::nearest(std::string_view path) const {
  std::vector<std::pair<size_t, const Route*>> by_distance;
  by_distance.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    by_distance.emplace_back(edit_distance(path, entry.pattern), &entry);
  }
  std::ranges::stable_sort(by_distance, {}, &std::pair<size_t, const Route*>::first);
  std::string list;
  for (size_t i = 0; i < std::min(kRoutesInMessage, by_distance.size()); ++i) {
    if (i > 0) list += ", ";
    list += http_method_name(by_distance[i].second->method);
    list += ' ';
    list += by_distance[i].second->pattern;
  }
  return list;
}

const RpcMethod* RouteTable::find_method(std::string_view path) const {
  for (const RpcMethod* method : methods_) {
    if (method->path == path) return method;
  }
  return nullptr;
}

bool decode_segment(std::string_view segment, std::string& storage, std::string_view& decoded) {
  if (segment.find('%') == std::string_view::npos) {
    decoded = segment;
    return true;
  }
  storage.clear();
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      storage.push_back(segment[i]);
      continue;
    }
    if (i + 2 >= segment.size()) return false;
    const int high = hex_value(segment[i + 1]);
    const int low = hex_value(segment[i + 2]);
    if (high < 0 || low < 0 || high * 16 + low == 0) return false;
    storage.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  decoded = storage;
  return true;
}

}  // namespace slipway::protocols
