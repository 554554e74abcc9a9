#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/v2/models/{model}/infer", v2_infer},
    {HttpMethod::kPost, "/v2/models/{model}/versions/{version}/infer", v2_infer},
    {HttpMethod::kGet, "/v2/health/live", v2_live},
    {HttpMethod::kGet, "/v2/health/ready", v2_ready},
    {HttpMethod::kGet, "/v2", v2_server_metadata},
    {HttpMethod::kGet, "/v2/models", v2_models},
    {HttpMethod::kGet, "/v2/models/{model}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/ready", v2_model_ready},
    {HttpMethod::kGet, "/v2/models/{model}/openapi.json", model_openapi},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}/ready", v2_model_ready},
    {HttpMethod::kPost, "/v2/repository/index", v2_repository_index},
    {HttpMethod::kPost, "/v2/repository/models/{model}/load", v2_repository_load},
    {HttpMethod::kPost, "/v2/repository/models/{model}/unload", v2_repository_unload},
};

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

const Dialect kKserveV2Dialect{.name = "kserve-v2", .routes = kRoutes, .methods = kMethods};

}  // namespace slipway::protocols
