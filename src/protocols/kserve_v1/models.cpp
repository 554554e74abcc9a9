// KServe's first protocol: GET /v1/models, GET /v1/models/{model}, POST :predict, POST :explain.
#include <fmt/format.h>

#include "base/json_escape.h"
#include "protocols/internal/call.h"
#include "protocols/internal/endpoints.h"
#include "protocols/tf_serving/rest_request.h"

namespace slipway::protocols {
namespace {

/// The model that the path names. Its error is KServe's where it has one.
Status choose(Call& call) {
  const std::string_view name = call.parameters[0];
  Status status = choose_model(call, name, {});
  if (status.code() != StatusCode::kNotFound) return status;
  return not_found(fmt::format("Model with name {} does not exist.", name.substr(0, 128)));
}

/// {"instances": rows} and {"inputs": rows} mean the same here.
Status read(Call& call) {
  const serving::ServedModel& model = *call.infer.model;
  call.plan.clear();
  tf_serving::PredictBody body;
  TRY_STATUS(tf_serving::read_predict(call.request().body, {model.signature(), model.column_places},
                                      *call.loop->read, call.infer.input, body));
  const uint32_t output = default_output(call);
  call.plan.outputs.push_back({output});
  call.infer.wanted = OutputMask{1} << output;
  return {};
}

void write(Call& call) {
  std::string& body = call.response().body;
  body += "{\"predictions\":";
  append_keyed_rows(body, call, call.plan.outputs[0].index);
  body.push_back('}');
}

}  // namespace

void v1_predict(Call& call) {
  Status status = choose(call);
  if (status.ok()) status = read(call);
  if (!status.ok()) return answer_error(call, std::move(status));
  run_inference(call, write);
}

void v1_explain(Call& call) {
  Status status = choose(call);
  call.infer.model = nullptr;
  call.needs_model = false;
  if (status.ok()) status = unimplemented("explanations are not supported yet; ask :predict");
  answer_error(call, std::move(status));
}

void v1_models(Call& call) {
  const auto models = models_of(call);
  if (!models.ok()) return answer_error(call, models.status());
  std::string& body = call.response().body;
  body += "{\"models\":[";
  bool first = true;
  for (const auto& model : (*models)->models()) {
    if (!first) body.push_back(',');
    first = false;
    append_json_string(body, model->name);
  }
  body += "]}";
}

void v1_model_ready(Call& call) {
  Status status = choose(call);
  call.infer.model = nullptr;  // asks about the model, not of it
  call.needs_model = false;    // tells how the model stands, and changes nothing
  if (status.ok() && call.loop->server.draining.load(std::memory_order_relaxed)) {
    status = unavailable("the server is stopping");
  }
  if (!status.ok()) return answer_error(call, std::move(status));
  std::string& body = call.response().body;
  body += "{\"name\":";
  append_json_string(body, call.parameters[0]);
  body += ",\"ready\":true}";
}

}  // namespace slipway::protocols
