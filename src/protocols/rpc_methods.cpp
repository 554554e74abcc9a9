#include "protocols/internal/endpoints.h"
#include "protocols/internal/rpc_call.h"

namespace slipway::protocols {
namespace {

// Hot ones first: the search is a scan.
constexpr RpcMethod kMethods[] = {
    {"/inference.GRPCInferenceService/ModelInfer", rpc_model_infer},
    {"/inference.GRPCInferenceService/ModelStreamInfer", rpc_model_stream_infer,
     rpc_model_stream_error},
    {"/inference.GRPCInferenceService/ServerLive", rpc_server_live},
    {"/inference.GRPCInferenceService/ServerReady", rpc_server_ready},
    {"/inference.GRPCInferenceService/ModelReady", rpc_model_ready},
    {"/inference.GRPCInferenceService/ServerMetadata", rpc_server_metadata},
    {"/inference.GRPCInferenceService/ModelMetadata", rpc_model_metadata},
    {"/inference.GRPCInferenceService/RepositoryIndex", rpc_repository_index},
    {"/inference.GRPCInferenceService/RepositoryModelLoad", rpc_repository_load},
    {"/inference.GRPCInferenceService/RepositoryModelUnload", rpc_repository_unload},
};

}  // namespace

std::span<const RpcMethod> rpc_methods() { return kMethods; }

const RpcMethod* find_rpc_method(std::string_view path) {
  for (const RpcMethod& method : kMethods) {
    if (method.path == path) return &method;
  }
  return nullptr;
}

}  // namespace slipway::protocols
