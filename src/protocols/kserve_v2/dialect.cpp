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
    {HttpMethod::kGet, "/v2/models/stats", v2_statistics},
    {HttpMethod::kGet, "/v2/models/{model}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/ready", v2_model_ready},
    {HttpMethod::kGet, "/v2/models/{model}/openapi.json", model_openapi},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}", v2_model_metadata},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}/ready", v2_model_ready},
    {HttpMethod::kGet, "/v2/models/{model}/config", v2_model_config},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}/config", v2_model_config},
    {HttpMethod::kGet, "/v2/models/{model}/stats", v2_statistics},
    {HttpMethod::kGet, "/v2/models/{model}/versions/{version}/stats", v2_statistics},
    {HttpMethod::kPost, "/v2/models/{model}/generate", v2_generate},
    {HttpMethod::kPost, "/v2/models/{model}/versions/{version}/generate", v2_generate},
    {HttpMethod::kPost, "/v2/models/{model}/generate_stream", v2_generate_stream},
    {HttpMethod::kPost, "/v2/models/{model}/versions/{version}/generate_stream",
     v2_generate_stream},
    {HttpMethod::kGet, "/v2/models/{model}/trace/setting", v2_trace_setting},
    {HttpMethod::kPost, "/v2/models/{model}/trace/setting", v2_update_trace_setting},
    {HttpMethod::kGet, "/v2/trace/setting", v2_trace_setting},
    {HttpMethod::kPost, "/v2/trace/setting", v2_update_trace_setting},
    {HttpMethod::kGet, "/v2/logging", v2_log_settings},
    {HttpMethod::kPost, "/v2/logging", v2_update_log_settings},
    {HttpMethod::kPost, "/v2/repository/index", v2_repository_index},
    {HttpMethod::kPost, "/v2/repository/models/{model}/load", v2_repository_load},
    {HttpMethod::kPost, "/v2/repository/models/{model}/unload", v2_repository_unload},
    {HttpMethod::kGet, "/v2/systemsharedmemory/status", v2_shared_memory_status},
    {HttpMethod::kPost, "/v2/systemsharedmemory/register", v2_shared_memory_register},
    {HttpMethod::kPost, "/v2/systemsharedmemory/unregister", v2_shared_memory_unregister},
    {HttpMethod::kGet, "/v2/systemsharedmemory/region/{region}/status", v2_shared_memory_status},
    {HttpMethod::kPost, "/v2/systemsharedmemory/region/{region}/register",
     v2_shared_memory_register},
    {HttpMethod::kPost, "/v2/systemsharedmemory/region/{region}/unregister",
     v2_shared_memory_unregister},
    {HttpMethod::kGet, "/v2/cudasharedmemory/status", v2_cuda_status},
    {HttpMethod::kPost, "/v2/cudasharedmemory/register", v2_cuda_register},
    {HttpMethod::kPost, "/v2/cudasharedmemory/unregister", v2_cuda_unregister},
    {HttpMethod::kGet, "/v2/cudasharedmemory/region/{region}/status", v2_cuda_status},
    {HttpMethod::kPost, "/v2/cudasharedmemory/region/{region}/register", v2_cuda_register},
    {HttpMethod::kPost, "/v2/cudasharedmemory/region/{region}/unregister", v2_cuda_unregister},
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
    {"/inference.GRPCInferenceService/ModelConfig", rpc_model_config},
    {"/inference.GRPCInferenceService/ModelStatistics", rpc_model_statistics},
    {"/inference.GRPCInferenceService/RepositoryIndex", rpc_repository_index},
    {"/inference.GRPCInferenceService/RepositoryModelLoad", rpc_repository_load},
    {"/inference.GRPCInferenceService/RepositoryModelUnload", rpc_repository_unload},
    {"/inference.GRPCInferenceService/TraceSetting", rpc_trace_setting},
    {"/inference.GRPCInferenceService/LogSettings", rpc_log_settings},
    {"/inference.GRPCInferenceService/SystemSharedMemoryStatus", rpc_shared_memory_status},
    {"/inference.GRPCInferenceService/SystemSharedMemoryRegister", rpc_shared_memory_register},
    {"/inference.GRPCInferenceService/SystemSharedMemoryUnregister", rpc_shared_memory_unregister},
    {"/inference.GRPCInferenceService/CudaSharedMemoryStatus", rpc_cuda_status},
    {"/inference.GRPCInferenceService/CudaSharedMemoryRegister", rpc_cuda_register},
    {"/inference.GRPCInferenceService/CudaSharedMemoryUnregister", rpc_cuda_unregister},
};

}  // namespace

const Dialect kKserveV2Dialect{.name = "kserve-v2", .routes = kRoutes, .methods = kMethods};

}  // namespace slipway::protocols
