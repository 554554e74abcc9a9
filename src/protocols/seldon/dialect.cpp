// Seldon Core 1: predictions, feedback, health; also under the paths that its ingress gives.
#include <fmt/format.h>

#include <string>

#include "base/json_escape.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/dialect.h"
#include "protocols/json_output.h"
#include "protocols/seldon/request.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

/// The reasons of seldon_core's SeldonMicroserviceException, where it has one.
std::string_view reason(StatusCode code) {
  switch (http_status(code)) {
    case 400: return "MICROSERVICE_BAD_DATA";
    case 404: return "MICROSERVICE_NOT_FOUND";
    case 429: return "MICROSERVICE_OVERLOADED";
    case 503: return "MICROSERVICE_UNAVAILABLE";
    case 504: return "MICROSERVICE_TIMEOUT";
    default: return "MICROSERVICE_INTERNAL_ERROR";
  }
}

void write_error(transport::HttpResponse& response, const Status& status) {
  response.status = http_status(status.code());
  response.content_type = "application/json";
  response.body = R"({"status":{"code":-1,"info":)";
  append_json_string(response.body, status.message());
  response.body += ",\"reason\":";
  append_json_string(response.body, reason(status.code()));
  response.body += ",\"status\":1}}";
}

/// Classes, where the model names them; else "t:0", "t:1", as seldon_core calls them.
void append_names(std::string& body, const OutputSpec& spec) {
  body += "\"names\":[";
  for (uint32_t i = 0; !spec.is_vector && i < spec.width; ++i) {
    if (i > 0) body.push_back(',');
    append_json_string(
        body, spec.columns.size() == spec.width ? spec.columns[i] : fmt::format("t:{}", i));
  }
  body += "],";
}

/// What a client sent as a tensor is answered as one, if it is numbers.
void append_tensor(std::string& body, const OutputSpec& spec, const OutputBuffer& output) {
  body += fmt::format("\"tensor\":{{\"shape\":[{}", output.rows);
  if (!spec.is_vector) body += fmt::format(",{}", output.width);
  body += "],\"values\":[";
  for (size_t row = 0; row < output.rows; ++row) {
    for (size_t column = 0; column < output.width; ++column) {
      if (row + column > 0) body.push_back(',');
      append_cell(body, spec, output, row, column);
    }
  }
  body += "]}";
}

void write(Call& call) {
  const uint32_t index = call.plan.outputs[0].index;
  const OutputSpec& spec = call.infer.model->signature().outputs[index];
  const OutputBuffer& output = call.result.outputs[index];
  std::string& body = call.response().body;
  body += "{\"data\":{";
  append_names(body, spec);
  if (call.plan.outputs[0].binary && output_dtype(spec) != DType::kString) {
    append_tensor(body, spec, output);
  } else {
    body += "\"ndarray\":";
    append_rows(body, spec, output);
  }
  body += "},\"meta\":";
  body += call.plan.id;
  body.push_back('}');
}

/// The method: ?method=, else predict_proba where the model has it, as Seldon's server for
/// scikit-learn, else what the model answers by default.
Result<uint32_t> choose_output(const Call& call, const Signature& signature) {
  const std::string_view asked = call.request().query_parameter("method");
  if (asked.empty()) {
    const auto usual = signature.find_output("predict_proba").value_or(signature.default_output);
    return call.infer.model->chosen_output("seldon").value_or(usual);
  }
  const auto found = signature.find_output(asked);
  if (found) return *found;
  std::string names;
  for (const OutputSpec& output : signature.outputs) {
    names += (names.empty() ? "" : ", ") + output.name;
  }
  return invalid_argument(fmt::format("method={}: the model has: {}", asked.substr(0, 64), names));
}

std::string meta_of(const Call& call, const seldon::Message& message) {
  const std::string_view header = call.request().header("seldon-puid");
  std::string_view puid = message.puid;
  if (puid.empty()) puid = header.empty() ? call.request_id : header;
  std::string meta = "{\"puid\":";
  append_json_string(meta, puid);
  if (!message.tags.empty()) meta += ",\"tags\":" + message.tags;
  meta.push_back('}');
  return meta;
}

Status read(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  call.plan.clear();
  seldon::Message message;
  TRY_STATUS(seldon::read_message(call.request().body, model.signature(), model.column_places,
                                  *call.loop->read, call.infer.input, message));
  const uint32_t output = TRY(choose_output(call, model.signature()));
  call.plan.outputs.push_back({output, message.is_tensor});
  call.infer.wanted = OutputMask{1} << output;
  call.plan.id = meta_of(call, message);
  return {};
}

void predict(Call& call, std::string_view model) {
  Status status = choose_model(call, model, {});
  if (status.ok()) status = read(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

void feedback(Call& call, std::string_view name) {
  Status status = choose_model(call, name, {});
  if (!status.ok()) return answer_error(call, std::move(status));
  const Result<double> reward = seldon::read_feedback(call.request().body, *call.loop->read);
  if (!reward.ok()) return answer_error(call, reward.status());
  call.infer.model->metrics->record_feedback(*reward);
  answer_json(call, 200, "{\"meta\":{}}");
}

void predictions(Call& call) { predict(call, {}); }
void deployment_predictions(Call& call) { predict(call, call.parameters[1]); }
void feedback_default(Call& call) { feedback(call, {}); }
void deployment_feedback(Call& call) { feedback(call, call.parameters[1]); }

void health_ping(Call& call) {
  answer_json(call, 200, "pong");
  call.response().content_type = "text/html; charset=utf-8";
}

void health_status(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  const std::string& reason = (*models)->unready_reason();
  if (!reason.empty()) return answer_error(call, unavailable(reason));
  answer_json(call, 200, R"({"data":{"names":[],"ndarray":[]},"meta":{}})");
}

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/api/v1.0/predictions", predictions},
    {HttpMethod::kPost, "/api/v0.1/predictions", predictions},
    {HttpMethod::kPost, "/api/v1.0/feedback", feedback_default},
    {HttpMethod::kPost, "/api/v0.1/feedback", feedback_default},
    {HttpMethod::kPost, "/seldon/{namespace}/{model}/api/v1.0/predictions", deployment_predictions},
    {HttpMethod::kPost, "/seldon/{namespace}/{model}/api/v0.1/predictions", deployment_predictions},
    {HttpMethod::kPost, "/seldon/{namespace}/{model}/api/v1.0/feedback", deployment_feedback},
    {HttpMethod::kPost, "/seldon/{namespace}/{model}/api/v0.1/feedback", deployment_feedback},
    {HttpMethod::kGet, "/health/ping", health_ping},
    {HttpMethod::kGet, "/health/status", health_status},
};

}  // namespace

const Dialect kSeldonDialect{.name = "seldon", .routes = kRoutes, .write_error = write_error};

}  // namespace slipway::protocols
