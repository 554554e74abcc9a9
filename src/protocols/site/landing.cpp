// The landing page, the plain list of models, and the metrics' text.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "metrics/registry.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/site/examples.h"
#include "protocols/site/html.h"

namespace slipway::protocols {
namespace {

using site::append_html;

constexpr size_t kExampleColumnsMax = 40;  // a longer curl line helps nobody

constexpr std::string_view kPageHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slipway</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
h1{margin:0}h2{margin:2rem 0 .25rem;font-size:1.15rem}
p{margin:.25rem 0}.dim{opacity:.7}
.state{font-size:.8rem;font-weight:600;padding:.1rem .5rem;border-radius:1rem;margin-left:.5rem}
.ready{background:#1a7f3733;color:#1a7f37}.failed{background:#cf222e33;color:#cf222e}
pre{background:#8881;padding:.75rem;border-radius:.5rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0}
code{font:14px ui-monospace,monospace}a{color:#0969da}summary{cursor:pointer}
</style></head><body>
)";

/// Text inside single quotes of a POSIX shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

/// The host as the client named it, if it is one.
std::string host_of(const Call& call) {
  const std::string_view host = call.request().header("host");
  for (const char c : host) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == ':' || c == '[' || c == ']' || c == '_';
    if (!plain) return "localhost:8080";
  }
  return host.empty() || host.size() > 255 ? "localhost:8080" : std::string(host);
}

std::string command(const Call& call, const site::Example& example) {
  const std::string host = host_of(call);
  if (example.is_grpc) {
    return fmt::format("grpcurl -plaintext -d {} {} {}", shell_quoted(example.body), host,
                       example.path);
  }
  // Some systems ask for the type, and what they refuse without it is refused here too.
  const std::string_view type =
      example.dialect == "simple" ? "" : " -H 'Content-Type: application/json'";
  return fmt::format("curl http://{}{}{} -d {}", host, example.path, type,
                     shell_quoted(example.body));
}

/// The first dialect's example open, the others folded.
void append_examples(std::string& out, const Call& call, const serving::ServedModel& model) {
  const auto& models = *call.loop->inference.models();
  bool first = true;
  for (const site::Example& example :
       site::examples_of(*call.routes, model, models.default_name() == model.name)) {
    out += first ? "<details open><summary>" : "<details><summary>";
    first = false;
    append_html(out, example.system);
    out += "</summary><pre><code>";
    append_html(out, command(call, example));
    out += "</code></pre></details>\n";
  }
}

void append_model(std::string& out, const Call& call, const serving::ServedModel& model) {
  const Signature& signature = model.signature();
  out += "<h2>";
  append_html(out, model.name);
  out += "<span class=\"state ready\">ready</span></h2>\n<p class=\"dim\">";
  append_html(out, model.loaded.class_name);
  out += ", ";
  append_html(out, model.loaded.library + " " + model.loaded.library_version);
  out +=
      fmt::format(", version {}, {} &middot; ", model.version,
                  signature.rows_are_records ? "rows are objects"
                                             : fmt::format("{} columns", signature.columns.size()));
  const std::string path = site::encoded_segment(model.name);
  out += fmt::format(
      "<a href=\"/v2/models/{0}\">metadata</a> &middot; <a href=\"/docs#{0}\">try it</a> &middot; "
      "<a href=\"/v2/models/{0}/openapi.json\">OpenAPI</a></p>\n",
      path);
  if (signature.columns.size() <= kExampleColumnsMax) append_examples(out, call, model);
}

void append_text_field(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

/// `,"labels":["stable"]`, if the version has any.
void append_labels(std::string& out, const serving::ModelSet& models,
                   const serving::ModelStatus& status) {
  std::string list;
  for (const serving::VersionLabel& label : models.labels(status.name)) {
    if (label.version != status.version) continue;
    if (!list.empty()) list.push_back(',');
    append_json_string(list, label.label);
  }
  if (!list.empty()) out += ",\"labels\":[" + list + "]";
}

void append_failed(std::string& out, const serving::ModelStatus& status) {
  out += "<h2>";
  append_html(out, status.version.empty() || status.version == "1"
                       ? status.name
                       : status.name + " version " + status.version);
  out += "<span class=\"state failed\">";
  out += status.served() ? "new content failed" : "failed";
  out += "</span></h2>\n<p>";
  append_html(out, status.status.message());
  out += "</p>\n";
}

}  // namespace

void landing_page(Call& call) {
  transport::HttpResponse& response = call.response();
  response.content_type = "text/html; charset=utf-8";
  std::string& body = response.body;
  body = kPageHead;
  body += "<h1>Slipway</h1>\n<p class=\"dim\">";
  append_html(body, "version " + call.loop->server.version);
  body +=
      " &middot; <a href=\"/docs\">API</a> &middot; <a href=\"/metrics\">metrics</a> &middot; "
      "<a href=\"/v2\">Open Inference Protocol</a> &middot; "
      "<a href=\"/v2/health/ready\">readiness</a></p>\n";
  const auto models = models_of(call);
  if (!models.ok()) {
    body += "<p>The models are still loading.</p>\n";
  } else {
    for (const auto& model : (*models)->models()) append_model(body, call, *model);
    for (const serving::ModelStatus& status : (*models)->statuses()) {
      if (!status.status.ok()) append_failed(body, status);
    }
    for (const std::string& error : (*models)->repository_errors()) {
      body += "<h2>Model repository<span class=\"state failed\">failed</span></h2>\n<p>";
      append_html(body, error);
      body += "</p>\n";
    }
  }
  body += "</body></html>\n";
}

void models_list(Call& call) {
  const auto models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body += "{\"models\":[";
  bool first = true;
  for (const serving::ModelStatus& status : (*models)->statuses()) {
    if (!first) body.push_back(',');
    first = false;
    body += "{\"name\":";
    append_json_string(body, status.name);
    body += ",\"version\":";
    append_json_string(body, status.version);
    body += status.served() ? ",\"ready\":true" : ",\"ready\":false";
    append_text_field(body, "state", serving::version_state_name(status.state));
    if (!status.reason.empty()) append_text_field(body, "reason", status.reason);
    if (!status.status.ok()) append_text_field(body, "error", status.status.message());
    append_labels(body, **models, status);
    body.push_back('}');
  }
  body.push_back(']');
  first = true;
  for (const std::string& error : (*models)->repository_errors()) {
    body += first ? ",\"errors\":[" : ",";
    first = false;
    append_json_string(body, error);
  }
  body += first ? "}" : "]}";
}

void metrics_text(Call& call) {
  call.response().content_type = metrics::kTextContentType;
  call.loop->server.registry->write(call.response().body);
}

}  // namespace slipway::protocols
