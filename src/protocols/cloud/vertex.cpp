// Vertex AI: a container's predict and health routes. Where AIP_PREDICT_ROUTE and AIP_HEALTH_ROUTE
// name others, these stand there, too (cli/platform.h).
#include "base/json_escape.h"
#include "protocols/cloud/predict.h"
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

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/v1/endpoints/{endpoint}/deployedModels/{model}:predict", predict},
    {HttpMethod::kGet, "/v1/endpoints/{endpoint}/deployedModels/{model}", health},
};

}  // namespace

const Dialect kVertexDialect{.name = "vertex", .routes = kRoutes};

}  // namespace slipway::protocols
