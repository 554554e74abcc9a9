// A dialect: the routes and gRPC methods that the clients of one system know, and what its errors
// look like.
//
// To add one: a folder protocols/<p> whose dialect.cpp defines a `const Dialect`, its line in
// dialects.cpp, its section in docs/protocols.md. Two dialects may have the same path; who owns it
// is decided by their order alone (routes.h).
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "protocols/internal/routes.h"
#include "protocols/internal/rpc_call.h"
#include "protocols/service.h"

namespace slipway::protocols {

struct Dialect {
  std::string_view name;               // "tf-serving"
  std::span<const Route> routes = {};  // the hot ones first
  std::span<const RpcMethod> methods = {};
  /// What begins so and has no route is this dialect's to refuse, by handle_unknown if it has a way
  /// of its own.
  std::string_view prefix = {};
  void (*handle_unknown)(Call& call) = nullptr;
  /// The dialect's own form of an error; null: {"error": "..."} with the usual status.
  void (*write_error)(transport::HttpResponse& response, const Status& status) = nullptr;
  /// Where it is a listener's first one, what no dialect of the list has a route for is its to
  /// refuse.
  bool claims_rest_if_first = false;
};

extern const Dialect kSimpleDialect;
extern const Dialect kKserveV2Dialect;
extern const Dialect kMlflowDialect;
extern const Dialect kSeldonDialect;
extern const Dialect kOpenscoringDialect;
extern const Dialect kSageMakerDialect;
extern const Dialect kVertexDialect;
extern const Dialect kTfServingDialect;
extern const Dialect kKserveV1Dialect;
extern const Dialect kSiteDialect;
extern const Dialect kAzureMlDialect;
extern const Dialect kTorchServeDialect;
extern const Dialect kTorchServeManagementDialect;
extern const Dialect kTorchServeMetricsDialect;

/// What TorchServe's dialects keep between calls.
std::shared_ptr<DialectState> make_torchserve_state(const ServiceOptions& options, uint32_t loops);

/// All there are, the first ones owning what collides. Those that hold what no server is without
/// (health, metrics) stand in every list, behind those that were chosen.
std::span<const Dialect* const> all_dialects();
/// Null if there is none of this name.
const Dialect* find_dialect(std::string_view name);

}  // namespace slipway::protocols
