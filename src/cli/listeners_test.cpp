#include "cli/listeners.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

TEST(Listeners, TakesHostAndPortUnlessOthersAreNamed) {
  ServeOptions options;
  auto plan = plan_listeners(options, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->inference.size(), 1U);
  EXPECT_EQ(plan->inference[0].port, 8080);
  EXPECT_TRUE(plan->admin.empty());

  options.listeners.listen = {"localhost:1  unix:/a", "localhost:2,protocols=grpc"};
  plan = plan_listeners(options, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->inference.size(), 3U);
  EXPECT_EQ(plan->inference[0].port, 1);
  EXPECT_EQ(plan->inference[1].unix_path, "/a");
  EXPECT_EQ(plan->inference[1].unix_mode, 0660U);
  EXPECT_FALSE(plan->inference[2].protocols.http1);

  options.listeners.address_given = true;
  plan = plan_listeners(options, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->inference.size(), 4U);
  EXPECT_EQ(plan->inference[0].port, 8080);
}

TEST(Listeners, GivesAdminSocketsToTheirOwner) {
  ServeOptions options;
  options.admin = "unix:/admin";
  options.listeners.listen = {"unix:/second,admin", "unix:/third,admin,mode=0660"};
  const auto plan = plan_listeners(options, {});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->inference.size(), 1U);  // --port: nothing else gives one
  ASSERT_EQ(plan->admin.size(), 3U);
  EXPECT_EQ(plan->admin[0].unix_mode, 0600U);
  EXPECT_EQ(plan->admin[1].unix_mode, 0660U);
  EXPECT_EQ(plan->admin[2].unix_mode, 0600U);
  EXPECT_TRUE(plan->admin_is_local);
}

TEST(Listeners, WantsATokenForAdminListenersThatOthersReach) {
  for (const bool by_listen : {false, true}) {
    ServeOptions options;
    if (by_listen) {
      options.listeners.listen = {"0.0.0.0:1,admin", "127.0.0.1:2,admin"};
    } else {
      options.admin = "0.0.0.0:1";
    }
    const auto refused = plan_listeners(options, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.status().message().find("--admin-token"), std::string::npos);
    options.admin_token = "secret";
    const auto plan = plan_listeners(options, {});
    ASSERT_TRUE(plan.ok());
    EXPECT_FALSE(plan->admin_is_local);
  }
}

TEST(Listeners, TakesTheSocketsOfTheServiceManager) {
  ServeOptions options;
  const std::vector<InheritedSocket> inherited = {{1000, "web"}, {1001, "other"}, {1002, "web"}};
  auto plan = plan_listeners(options, inherited);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->inference.size(), 3U);  // in place of --port
  EXPECT_EQ(plan->inference[1].fd, 1001);

  options.listeners.listen = {"systemd,protocols=grpc", "systemd:web"};
  plan = plan_listeners(options, inherited);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->inference.size(), 3U);
  EXPECT_EQ(plan->inference[0].fd, 1000);
  EXPECT_EQ(plan->inference[1].fd, 1002);
  EXPECT_TRUE(plan->inference[1].protocols.http1);
  EXPECT_EQ(plan->inference[2].fd, 1001);
  EXPECT_FALSE(plan->inference[2].protocols.http1);

  options.listeners.listen = {"systemd:missing"};
  EXPECT_FALSE(plan_listeners(options, inherited).ok());
  options.listeners.listen = {"systemd:web,admin"};  // no socket at all: not known to be local
  EXPECT_FALSE(plan_listeners(options, inherited).ok());
}

}  // namespace
}  // namespace slipway::cli
