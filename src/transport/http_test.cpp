#include "transport/http.h"

#include <gtest/gtest.h>

#include <array>

namespace slipway::transport {
namespace {

TEST(HttpTest, FindsHeadersWithoutRegardToCase) {
  const std::array<HttpHeader, 3> headers = {
      {{"Content-Type", "a"}, {"X-Empty", ""}, {"content-type", "b"}}};
  HttpRequest request;
  request.headers = headers;
  EXPECT_EQ(request.header("CONTENT-TYPE"), "a");
  EXPECT_NE(request.header("x-empty").data(), nullptr);
  EXPECT_EQ(request.header("x-empty"), "");
  EXPECT_EQ(request.header("Content-Typ").data(), nullptr);
}

TEST(HttpTest, FindsQueryParameters) {
  HttpRequest request;
  request.query = "a=1&flag&b=x=y&&a=2&ab=3";
  EXPECT_EQ(request.query_parameter("a"), "1");
  EXPECT_EQ(request.query_parameter("b"), "x=y");
  EXPECT_EQ(request.query_parameter("ab"), "3");
  EXPECT_EQ(request.query_parameter("flag"), "");
  EXPECT_NE(request.query_parameter("flag").data(), nullptr);
  EXPECT_EQ(request.query_parameter("c").data(), nullptr);
  EXPECT_EQ(request.query_parameter("").data(), nullptr);
}

TEST(HttpTest, ClearsAResponseAndKeepsItsMemory) {
  HttpResponse response;
  response.status = 404;
  response.body.assign(1000, 'x');
  response.headers.emplace_back("a", "b");
  const size_t capacity = response.body.capacity();
  response.clear();
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  EXPECT_TRUE(response.headers.empty());
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body.capacity(), capacity);
}

TEST(HttpTest, NamesMethods) {
  EXPECT_EQ(http_method_name(HttpMethod::kDelete), "DELETE");
  EXPECT_EQ(http_method_name(HttpMethod::kOther), "OTHER");
}

}  // namespace
}  // namespace slipway::transport
