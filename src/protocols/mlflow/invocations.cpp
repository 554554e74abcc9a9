// MLflow's scoring server: /invocations, /ping, /health, /version.
#include <fmt/format.h>

#include <string>

#include "base/json_escape.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/csv_body.h"
#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/media_type.h"
#include "protocols/json_output.h"
#include "protocols/mlflow/request.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

/// The names of MLflow's error codes (mlflow.exceptions, databricks.proto).
std::string_view error_code(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument: return "BAD_REQUEST";
    case StatusCode::kOutOfRange: return "INVALID_PARAMETER_VALUE";
    case StatusCode::kNotFound: return "RESOURCE_DOES_NOT_EXIST";
    case StatusCode::kPermissionDenied: return "PERMISSION_DENIED";
    case StatusCode::kResourceExhausted: return "RESOURCE_LIMIT_EXCEEDED";
    case StatusCode::kUnavailable: return "TEMPORARILY_UNAVAILABLE";
    case StatusCode::kUnimplemented: return "NOT_IMPLEMENTED";
    case StatusCode::kDeadlineExceeded: return "REQUEST_LIMIT_EXCEEDED";
    default: return "INTERNAL_ERROR";
  }
}

void write_error(transport::HttpResponse& response, const Status& status) {
  response.status = http_status(status.code());
  response.content_type = "application/json";
  response.body = "{\"error_code\": ";
  append_json_string(response.body, error_code(status.code()));
  response.body += ", \"message\": ";
  append_json_string(response.body, status.message());
  response.body.push_back('}');
}

void answer_text(Call& call, int status, std::string text) {
  transport::HttpResponse& response = call.response();
  response.status = status;
  response.content_type = "text/plain";
  call.error = invalid_argument(text);
  response.body = std::move(text);
}

void write(Call& call) {
  std::string& body = call.response().body;
  body += "{\"predictions\": ";
  append_keyed_rows(body, call, call.plan.outputs[0].index);
  body.push_back('}');
}

Status read(Call& call, bool is_csv) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  call.plan.clear();
  const uint32_t output = default_output(call);
  call.plan.outputs.push_back({output});
  call.infer.wanted = OutputMask{1} << output;
  const std::string_view body = call.request().body;
  if (is_csv) {
    return read_csv_body(body, signature, CsvHeader::kFind, call.infer.input, call.plan.keys);
  }
  return mlflow::read_invocation(body, signature, model.column_places, model.loaded.schema.get(),
                                 *call.loop->read, call.infer.input);
}

void invocations(Call& call) {
  const std::string_view header = call.request().header("Content-Type");
  const MediaType type = parse_media_type(header);
  if (!type.charset.empty() && type.charset != "utf-8") {
    return answer_text(call, 415, "The scoring server only supports UTF-8");
  }
  if (!type.other_parameter.empty()) {
    return answer_text(
        call, 415, fmt::format("Unrecognized content type parameters: {}.", type.other_parameter));
  }
  const bool is_csv = type.name == "text/csv";
  if (!is_csv && type.name != "application/json" && !type.name.empty()) {
    return answer_text(call, 415,
                       fmt::format("This predictor only supports the following content types: "
                                   "Types: ['text/csv', 'application/json']. Got '{}'.",
                                   header.substr(0, 200)));
  }
  Status status = choose_model(call, {}, {});
  if (status.ok()) status = read(call, is_csv);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

/// 200 if the model that /invocations asks for is there, as MLflow answers; else 404.
void ping(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  const bool healthy = models.ok() && (*models)->default_model().ok();
  answer_json(call, healthy ? 200 : 404, "\n");
}

void version(Call& call) { answer_json(call, 200, call.loop->server.version); }

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/invocations", invocations},
    {HttpMethod::kGet, "/ping", ping},
    {HttpMethod::kGet, "/health", ping},
    {HttpMethod::kGet, "/version", version},
};

}  // namespace

const Dialect kMlflowDialect{.name = "mlflow", .routes = kRoutes, .write_error = write_error};

}  // namespace slipway::protocols
