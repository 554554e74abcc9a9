// Keeps what a service throws inside one call. Thread-safe.
#pragma once

#include <exception>
#include <new>

#include "base/log.h"
#include "base/status.h"

namespace slipway::transport {

/// Handlers report errors in their answer. What they still throw ends one call and not the server.
template <typename Action>
Status grpc_guarded(Action action) {
  try {
    action();
    return {};
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "not enough memory for this request");
  } catch (const std::exception& error) {
    log_error("a gRPC handler threw: {}", error.what());
    return Status(StatusCode::kInternal, "the request failed inside the server");
  }
}

}  // namespace slipway::transport
