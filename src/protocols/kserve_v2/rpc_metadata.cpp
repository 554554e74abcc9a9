// Health, metadata and the model repository over gRPC.
#include <inference.pb.h>

#include "protocols/internal/endpoints.h"
#include "protocols/internal/model_admin.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/configuration.h"
#include "protocols/kserve_v2/model_metadata.h"
#include "protocols/kserve_v2/proto_message.h"

namespace slipway::protocols {

using kserve_v2::answer;
using kserve_v2::parse;

namespace {

template <typename Tensor>
void describe(Tensor& tensor, std::string_view name, std::string_view datatype, uint64_t width) {
  tensor.set_name(name.data(), name.size());
  tensor.set_datatype(datatype.data(), datatype.size());
  tensor.add_shape(-1);
  tensor.add_shape(static_cast<int64_t>(width));
}

template <typename Parameters>
void change_model(RpcCall& call, const std::string& model, const Parameters& parameters,
                  Change change) {
  ChangeParameters read;
  for (const auto& [name, value] : parameters) {
    if (name == "unload_dependents") continue;  // no model depends on another
    call.error = kserve_v2::read_change_parameter(call, model, name, value.string_param(), read);
    if (!call.error.ok()) return;
  }
  call.error = begin_change(call, model, std::move(read), change);
}

Status check_caller(const RpcCall& call) {
  return check_admin(*call.loop,
                     {call.request->field("authorization"), call.request->field("origin")});
}

}  // namespace

void rpc_server_live(RpcCall& call) {
  inference::ServerLiveResponse response;
  response.set_live(true);
  answer(call, response);
}

void rpc_server_ready(RpcCall& call) {
  inference::ServerReadyResponse response;
  response.set_ready(kserve_v2::unready_reason(call).empty());
  answer(call, response);
}

/// Not ready, rather than an error, if there is no such model: as Triton answers.
void rpc_model_ready(RpcCall& call) {
  inference::ModelReadyRequest request;
  if (!parse(call, request)) return;
  const Status found = choose_model(call, request.name(), request.version());
  call.needs_model = false;    // tells how the model stands, and changes nothing
  call.infer.model = nullptr;  // asks about the model, not of it: no inference request to count
  inference::ModelReadyResponse response;
  response.set_ready(found.ok() && !call.loop->server.draining.load(std::memory_order_relaxed));
  answer(call, response);
}

void rpc_server_metadata(RpcCall& call) {
  inference::ServerMetadataResponse response;
  response.set_name("slipway");
  response.set_version(call.loop->server.version);
  for (const std::string_view extension : kserve_v2::extensions(call.loop->server)) {
    response.add_extensions(extension.data(), extension.size());
  }
  answer(call, response);
}

void rpc_model_metadata(RpcCall& call) {
  inference::ModelMetadataRequest request;
  if (!parse(call, request)) return;
  call.error = choose_model(call, request.name(), request.version());
  const serving::ServedModel* model = std::exchange(call.infer.model, nullptr);
  if (!call.error.ok()) return;
  inference::ModelMetadataResponse response;
  response.set_name(model->name);
  response.set_platform(kserve_v2::platform_of(model->loaded));
  for (const auto& version : call.loop->inference.models()->versions(model->name)) {
    response.add_versions(version->version);
  }
  kserve_v2::for_each_input(
      model->signature(), [&](std::string_view name, ColumnType type, size_t width) {
        describe(*response.add_inputs(), name, kserve_v2::datatype_of(type), width);
      });
  for (const OutputSpec& output : model->signature().outputs) {
    describe(*response.add_outputs(), output.name, oip_name(output_dtype(output)), output.width);
  }
  answer(call, response);
}

void rpc_repository_index(RpcCall& call) {
  inference::RepositoryIndexRequest request;
  if (!parse(call, request)) return;
  serving::ModelControl* control = call.loop->server.control.load();
  if (control == nullptr) {
    call.error = unavailable("the models are still loading");
    return;
  }
  inference::RepositoryIndexResponse response;
  for (const serving::ModelStatus& status : control->index()) {
    if (request.ready() && !status.served()) continue;
    auto& model = *response.add_models();
    model.set_name(status.name);
    model.set_version(status.version);
    const std::string_view state = state_name(status);
    model.set_state(state.data(), state.size());
    model.set_reason(reason_of(status));
  }
  answer(call, response);
}

void rpc_repository_load(RpcCall& call) {
  call.error = check_caller(call);
  inference::RepositoryModelLoadRequest request;
  if (!call.error.ok() || !parse(call, request)) return;
  change_model(call, request.model_name(), request.parameters(), &serving::ModelControl::load);
}

void rpc_repository_unload(RpcCall& call) {
  call.error = check_caller(call);
  inference::RepositoryModelUnloadRequest request;
  if (!call.error.ok() || !parse(call, request)) return;
  change_model(call, request.model_name(), request.parameters(), &serving::ModelControl::unload);
}

}  // namespace slipway::protocols
