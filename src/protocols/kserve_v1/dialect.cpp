#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/v1/models/{model}:predict", v1_predict},
    {HttpMethod::kPost, "/v1/models/{model}:explain", v1_explain},
    {HttpMethod::kGet, "/v1/models", v1_models},
    {HttpMethod::kGet, "/v1/models/{model}", v1_model_ready},
};

}  // namespace

const Dialect kKserveV1Dialect{.name = "kserve-v1", .routes = kRoutes, .prefix = "/v1/"};

}  // namespace slipway::protocols
