#include "protocols/internal/routes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/predict", simple_predict},
    {HttpMethod::kPost, "/v2/models/{model}/infer", v2_infer},
    {HttpMethod::kPost, "/models/{model}/predict", simple_predict_model},
    {HttpMethod::kPost, "/v2/models/{model}/versions/{version}/infer", v2_infer},
    {HttpMethod::kGet, "/v2/health/live", v2_live},
    {HttpMethod::kGet, "/v2/health/ready", v2_ready},
    {HttpMethod::kGet, "/metrics", metrics_text},
    {HttpMethod::kGet, "/v2", v2_server_metadata},
    {HttpMethod::kGet, "/v2/models", v2_models},
    {HttpMethod::kGet, "/v2/models/{model}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/ready", v2_model_ready},
    {HttpMethod::kGet, "/v2/models/{model}/openapi.json", model_openapi},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}/ready", v2_model_ready},
    {HttpMethod::kPost, "/v2/repository/index", v2_repository_index},
    {HttpMethod::kPost, "/v2/repository/models/{model}/load", v2_repository_load},
    {HttpMethod::kPost, "/v2/repository/models/{model}/unload", v2_repository_unload},
    {HttpMethod::kGet, "/models", models_list},
    {HttpMethod::kGet, "/livez", v2_live},
    {HttpMethod::kGet, "/healthz", v2_live},
    {HttpMethod::kGet, "/readyz", v2_ready},
    {HttpMethod::kGet, "/", landing_page},
};

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

}  // namespace

std::span<const Route> routes() { return kRoutes; }

bool match_pattern(std::string_view pattern, std::string_view path, RouteSegments& segments) {
  size_t at = 0;
  size_t count = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      if (at >= path.size() || path[at] != pattern[i]) return false;
      ++at;
      continue;
    }
    const size_t end = std::min(path.find('/', at), path.size());
    if (end == at || count == segments.size()) return false;
    segments[count++] = path.substr(at, end - at);
    at = end;
    i = pattern.find('}', i);
  }
  return at == path.size();
}

const Route* find_route(HttpMethod method, std::string_view path, RouteSegments& segments) {
  if (method == HttpMethod::kHead) method = HttpMethod::kGet;
  path = without_slash(path);
  for (const Route& route : kRoutes) {
    if (route.method == method && match_pattern(route.pattern, path, segments)) return &route;
  }
  return nullptr;
}

std::string allowed_methods(std::string_view path) {
  RouteSegments ignored;
  std::string allowed;
  path = without_slash(path);
  for (const Route& route : kRoutes) {
    if (!match_pattern(route.pattern, path, ignored)) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == HttpMethod::kGet ? "GET, HEAD" : http_method_name(route.method);
  }
  if (!allowed.empty()) allowed += ", OPTIONS";
  return allowed;
}

std::string nearest_routes(std::string_view path) {
  std::vector<std::pair<size_t, const Route*>> by_distance;
  for (const Route& route : kRoutes) {
    by_distance.emplace_back(edit_distance(path, route.pattern), &route);
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
