// Health, metadata and the model repository over gRPC.
#include <fmt/format.h>
#include <inference.pb.h>

#include <utility>

#include "protocols/internal/closest.h"
#include "protocols/internal/endpoints.h"
#include "protocols/internal/model_admin.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/json_output.h"
#include "protocols/kserve_v2/load_parameters.h"
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

/// A file is bytes, everything else a text.
Status read_load(const inference::RepositoryModelLoadRequest& request,
                 kserve_v2::LoadParameters& read) {
  using Value = inference::ModelRepositoryParameter;
  for (const auto& [name, value] : request.parameters()) {
    if (name == "unload_dependents") continue;  // no model depends on another
    const bool is_file = kserve_v2::names_file(name);
    const auto expected = is_file ? Value::kBytesParam : Value::kStringParam;
    if (value.parameter_choice_case() != expected) {
      return invalid_argument(fmt::format("Load parameter {} must have {} type for its value",
                                          in_quotes(name), is_file ? "bytes" : "string"));
    }
    if (is_file) {
      kserve_v2::take_file(name, value.bytes_param(), read);
    } else {
      TRY_STATUS(kserve_v2::read_text(name, value.string_param(), read));
    }
  }
  return {};
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
  kserve_v2::LoadParameters read;
  call.error = read_load(request, read);
  if (!call.error.ok()) return;
  Result<ChangeParameters> change = resolve(call, request.model_name(), std::move(read));
  call.error = change.status();
  if (!change.ok()) return;
  call.error = begin_change(call, request.model_name(), std::move(change).value(),
                            &serving::ModelControl::load);
}

void rpc_repository_unload(RpcCall& call) {
  call.error = check_caller(call);
  inference::RepositoryModelUnloadRequest request;
  if (!call.error.ok() || !parse(call, request)) return;
  call.error = begin_change(call, request.model_name(), {}, &serving::ModelControl::unload);
}

}  // namespace slipway::protocols
