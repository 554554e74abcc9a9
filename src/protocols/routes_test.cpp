#include "protocols/internal/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "protocols/dialects.h"
#include "protocols/internal/dialect.h"
#include "protocols/service_harness_test.h"

namespace slipway::protocols {
namespace {

using transport::HttpMethod;

void handle_a(Call&) {}
void handle_b(Call&) {}

constexpr Route kRoutesA[] = {{HttpMethod::kGet, "/x/{id}", handle_a},
                              {HttpMethod::kPost, "/x/{id}:do", handle_a}};
constexpr Route kRoutesB[] = {{HttpMethod::kGet, "/x/{name}", handle_b},
                              {HttpMethod::kPost, "/x/{name}", handle_b},
                              {HttpMethod::kGet, "/x/{name}/y", handle_b}};
const Dialect kA{.name = "a", .routes = kRoutesA, .prefix = "/x/"};
const Dialect kB{.name = "b", .routes = kRoutesB};

std::vector<std::string> golden(const std::string& name) {
  std::ifstream file(std::string(SLIPWAY_TEST_DATA_DIR) + "/golden/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(Routes, AreExactlyThoseOfTheGoldenListWithTheirOwners) {
  const RouteTable table(all_dialects(), {});
  std::vector<std::string> lines;
  for (const RouteTable::Entry& entry : table.entries()) {
    lines.push_back(std::string(http_method_name(entry.method)) + " " + std::string(entry.pattern) +
                    " " + std::string(entry.dialect->name));
  }
  for (const Dialect* dialect : all_dialects()) {
    for (const RpcMethod& method : dialect->methods) {
      lines.push_back("gRPC " + std::string(method.path) + " " + std::string(dialect->name));
    }
  }
  std::ranges::sort(lines);
  EXPECT_EQ(lines, golden("routes.txt"));
}

TEST(Routes, OfTwoDialectsTheFirstOneOwnsAPath) {
  const Dialect* const ab[] = {&kA, &kB};
  const Dialect* const ba[] = {&kB, &kA};
  for (const auto& order : {ab, ba}) {
    const RouteTable table(std::span(order, 2), {});
    RouteSegments segments;
    const RouteTable::Entry* found = table.find(HttpMethod::kHead, "/x/1/", segments);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->dialect, order[0]);
    EXPECT_EQ(segments[0], "1");
    EXPECT_EQ(table.entries().size(), 4U);
    EXPECT_EQ(table.find(HttpMethod::kGet, "/x/1/y", segments)->dialect, &kB);
    EXPECT_EQ(table.claimant("/x/nothing/there"), &kA);
    EXPECT_EQ(table.claimant("/y"), nullptr);
  }
}

TEST(Routes, ASegmentBeforeAColonEndsThere) {
  const Dialect* const dialects[] = {&kA, &kB};
  const RouteTable table(dialects, {});
  RouteSegments segments;
  EXPECT_EQ(table.find(HttpMethod::kPost, "/x/iris:do", segments)->dialect, &kA);
  EXPECT_EQ(segments[0], "iris");
  EXPECT_EQ(table.find(HttpMethod::kPost, "/x/iris:undo", segments)->dialect, &kB);
  EXPECT_EQ(segments[0], "iris:undo");
  EXPECT_EQ(table.find(HttpMethod::kPost, "/x/:do", segments)->dialect, &kB);
}

TEST(Routes, AnAliasStandsForTheRoutesOfItsPattern) {
  const Dialect* const dialects[] = {&kA, &kB};
  const RouteAlias aliases[] = {{"/z", "/x/{name}/y"}, {"/x/fixed", "/x/{name}"}};
  const RouteTable table(dialects, aliases);
  RouteSegments segments;
  EXPECT_EQ(table.find(HttpMethod::kGet, "/z", segments)->dialect, &kB);
  EXPECT_EQ(table.find(HttpMethod::kPost, "/x/fixed", segments)->pattern, "/x/fixed");
}

TEST(Routes, AListOfDialectsIsReadAndItsMistakesAreNamed) {
  const auto names = parse_compat("kserve-v2+simple", '+');
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(*names, (std::vector<std::string>{"kserve-v2", "simple"}));
  EXPECT_EQ(parse_compat("kserve-v2,all", ',')->front(), "kserve-v2");
  EXPECT_EQ(parse_compat("all", ',')->size(), dialect_names().size());
  for (const std::string_view wrong : {"", "kserve", "simple,", "simple,simple"}) {
    EXPECT_FALSE(parse_compat(wrong, ',').ok()) << wrong;
  }
  EXPECT_NE(parse_compat("x", ',').status().message().find("kserve-v2"), std::string::npos);
}

class CompatTest : public ServiceHarness {};

TEST_F(CompatTest, EachListenerAnswersWhatItSpeaksAndHealthAndMetricsAlways) {
  ServiceOptions options;
  options.compat = {"simple"};
  options.listener_compat = {{"kserve-v2"}, {}};
  options.aliases = {{"/monitoring/metrics", "/metrics"}};
  start(options, nullptr);
  serve_iris();
  constexpr std::string_view kRow = R"({"features":[5.1,3.5,1.4,0.2]})";
  post("/predict", kRow);
  EXPECT_EQ(status(), 404);
  get("/v2/models/iris");
  EXPECT_EQ(status(), 200);
  get("/livez");
  EXPECT_EQ(status(), 200);
  get("/monitoring/metrics");
  EXPECT_EQ(status(), 200);
  exchange_.set_listener(1);
  post("/predict", kRow);
  EXPECT_EQ(status(), 200);
  get("/v2/models/iris");
  EXPECT_EQ(status(), 404);
  const transport::GrpcHandler& grpc = service_->grpc_handler();
  constexpr std::string_view kInfer = "/inference.GRPCInferenceService/ModelInfer";
  EXPECT_EQ(grpc.method(kInfer, 0), transport::GrpcHandler::Method::kUnary);
  EXPECT_EQ(grpc.method(kInfer, 1), transport::GrpcHandler::Method::kUnknown);
}

}  // namespace
}  // namespace slipway::protocols
