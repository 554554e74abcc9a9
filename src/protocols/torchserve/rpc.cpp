// TorchServe's inference and management services over gRPC.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "protocols/internal/proto_fields.h"
#include "protocols/internal/proto_writer.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/torchserve/endpoints.h"
#include "protocols/torchserve/inference.h"
#include "protocols/torchserve/management.h"
#include "protocols/torchserve/proto_request.h"

namespace slipway::protocols::torchserve {
namespace {

std::string_view authorization(const RpcCall& call) { return call.request->field("authorization"); }

// Inference.

void write_prediction(RpcCall& call) {
  std::string text;
  append_answer(text, call);
  ProtoWriter(*call.answer).bytes(1, text);
}

/// Its error has the original's code, which for a missing model is INTERNAL.
std::optional<Status> begin_prediction(RpcCall& call, const PredictionsRequest& request) {
  if (request.model_name.empty()) {
    return Status(StatusCode::kInternal,
                  "Parameter model_name is required.\nBadRequestException.()");
  }
  if (const auto error = choose(call, request.model_name, request.model_version)) {
    return inference_status(*error);
  }
  if (call.needs_model) return std::nullopt;
  Status status = prepare(call, request.model_version,
                          [&](RowsTarget& target) { return read_fields(request.input, target); });
  if (!status.ok()) return inference_status(inference_error(status));
  run_inference(call, write_prediction);
  // What run_inference() itself found wrong.
  if (!call.error.ok()) return inference_status(inference_error(call.error));
  return std::nullopt;
}

void predict_message(RpcCall& call, bool needs_sequence) {
  if (check_inference_key(call, authorization(call))) {
    call.error = permission_denied(invalid_key().message);
    return;
  }
  PredictionsRequest request;
  call.error = read_predictions_request(call.message, request);
  if (!call.error.ok()) return;
  if (needs_sequence && request.sequence_id.empty() && !request.starts_sequence) {
    call.error =
        Status(StatusCode::kInternal, "Parameter sequenceId is required.\nBadRequestException.()");
    return;
  }
  if (auto error = begin_prediction(call, request)) call.error = std::move(*error);
}

// Management.

bool refused(RpcCall& call, Access access) {
  const auto error =
      check_management_key(call, {authorization(call), call.request->field("origin")}, access);
  if (error.has_value()) call.error = permission_denied(error->message);
  return error.has_value();
}

void answer_text(RpcCall& call, std::string_view text) { ProtoWriter(*call.answer).bytes(1, text); }

void write_text(RpcCall& call) { answer_text(call, call.plan.id); }

/// After a function of management.h: its error, or what is to be done when it is done.
void finish(RpcCall& call, const std::optional<Error>& error) {
  if (error.has_value()) {
    call.error = management_status(*error);
    return;
  }
  if (!call.deferred) return;
  call.write = write_text;
  call.begin = [begin = std::move(call.begin)](std::function<void(Status)> done) {
    begin([done = std::move(done)](Status status) {
      done(status.ok() ? std::move(status) : management_status(management_error(status)));
    });
  };
}

}  // namespace

void rpc_ping(RpcCall& call) {
  if (check_inference_key(call, authorization(call))) {
    call.error = permission_denied(invalid_key().message);
    return;
  }
  answer_text(call, is_healthy(call) ? kHealthy : kUnhealthy);
}

void rpc_predict(RpcCall& call) { predict_message(call, false); }
void rpc_stream_predict(RpcCall& call) { predict_message(call, true); }

/// google.rpc.Status in the answer: the stream goes on.
void rpc_stream_error(RpcCall& call) {
  const std::string& message = call.error.message();
  ProtoWriter out(*call.answer);
  const size_t status = out.open(3);
  out.varint(1, static_cast<uint64_t>(call.error.code()));
  out.bytes(2, std::string_view(message).substr(0, message.find('\n')));
  out.close(status);
}

void rpc_list_models(RpcCall& call) {
  if (refused(call, Access::kRead)) return;
  ListRequest request;
  call.error = read_list_request(call.message, request);
  if (!call.error.ok()) return;
  std::string text;
  const auto error = list_models(call, request, text);
  finish(call, error);
  if (!error) answer_text(call, text);
}

void rpc_describe_model(RpcCall& call) {
  if (refused(call, Access::kRead)) return;
  VersionRequest request;
  call.error = read_version_request(call.message, request);
  if (!call.error.ok()) return;
  std::string text;
  const auto error =
      describe_model(call, request.model_name, request.model_version, request.customized, text);
  finish(call, error);
  if (!error && !call.needs_model) answer_text(call, text);
}

void rpc_register_model(RpcCall& call) {
  if (refused(call, Access::kChange)) return;
  if (!state_of(call).model_api()) {
    call.error =
        permission_denied("Model API disabled\norg.pytorch.serve.archive.model.ModelException");
    return;
  }
  RegisterRequest request;
  call.error = read_register_message(call.message, request);
  if (call.error.ok()) finish(call, register_model(call, std::move(request)));
}

void rpc_scale_workers(RpcCall& call) {
  if (refused(call, Access::kChange)) return;
  ScaleRequest request;
  call.error = read_scale_message(call.message, request);
  if (!call.error.ok()) return;
  std::string text;
  const auto error = scale_workers(call, request, text);
  finish(call, error);
  if (!error && !call.needs_model) answer_text(call, text);
}

void rpc_set_default(RpcCall& call) {
  if (refused(call, Access::kChange)) return;
  VersionRequest request;
  call.error = read_version_request(call.message, request);
  if (call.error.ok()) {
    finish(call, set_default(call, request.model_name, request.model_version));
  }
}

void rpc_unregister_model(RpcCall& call) {
  if (refused(call, Access::kChange)) return;
  if (!state_of(call).model_api()) {
    call.error =
        permission_denied("Model API disabled\norg.pytorch.serve.archive.model.ModelException");
    return;
  }
  VersionRequest request;
  call.error = read_version_request(call.message, request);
  if (!call.error.ok()) return;
  if (request.model_name.empty()) {
    return finish(call, Error{ErrorKind::kBadRequest, "Parameter url is required."});
  }
  finish(call, unregister_model(call, request.model_name, request.model_version));
}

}  // namespace slipway::protocols::torchserve
