#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/v1/models/{model}:predict", tfs_predict},
    {HttpMethod::kPost, "/v1/models/{model}/versions/{version}:predict", tfs_predict},
    {HttpMethod::kPost, "/v1/models/{model}/labels/{label}:predict", tfs_predict_label},
    {HttpMethod::kPost, "/v1/models/{model}:classify", tfs_classify},
    {HttpMethod::kPost, "/v1/models/{model}/versions/{version}:classify", tfs_classify},
    {HttpMethod::kPost, "/v1/models/{model}/labels/{label}:classify", tfs_classify_label},
    {HttpMethod::kPost, "/v1/models/{model}:regress", tfs_regress},
    {HttpMethod::kPost, "/v1/models/{model}/versions/{version}:regress", tfs_regress},
    {HttpMethod::kPost, "/v1/models/{model}/labels/{label}:regress", tfs_regress_label},
    {HttpMethod::kGet, "/v1/models/{model}", tfs_status},
    {HttpMethod::kGet, "/v1/models/{model}/versions/{version}", tfs_status},
    {HttpMethod::kGet, "/v1/models/{model}/labels/{label}", tfs_status_label},
    {HttpMethod::kGet, "/v1/models/{model}/metadata", tfs_metadata},
    {HttpMethod::kGet, "/v1/models/{model}/versions/{version}/metadata", tfs_metadata},
    {HttpMethod::kGet, "/v1/models/{model}/labels/{label}/metadata", tfs_metadata_label},
};

constexpr RpcMethod kMethods[] = {
    {"/tensorflow.serving.PredictionService/Predict", tfs_rpc_predict},
    {"/tensorflow.serving.PredictionService/Classify", tfs_rpc_classify},
    {"/tensorflow.serving.PredictionService/Regress", tfs_rpc_regress},
    {"/tensorflow.serving.PredictionService/MultiInference", tfs_rpc_multi_inference},
    {"/tensorflow.serving.PredictionService/GetModelMetadata", tfs_rpc_metadata},
    {"/tensorflow.serving.ModelService/GetModelStatus", tfs_rpc_status},
    {"/tensorflow.serving.ModelService/HandleReloadConfigRequest", tfs_rpc_reload},
};

}  // namespace

const Dialect kTfServingDialect{.name = "tf-serving",
                                .routes = kRoutes,
                                .methods = kMethods,
                                .prefix = "/v1/",
                                .handle_unknown = tfs_unknown};

}  // namespace slipway::protocols
