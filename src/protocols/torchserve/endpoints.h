// The handlers of TorchServe's three dialects; dialect.cpp has their tables.
#pragma once

namespace slipway::protocols {
struct Call;
struct RpcCall;
}  // namespace slipway::protocols

namespace slipway::protocols::torchserve {

void predict(Call& call);
void predict_v1(Call& call);
void invocations(Call& call);
void explain(Call& call);
void ping(Call& call);
void describe_api(Call& call);
void describe_model_api(Call& call);

void list_models(Call& call);
void register_model(Call& call);
void describe_model(Call& call);
void scale_workers(Call& call);
void set_default(Call& call);
void unregister_model(Call& call);
void renew_key(Call& call);
void describe_management_api(Call& call);

void metrics_page(Call& call);

void rpc_ping(RpcCall& call);
void rpc_predict(RpcCall& call);
void rpc_stream_predict(RpcCall& call);
void rpc_stream_error(RpcCall& call);
void rpc_list_models(RpcCall& call);
void rpc_register_model(RpcCall& call);
void rpc_describe_model(RpcCall& call);
void rpc_scale_workers(RpcCall& call);
void rpc_set_default(RpcCall& call);
void rpc_unregister_model(RpcCall& call);

}  // namespace slipway::protocols::torchserve
