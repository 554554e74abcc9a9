#include "protocols/grpc_router.h"

#include <gtest/gtest.h>

#include "protocols/grpc_fakes_test.h"
#include "protocols/grpc_health.h"

namespace slipway::protocols {
namespace {

using Method = transport::GrpcHandler::Method;

TEST(GrpcRouter, FindsTheServiceOfAPath) {
  GrpcHealth health;
  GrpcRouter router({{"a.Other", nullptr}, {"grpc.health.v1.Health", &health}});
  EXPECT_EQ(router.method("/grpc.health.v1.Health/Check", 0), Method::kUnary);
  EXPECT_EQ(router.method("/grpc.health.v1.Health/Watch", 0), Method::kStreaming);
  for (const std::string_view path :
       {"", "/", "//", "/grpc.health.v1.Health", "/grpc.health.v1.Health/",
        "grpc.health.v1.Health/Check", "/grpc.health.v1.Healthy/Check",
        "/grpc.health.v1.Health.Check", "/nothing/Check", "/grpc.health.v1.Health//Check"}) {
    EXPECT_EQ(router.method(path, 0), Method::kUnknown) << path;
  }
}

TEST(GrpcRouter, HandsCallsOn) {
  GrpcHealth health;
  health.set_serving(true);
  GrpcRouter router({{"grpc.health.v1.Health", &health}});
  FakeGrpcExchange exchange;
  exchange.prepare("/grpc.health.v1.Health/Check", "");
  router.handle(exchange);
  EXPECT_EQ(exchange.answer().message, "\x08\x01");
  const auto call = std::make_shared<FakeGrpcCall>("/grpc.health.v1.Health/Watch");
  const auto watch = router.open(call);
  EXPECT_TRUE(watch->on_message(""));
  EXPECT_EQ(call->take_all().size(), 1U);
}

}  // namespace
}  // namespace slipway::protocols
