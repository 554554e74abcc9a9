// Vertex AI: a container's predict and health routes. Where AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE
// name others, these stand there, too (cli/platform.h).
#include "base/json_escape.h"
#include "protocols/cloud/predict.h"
#include "protocols/http_status.h"
#include "protocols/internal/call.h"
#include "protocols/internal/dialect.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

/// The id in .../deployedModels/ID:predict; empty if the path has none.
std::string_view deployed_model(std::string_view path) {
  constexpr std::string_view kBefore = "/deployedModels/";
  const size_t at = path.find(kBefore);
  if (at == std::string_view::npos) return {};
  path.remove_prefix(at + kBefore.size());
  return path.substr(0, path.find_first_of(":/"));
}

void write(Call& call) {
  const uint32_t index = call.plan.outputs[0].index;
  std::string& body = call.response().body;
  body += "{\"predictions\":";
  append_keyed_rows(body, call, index);
  const std::string_view id = deployed_model(call.request().path);
  if (!id.empty()) {
    body += ",\"deployedModelId\":";
    append_json_string(body, id);
  }
  body.push_back('}');
}

void predict(Call& call) { cloud::predict(call, write); }

void health(Call& call) {
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  const std::string& reason = (*models)->unready_reason();
  if (!reason.empty()) return answer_error(call, unavailable(reason));
  answer_json(call, 200, "{}");
}

/// Vertex AI's prebuilt containers name what is wrong "error", its server for custom prediction
/// routines "detail".
void write_error(transport::HttpResponse& response, const Status& status) {
  answer_error(response, status);
  response.body.pop_back();
  response.body += ",\"detail\":";
  append_json_string(response.body, status.message());
  response.body.push_back('}');
}

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/v1/endpoints/{endpoint}/deployedModels/{model}:predict", predict},
    {HttpMethod::kGet, "/v1/endpoints/{endpoint}/deployedModels/{model}", health},
};

}  // namespace

const Dialect kVertexDialect{.name = "vertex", .routes = kRoutes, .write_error = write_error};

}  // namespace slipway::protocols
