#include "cli/admin_address.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

TEST(AdminAddress, KnowsHostPortAndWhoReachesIt) {
  const auto address = parse_admin_address("127.0.0.1:8081");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, 8081);
  EXPECT_TRUE(address->is_loopback);
  EXPECT_EQ(parse_admin_address("[::1]:0")->host, "::1");
  for (const char* here : {"[::1]:0", "localhost:1", "127.3.4.5:65535"}) {
    EXPECT_TRUE(parse_admin_address(here)->is_loopback) << here;
  }
  for (const char* elsewhere : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1",
                                "localhost.example:1", "128.0.0.1:1"}) {
    EXPECT_FALSE(parse_admin_address(elsewhere)->is_loopback) << elsewhere;
  }
}

TEST(AdminAddress, RefusesWhatIsNone) {
  for (const char* text : {"", ":", "8081", "localhost", "localhost:", ":8081", "::1:8081",
                           "localhost:65536", "localhost:-1", "localhost:80x", "[]:80"}) {
    EXPECT_FALSE(parse_admin_address(text).ok()) << text;
  }
}

}  // namespace
}  // namespace slipway::cli
