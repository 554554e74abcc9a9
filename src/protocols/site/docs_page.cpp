// GET /docs: Swagger UI over the OpenAPI documents of the models, and the files that it needs.
#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/site/examples.h"
#include "protocols/site/html.h"
#include "protocols/site/swagger_files.h"

namespace slipway::protocols {
namespace {

// Nothing from elsewhere, and no inline code: a model's name can become none.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
    "data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slipway: API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<style>body{margin:0}nav{font:16px/1.5 system-ui,sans-serif;padding:.75rem 1.25rem;background:#8881}
nav select{font:inherit;margin-left:.5rem}nav a{margin-left:1rem}</style></head><body>
<nav><label>Model<select id="model">)";
constexpr std::string_view kTail = R"(</select></label><a href="/">overview</a></nav>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>
)";

// The model stands behind '#', so that a link to it can be kept.
constexpr std::string_view kStart = R"(const choice = document.getElementById('model');
function show() {
  if (choice.value === '') return;
  SwaggerUIBundle({url: '/v2/models/' + choice.value + '/openapi.json', dom_id: '#swagger-ui',
    presets: [SwaggerUIBundle.presets.apis], layout: 'BaseLayout', validatorUrl: null,
    tryItOutEnabled: true, displayRequestDuration: true});
}
const named = location.hash.slice(1);
if ([...choice.options].some(option => option.value === named)) choice.value = named;
choice.addEventListener('change', () => { location.hash = choice.value; show(); });
show();
)";

void answer_file(Call& call, std::string_view content_type, std::string_view gzip) {
  transport::HttpResponse& response = call.response();
  if (call.request().header("Accept-Encoding").find("gzip") == std::string_view::npos) {
    return answer_error(call,
                        Status(StatusCode::kInvalidArgument,
                               "this file is sent with gzip only: expected Accept-Encoding: gzip"));
  }
  response.content_type = content_type;
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.headers.emplace_back("Cache-Control", "max-age=3600");
  response.body = gzip;
}

}  // namespace

void docs_page(Call& call) {
  transport::HttpResponse& response = call.response();
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  std::string& body = response.body;
  body = kHead;
  if (const auto models = models_of(call); models.ok()) {
    for (const auto& model : (*models)->models()) {
      body += "<option value=\"" + site::encoded_segment(model->name) + "\">";
      site::append_html(body, model->name);
      body += "</option>";
    }
  }
  body += kTail;
}

void docs_start(Call& call) {
  call.response().content_type = "text/javascript; charset=utf-8";
  call.response().body = kStart;
}
void docs_script(Call& call) {
  answer_file(call, "text/javascript; charset=utf-8", site::swagger_bundle_js());
}
void docs_style(Call& call) { answer_file(call, "text/css; charset=utf-8", site::swagger_css()); }
void docs_licenses(Call& call) {
  answer_file(call, "text/plain; charset=utf-8", site::swagger_licenses());
}

}  // namespace slipway::protocols
