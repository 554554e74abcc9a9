// Azure ML's inference server: /score, "Healthy" at /, /swagger.json.
#include <string>

#include "base/json_escape.h"
#include "protocols/cloud/predict.h"
#include "protocols/internal/call.h"
#include "protocols/internal/dialect.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

/// The list alone, as scoring scripts of scikit-learn models give it.
void write(Call& call) {
  append_keyed_rows(call.response().body, call, call.plan.outputs[0].index);
}

/// The ids by which clients find their requests again: theirs, or one that is made.
void append_request_ids(Call& call) {
  constexpr std::string_view kRequestId = "x-ms-request-id";
  constexpr std::string_view kClientId = "x-ms-client-request-id";
  const std::string_view client = call.request().header(kClientId);
  const std::string_view given = call.request().header(kRequestId);
  const std::string_view id = !given.empty() ? given : !client.empty() ? client : call.request_id;
  call.response().headers.emplace_back(kRequestId, id);
  if (!client.empty()) call.response().headers.emplace_back(kClientId, client);
}

void score(Call& call) {
  append_request_ids(call);
  cloud::predict(call, write);
}

void healthy(Call& call) {
  answer_json(call, 200, "Healthy");
  call.response().content_type = "text/plain; charset=utf-8";
}

std::string_view swagger_type(const InputColumn& column) {
  if (column.is_record()) return "object";
  return column.is_text() ? "string" : "number";
}

/// Swagger 2.0 of /score for the default model.
void swagger(Call& call) {
  const Status status = choose_model(call, {}, {});
  if (!status.ok()) return answer_error(call, status);
  const Signature& signature = call.infer.model->signature();
  std::string& body = call.response().body;
  body = R"({"swagger":"2.0","info":{"title":)";
  append_json_string(body, call.infer.model->name);
  body += R"(,"version":)";
  append_json_string(body, call.infer.model->version);
  body += R"(},"schemes":["https"],"consumes":["application/json"],)"
          R"("produces":["application/json"],"paths":{"/":{"get":{"operationId":)"
          R"("ServiceHealthCheck","responses":{"200":{"description":"Healthy"}}}},)"
          R"("/score":{"post":{"operationId":"RunMLService","parameters":[{"name":)"
          R"("serviceInputPayload","in":"body","schema":{"$ref":"#/definitions/ServiceInput"}}],)"
          R"("responses":{"200":{"description":"Predictions, one for each row.","schema":)"
          R"({"$ref":"#/definitions/ServiceOutput"}}}}}},"definitions":{"ServiceInput":)"
          R"({"type":"object","required":["data"],"properties":{"data":{"type":"array",)"
          R"("items":{"type":"object","properties":{)";
  for (size_t i = 0; i < signature.columns.size(); ++i) {
    if (i > 0) body.push_back(',');
    append_json_string(body, signature.columns[i].name);
    body += ":{\"type\":\"";
    body += swagger_type(signature.columns[i]);
    body += "\"}";
  }
  body += R"(}}}}},"ServiceOutput":{"type":"array","items":{}}}})";
  call.infer.model = nullptr;  // no inference
}

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/score", score},
    {HttpMethod::kGet, "/swagger.json", swagger},
    {HttpMethod::kGet, "/", healthy},  // the site comes before it, unless it is moved to the front
};

}  // namespace

const Dialect kAzureMlDialect{.name = "azure-ml", .routes = kRoutes};

}  // namespace slipway::protocols
