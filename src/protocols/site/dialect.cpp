// What a server has whatever its clients speak. These routes stand behind all others: a dialect
// that has one of them owns it.
#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kGet, "/metrics", metrics_text},
    {HttpMethod::kGet, "/models", models_list},
    {HttpMethod::kGet, "/livez", v2_live},
    {HttpMethod::kGet, "/healthz", v2_live},
    {HttpMethod::kGet, "/readyz", v2_ready},
    {HttpMethod::kGet, "/", landing_page},
    {HttpMethod::kGet, "/docs", docs_page},
    {HttpMethod::kGet, "/docs/start.js", docs_start},
    {HttpMethod::kGet, "/docs/swagger-ui-bundle.js", docs_script},
    {HttpMethod::kGet, "/docs/swagger-ui.css", docs_style},
    // Its script names this file.
    {HttpMethod::kGet, "/docs/swagger-ui-bundle.js.LICENSE.txt", docs_licenses},
};

}  // namespace

const Dialect kSiteDialect{.name = "site", .routes = kRoutes};

}  // namespace slipway::protocols
