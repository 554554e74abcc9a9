// The handlers of all routes and gRPC methods. Each protocol defines its own; routes.cpp and
// rpc_methods.cpp list them in one table each.
#pragma once

namespace slipway::protocols {

struct Call;
struct RpcCall;

void simple_predict(Call& call);        // POST /predict
void simple_predict_model(Call& call);  // POST /models/{model}/predict

void v2_server_metadata(Call& call);
void v2_live(Call& call);
void v2_ready(Call& call);
void v2_models(Call& call);
void v2_model_metadata(Call& call);
void v2_model_ready(Call& call);
void v2_infer(Call& call);
void v2_generate(Call& call);
void v2_generate_stream(Call& call);
void v2_model_config(Call& call);
void v2_statistics(Call& call);
void v2_shared_memory_status(Call& call);
void v2_shared_memory_register(Call& call);
void v2_shared_memory_unregister(Call& call);
void v2_cuda_status(Call& call);
void v2_cuda_register(Call& call);
void v2_cuda_unregister(Call& call);
void v2_trace_setting(Call& call);
void v2_update_trace_setting(Call& call);
void v2_log_settings(Call& call);
void v2_update_log_settings(Call& call);
void v2_repository_index(Call& call);
void v2_repository_load(Call& call);
void v2_repository_unload(Call& call);

void rpc_model_infer(RpcCall& call);
void rpc_model_stream_infer(RpcCall& call);
void rpc_model_stream_error(RpcCall& call);
void rpc_server_live(RpcCall& call);
void rpc_server_ready(RpcCall& call);
void rpc_model_ready(RpcCall& call);
void rpc_server_metadata(RpcCall& call);
void rpc_model_metadata(RpcCall& call);
void rpc_model_config(RpcCall& call);
void rpc_model_statistics(RpcCall& call);
void rpc_shared_memory_status(RpcCall& call);
void rpc_shared_memory_register(RpcCall& call);
void rpc_shared_memory_unregister(RpcCall& call);
void rpc_cuda_status(RpcCall& call);
void rpc_cuda_register(RpcCall& call);
void rpc_cuda_unregister(RpcCall& call);
void rpc_trace_setting(RpcCall& call);
void rpc_log_settings(RpcCall& call);
void rpc_repository_index(RpcCall& call);
void rpc_repository_load(RpcCall& call);
void rpc_repository_unload(RpcCall& call);

void v1_predict(Call& call);
void v1_explain(Call& call);
void v1_models(Call& call);
void v1_model_ready(Call& call);

void tfs_predict(Call& call);
void tfs_predict_label(Call& call);
void tfs_classify(Call& call);
void tfs_classify_label(Call& call);
void tfs_regress(Call& call);
void tfs_regress_label(Call& call);
void tfs_status(Call& call);
void tfs_status_label(Call& call);
void tfs_metadata(Call& call);
void tfs_metadata_label(Call& call);
void tfs_unknown(Call& call);  // what has no route below /v1/

void tfs_rpc_predict(RpcCall& call);
void tfs_rpc_classify(RpcCall& call);
void tfs_rpc_regress(RpcCall& call);
void tfs_rpc_multi_inference(RpcCall& call);
void tfs_rpc_metadata(RpcCall& call);
void tfs_rpc_status(RpcCall& call);
void tfs_rpc_reload(RpcCall& call);

void landing_page(Call& call);
void docs_page(Call& call);
void docs_start(Call& call);
void docs_script(Call& call);
void docs_style(Call& call);
void docs_licenses(Call& call);
void models_list(Call& call);
void model_openapi(Call& call);
void metrics_text(Call& call);

}  // namespace slipway::protocols
