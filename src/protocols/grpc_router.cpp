#include "protocols/grpc_router.h"

#include <utility>

#include "base/check.h"

namespace slipway::protocols {

transport::GrpcHandler* GrpcRouter::find(std::string_view path) const {
  if (!path.starts_with('/')) return nullptr;
  path.remove_prefix(1);
  for (const Service& service : services_) {
    const size_t size = service.name.size();
    if (path.size() > size && path[size] == '/' && path.starts_with(service.name)) {
      return service.handler;
    }
  }
  return nullptr;
}

transport::GrpcHandler::Method GrpcRouter::method(std::string_view path, uint32_t listener) const {
  const transport::GrpcHandler* handler = find(path);
  return handler == nullptr ? Method::kUnknown : handler->method(path, listener);
}

void GrpcRouter::handle(transport::GrpcExchange& exchange) {
  transport::GrpcHandler* handler = find(exchange.request().path);
  CHECK(handler != nullptr);  // method() knows it
  handler->handle(exchange);
}

std::unique_ptr<transport::GrpcCallHandler> GrpcRouter::open(
    std::shared_ptr<transport::GrpcCall> call) {
  transport::GrpcHandler* handler = find(call->request().path);
  CHECK(handler != nullptr);
  return handler->open(std::move(call));
}

}  // namespace slipway::protocols
