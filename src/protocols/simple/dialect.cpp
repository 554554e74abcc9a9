#include "protocols/internal/dialect.h"
#include "protocols/internal/endpoints.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

constexpr Route kRoutes[] = {
    {HttpMethod::kPost, "/predict", simple_predict},
    {HttpMethod::kPost, "/models/{model}/predict", simple_predict_model},
};

}  // namespace

const Dialect kSimpleDialect{.name = "simple", .routes = kRoutes};

}  // namespace slipway::protocols
