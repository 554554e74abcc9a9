// TorchServe's inference API over REST.
#include "protocols/torchserve/inference.h"

#include <chrono>

#include "metrics/instruments.h"
#include "protocols/json_output.h"
#include "protocols/torchserve/api_description.h"
#include "protocols/torchserve/endpoints.h"
#include "protocols/torchserve/state.h"

namespace slipway::protocols::torchserve {

std::optional<Error> check_inference_key(const BaseCall& call, std::string_view authorization) {
  const TokenKeys* keys = state_of(call).keys();
  if (keys == nullptr || keys->accepts(TokenKeys::Kind::kInference, authorization)) {
    return std::nullopt;
  }
  return invalid_key();
}

RowsTarget begin_request(BaseCall& call, std::string_view version) {
  const serving::ServedModel& model = *call.infer.model;
  const Signature& signature = model.signature();
  call.plan.clear();
  const uint32_t output = model.default_output("torchserve");
  call.plan.outputs.push_back({output});
  call.plan.note = version.empty() ? "default" : version;
  call.infer.wanted = OutputMask{1} << output;
  State& state = state_of(call);
  state.series(model.name, call.plan.note).requests.add(metrics::kSharedShard);
  return {signature, model.column_places, *call.loop->read, call.infer.input};
}

void end_request(BaseCall& call, const RowsTarget& target) { call.plan.single = target.single; }

namespace {

void count_latency(const BaseCall& call) {
  const State::Series& series = state_of(call).series(call.infer.model->name, call.plan.note);
  const auto microseconds = [](double seconds) { return static_cast<uint64_t>(seconds * 1e6); };
  const double queued = call.result.queue_seconds + call.result.batch_seconds;
  series.queued.add(metrics::kSharedShard, microseconds(queued));
  series.latency.add(metrics::kSharedShard, microseconds(call.result.compute_seconds + queued));
}

}  // namespace

void append_list(std::string& out, BaseCall& call) {
  const uint32_t index = call.plan.outputs[0].index;
  append_rows(out, call.infer.model->signature().outputs[index], call.result.outputs[index]);
  count_latency(call);
}

void append_answer(std::string& out, BaseCall& call) {
  if (!call.plan.single) return append_list(out, call);
  const uint32_t index = call.plan.outputs[0].index;
  append_row(out, call.infer.model->signature().outputs[index], call.result.outputs[index], 0);
  count_latency(call);
}

namespace {

void write_answer(Call& call) { append_answer(call.response().body, call); }

/// As the KServe envelope of TorchServe answers.
void write_predictions(Call& call) {
  std::string& body = call.response().body;
  body += "{\"predictions\":";
  append_list(body, call);
  body.push_back('}');
}

void run(Call& call, std::string_view name, std::string_view version, void (*write)(Call&)) {
  const transport::HttpRequest& request = call.request();
  if (const auto error = check_inference_key(call, request.header("authorization"))) {
    return answer(call, *error);
  }
  if (const auto error = choose(call, name, version)) return answer(call, *error);
  if (call.needs_model) return;
  const Status status = prepare(call, version, [&](RowsTarget& target) {
    return read_body(request.header("content-type"), request.body, target);
  });
  if (!status.ok()) return answer(call, inference_error(status));
  run_inference(call, write);
}

}  // namespace

void predict(Call& call) { run(call, call.parameters[0], call.parameters[1], write_answer); }
void predict_v1(Call& call) { run(call, call.parameters[0], {}, write_predictions); }

/// The default model, unless a parameter names another.
void invocations(Call& call) {
  const Result<Fields> fields = read_pairs(call.request().query);
  if (!fields.ok()) return answer(call, {ErrorKind::kBadRequest, fields.status().message()});
  const std::string_view name = fields->find("model_name").value_or(std::string_view());
  const Result<const serving::ModelSet*> models = models_of(call);
  if (name.empty() && models.ok() && (*models)->default_name().empty()) {
    return answer(call, {ErrorKind::kBadRequest, "Parameter model_name is required."});
  }
  run(call, name.empty() && models.ok() ? (*models)->default_name() : name, {}, write_answer);
}

void explain(Call& call) {
  const std::string_view authorization = call.request().header("authorization");
  if (const auto error = check_inference_key(call, authorization)) return answer(call, *error);
  if (const auto error = choose(call, call.parameters[0], call.parameters[1])) {
    return answer(call, *error);
  }
  call.infer.model = nullptr;  // no inference
  answer(call, {ErrorKind::kExplanation, "Explanations are not supported"});
}

/// Healthy unless something that is required is missing; a server without models is.
void ping(Call& call) {
  const std::string_view authorization = call.request().header("authorization");
  if (const auto error = check_inference_key(call, authorization)) return answer(call, *error);
  const bool healthy = is_healthy(call);
  call.response().status = healthy ? 200 : 500;
  call.response().body = healthy ? kHealthy : kUnhealthy;
  call.response().body.push_back('\n');
}

void describe_api(Call& call) {
  const std::string_view authorization = call.request().header("authorization");
  if (const auto error = check_inference_key(call, authorization)) return answer(call, *error);
  append_inference_api(call.response().body, call.loop->server.version);
}

void describe_model_api(Call& call) {
  const std::string_view authorization = call.request().header("authorization");
  if (const auto error = check_inference_key(call, authorization)) return answer(call, *error);
  if (const auto error = choose(call, call.parameters[0], call.parameters[1])) {
    return answer(call, *error);
  }
  if (call.needs_model) return;
  append_model_api(call.response().body, *call.infer.model);
  call.infer.model = nullptr;  // no inference
}

bool is_healthy(const BaseCall& call) {
  if (call.loop->server.draining.load(std::memory_order_relaxed)) return false;
  const Result<const serving::ModelSet*> models = models_of(call);
  if (!models.ok()) return false;
  const std::string& reason = (*models)->unready_reason();
  return reason.empty() || ((*models)->statuses().empty() && reason == "no model is served");
}

}  // namespace slipway::protocols::torchserve
