// TorchServe's three interfaces: inference, management, metrics.
#include "protocols/internal/dialect.h"
#include "protocols/internal/call.h"
#include "protocols/torchserve/endpoints.h"
#include "protocols/torchserve/error.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

void unknown(Call& call) {
  const bool is_known = !call.routes->allowed_methods(call.request().path).empty();
  torchserve::answer(
      call, is_known ? torchserve::method_not_allowed() : torchserve::resource_not_found());
}

void write_inference_error(transport::HttpResponse& response, const Status& status) {
  torchserve::write(response, torchserve::inference_error(status));
}
void write_management_error(transport::HttpResponse& response, const Status& status) {
  torchserve::write(response, torchserve::management_error(status));
}

// Whatever method a body came with, it is a request for a prediction: curl -T sends PUT.
constexpr Route kInferenceRoutes[] = {
    {HttpMethod::kPost, "/predictions/{model}", torchserve::predict},
    {HttpMethod::kPost, "/predictions/{model}/{version}", torchserve::predict},
    {HttpMethod::kPut, "/predictions/{model}", torchserve::predict},
    {HttpMethod::kPut, "/predictions/{model}/{version}", torchserve::predict},
    {HttpMethod::kGet, "/predictions/{model}", torchserve::predict},
    {HttpMethod::kGet, "/predictions/{model}/{version}", torchserve::predict},
    {HttpMethod::kOptions, "/predictions/{model}", torchserve::describe_model_api},
    {HttpMethod::kOptions, "/predictions/{model}/{version}", torchserve::describe_model_api},
    {HttpMethod::kPost, "/explanations/{model}", torchserve::explain},
    {HttpMethod::kPost, "/explanations/{model}/{version}", torchserve::explain},
    {HttpMethod::kGet, "/ping", torchserve::ping},
    {HttpMethod::kPost, "/ping", torchserve::ping},
    {HttpMethod::kOptions, "/", torchserve::describe_api},
    {HttpMethod::kGet, "/api-description", torchserve::describe_api},
    {HttpMethod::kPost, "/v1/models/{model}:predict", torchserve::predict_v1},
    {HttpMethod::kPost, "/v1/models/{model}:explain", torchserve::explain},
    {HttpMethod::kPost, "/invocations", torchserve::invocations},
    {HttpMethod::kPost, "/models/{model}/invoke", torchserve::predict},
    {HttpMethod::kPost, "/{model}/predict", torchserve::predict},
};

constexpr RpcMethod kInferenceMethods[] = {
    {"/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions", torchserve::rpc_predict},
    {"/org.pytorch.serve.grpc.inference.InferenceAPIsService/Ping", torchserve::rpc_ping},
    {.path = "/org.pytorch.serve.grpc.inference.InferenceAPIsService/StreamPredictions",
     .handle = torchserve::rpc_predict,
     .fail = torchserve::rpc_stream_error,
     .ends_on_error = true},
    {"/org.pytorch.serve.grpc.inference.InferenceAPIsService/StreamPredictions2",
     torchserve::rpc_stream_predict, torchserve::rpc_stream_error},
};

constexpr Route kManagementRoutes[] = {
    {HttpMethod::kGet, "/models", torchserve::list_models},
    {HttpMethod::kPost, "/models", torchserve::register_model},
    {HttpMethod::kGet, "/models/{model}", torchserve::describe_model},
    {HttpMethod::kGet, "/models/{model}/{version}", torchserve::describe_model},
    {HttpMethod::kPut, "/models/{model}", torchserve::scale_workers},
    {HttpMethod::kPut, "/models/{model}/{version}", torchserve::scale_workers},
    {HttpMethod::kPut, "/models/{model}/{version}/set-default", torchserve::set_default},
    {HttpMethod::kDelete, "/models/{model}", torchserve::unregister_model},
    {HttpMethod::kDelete, "/models/{model}/{version}", torchserve::unregister_model},
    {HttpMethod::kOptions, "/models/{model}", torchserve::describe_management_api},
    {HttpMethod::kOptions, "/", torchserve::describe_management_api},
    {HttpMethod::kGet, "/api-description", torchserve::describe_management_api},
    {HttpMethod::kGet, "/token", torchserve::renew_key},
};

constexpr RpcMethod kManagementMethods[] = {
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/DescribeModel",
     torchserve::rpc_describe_model},
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/ListModels",
     torchserve::rpc_list_models},
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/RegisterModel",
     torchserve::rpc_register_model},
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/ScaleWorker",
     torchserve::rpc_scale_workers},
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/SetDefault",
     torchserve::rpc_set_default},
    {"/org.pytorch.serve.grpc.management.ManagementAPIsService/UnregisterModel",
     torchserve::rpc_unregister_model},
};

constexpr Route kMetricsRoutes[] = {
    {HttpMethod::kGet, "/metrics", torchserve::metrics_page},
    {HttpMethod::kPost, "/metrics", torchserve::metrics_page},
};

}  // namespace

const Dialect kTorchServeDialect{.name = "torchserve",
                                 .routes = kInferenceRoutes,
                                 .methods = kInferenceMethods,
                                 .handle_unknown = unknown,
                                 .write_error = write_inference_error,
                                 .claims_rest_if_first = true};
const Dialect kTorchServeManagementDialect{.name = "torchserve-management",
                                           .routes = kManagementRoutes,
                                           .methods = kManagementMethods,
                                           .handle_unknown = unknown,
                                           .write_error = write_management_error,
                                           .claims_rest_if_first = true};
const Dialect kTorchServeMetricsDialect{.name = "torchserve-metrics",
                                        .routes = kMetricsRoutes,
                                        .handle_unknown = unknown,
                                        .write_error = write_inference_error,
                                        .claims_rest_if_first = true};

}  // namespace slipway::protocols
