#include "protocols/grpc_health.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/grpc_fakes_test.h"

namespace slipway::protocols {
namespace {

const std::string kServing = "\x08\x01";
const std::string kNotServing = "\x08\x02";
const std::string kUnknown = "\x08\x03";

class GrpcHealthTest : public testing::Test {
 protected:
  transport::GrpcAnswer check(std::string message) {
    FakeGrpcExchange exchange;
    exchange.prepare("/grpc.health.v1.Health/Check", std::move(message));
    health_.handle(exchange);
    return exchange.answer();
  }
  GrpcHealth health_;
};

TEST_F(GrpcHealthTest, KnowsItsMethods) {
  using Method = transport::GrpcHandler::Method;
  EXPECT_EQ(health_.method("/grpc.health.v1.Health/Check", 0), Method::kUnary);
  EXPECT_EQ(health_.method("/grpc.health.v1.Health/Watch", 0), Method::kStreaming);
  EXPECT_EQ(health_.method("/grpc.health.v1.Health/", 0), Method::kUnknown);
}

TEST_F(GrpcHealthTest, ChecksTheServerAsAWhole) {
  EXPECT_EQ(check("").message, kNotServing);
  health_.set_serving(true);
  EXPECT_EQ(check("").message, kServing);
  EXPECT_EQ(check(std::string("\x0A\0", 2)).message, kServing) << "an empty name, spelled out";
  health_.set_serving(false);
  EXPECT_EQ(check("").message, kNotServing);
  EXPECT_EQ(check("\x0A\x03"
                  "abc")
                .status.code(),
            StatusCode::kNotFound);
}

TEST_F(GrpcHealthTest, PassesOverUnknownFields) {
  health_.set_serving(true);
  EXPECT_EQ(check("\x10\x96\x01"
                  "\x1A\x02xy"
                  "\x25"
                  "1234"
                  "\x29"
                  "12345678")
                .message,
            kServing);
}

TEST_F(GrpcHealthTest, RefusesMalformedRequests) {
  for (const std::string& bad : {std::string("\x0A"),
                                 std::string("\x0A\x05"
                                             "abc"),
                                 std::string("\x80"), std::string(11, '\xFF'), std::string("\x0B"),
                                 std::string("\x00\x00", 2),
                                 std::string("\x25"
                                             "123"),
                                 std::string("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")}) {
    EXPECT_EQ(check(bad).status.code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(GrpcHealthTest, TellsWatchersOfEveryChange) {
  const auto call = std::make_shared<FakeGrpcCall>();
  auto watch = health_.open(call);
  EXPECT_TRUE(watch->on_message(""));
  health_.set_serving(true);
  health_.set_serving(true);
  health_.set_serving(false);
  EXPECT_EQ(call->take_all(), (std::vector<std::string>{kNotServing, kServing, kNotServing}));
  watch.reset();
  health_.set_serving(true);
  EXPECT_TRUE(call->take_all().empty()) << "it has gone";
}

TEST_F(GrpcHealthTest, WatchesAnUnknownServiceInVain) {
  const auto call = std::make_shared<FakeGrpcCall>();
  auto watch = health_.open(call);
  EXPECT_TRUE(watch->on_message("\x0A\x01x"));
  health_.set_serving(true);
  EXPECT_EQ(call->take_all(), std::vector<std::string>{kUnknown});
  const auto bad = std::make_shared<FakeGrpcCall>();
  health_.open(bad)->on_message("\x0A");
  EXPECT_EQ(bad->final_status.code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::protocols
