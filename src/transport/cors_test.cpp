#include "transport/cors.h"

#include <gtest/gtest.h>

#include "transport/internal/session_driver.h"

namespace slipway::transport {
namespace {

class OkHandler final : public HttpHandler {
 public:
  void handle(HttpExchange& exchange) override {
    asked++;
    exchange.response().headers.emplace_back("X-Request-Id", "1");
    exchange.response().body = "{}";
  }
  int asked = 0;
};

class CorsTest : public testing::Test {
 protected:
  /// The answer's head to a request with these further header lines.
  std::string ask(const std::vector<std::string>& origins, std::string_view method,
                  std::string_view lines) {
    const auto cors =
        make_cors_handler({.origins = origins, .max_age = std::chrono::seconds(60)}, handler_);
    SessionDriver driver({}, *cors);
    driver.receive(std::string(method) + " /p HTTP/1.1\r\nHost: h\r\n" + std::string(lines) +
                   "\r\n");
    return driver.take_sent();
  }
  static bool has(const std::string& answer, std::string_view line) {
    return answer.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
  OkHandler handler_;
};

TEST_F(CorsTest, AllowsTheOriginsThatAreNamed) {
  const std::vector<std::string> origins = {"https://a.example", "http://b.example:3000"};
  for (const std::string& origin : origins) {
    const std::string answer = ask(origins, "GET", "Origin: " + origin + "\r\n");
    EXPECT_TRUE(has(answer, "Access-Control-Allow-Origin: " + origin));
    EXPECT_TRUE(has(answer, "Vary: Origin"));
    EXPECT_TRUE(has(answer, "X-Request-Id: 1"));
    EXPECT_NE(answer.find("Access-Control-Expose-Headers: "), std::string::npos);
  }
  for (const char* other : {"https://a.example.evil", "http://a.example", "null", ""}) {
    const std::string answer = ask(origins, "GET", "Origin: " + std::string(other) + "\r\n");
    EXPECT_EQ(answer.find("Access-Control"), std::string::npos) << other;
    EXPECT_TRUE(has(answer, "Vary: Origin"));
  }
  const std::string no_page = ask(origins, "GET", "");
  EXPECT_TRUE(has(no_page, "Vary: Origin"));
  EXPECT_EQ(no_page.find("Access-Control"), std::string::npos);
  EXPECT_EQ(handler_.asked, 7);
}

TEST_F(CorsTest, AllowsEveryoneByAStar) {
  const std::string answer = ask({"*"}, "GET", "Origin: https://x.example\r\n");
  EXPECT_TRUE(has(answer, "Access-Control-Allow-Origin: *"));
  EXPECT_EQ(answer.find("Vary"), std::string::npos);
  EXPECT_EQ(answer.find("Credentials"), std::string::npos);
}

TEST_F(CorsTest, AnswersPreflightsItself) {
  const std::string answer = ask({"https://a.example"}, "OPTIONS",
                                 "Origin: https://a.example\r\nAccess-Control-Request-Method: "
                                 "POST\r\nAccess-Control-Request-Headers: content-type, x-y\r\n");
  EXPECT_EQ(answer.substr(0, 24), "HTTP/1.1 204 No Content\r");
  EXPECT_TRUE(has(answer, "Access-Control-Allow-Origin: https://a.example"));
  EXPECT_TRUE(has(answer, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE"));
  EXPECT_TRUE(has(answer, "Access-Control-Allow-Headers: content-type, x-y"));
  EXPECT_TRUE(has(answer, "Access-Control-Max-Age: 60"));
  EXPECT_TRUE(has(answer, "Vary: Access-Control-Request-Headers"));
  EXPECT_EQ(handler_.asked, 0);
  const std::string refused = ask({"https://a.example"}, "OPTIONS",
                                  "Origin: https://b.example\r\n"
                                  "Access-Control-Request-Method: POST\r\n");
  EXPECT_EQ(refused.find("Access-Control-Allow"), std::string::npos);
  const std::string odd = ask({"*"}, "OPTIONS",
                              "Origin: https://b.example\r\nAccess-Control-Request-Method: POST\r\n"
                              "Access-Control-Request-Headers: a\"b\r\n");
  EXPECT_EQ(odd.find("Allow-Headers"), std::string::npos);
}

TEST_F(CorsTest, LeavesOtherOptionsToTheService) {
  ask({"*"}, "OPTIONS", "Origin: https://b.example\r\n");
  ask({"*"}, "OPTIONS", "Access-Control-Request-Method: POST\r\n");
  EXPECT_EQ(handler_.asked, 2);
}

TEST(CorsOrigin, IsSchemeHostAndPort) {
  for (const char* good : {"*", "https://a.example", "http://localhost:3000", "http://[::1]:80"}) {
    EXPECT_TRUE(is_cors_origin(good)) << good;
  }
  for (const char* wrong : {"", "a.example", "https://", "https://a.example/", "https://A.example",
                            "https://*.a.example", "https://u@a.example", "null", "https://a b"}) {
    EXPECT_FALSE(is_cors_origin(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace slipway::transport
