#include "cli/listen_setting.h"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

using Kind = ListenAddress::Kind;

TEST(ListenSetting, KnowsHostPortAndWhoReachesIt) {
  const auto address = parse_listen_address("127.0.0.1:8081");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, 8081);
  EXPECT_TRUE(is_local(*address));
  EXPECT_EQ(parse_listen_address("[::1]:0")->host, "::1");
  for (const char* here : {"[::1]:0", "localhost:1", "127.3.4.5:65535", "unix:/run/a.sock"}) {
    EXPECT_TRUE(is_local(*parse_listen_address(here))) << here;
  }
  for (const char* elsewhere : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1",
                                "localhost.example:1", "128.0.0.1:1", "systemd"}) {
    EXPECT_FALSE(is_local(*parse_listen_address(elsewhere))) << elsewhere;
  }
}

TEST(ListenSetting, KnowsUnixSocketsAndInheritedOnes) {
  EXPECT_EQ(parse_listen_address("unix:/run/a b:1")->path, "/run/a b:1");
  EXPECT_EQ(parse_listen_address("unix:/run/a")->kind, Kind::kUnix);
  EXPECT_EQ(parse_listen_address("systemd")->kind, Kind::kInherited);
  EXPECT_EQ(parse_listen_address("systemd")->name, "");
  EXPECT_EQ(parse_listen_address("systemd:web")->name, "web");
}

TEST(ListenSetting, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", ":", "8081", "localhost", "localhost:", ":8081", "::1:8081", "localhost:65536",
        "localhost:-1", "localhost:80x", "[]:80", "unix:", "systemdx"}) {
    EXPECT_FALSE(parse_listen_address(text).ok()) << text;
  }
}

TEST(ListenSetting, TakesWhatTheListenerIsForAfterCommas) {
  const auto admin = parse_listen_setting("unix:/run/a.sock,admin,mode=600");
  ASSERT_TRUE(admin.ok()) << admin.status().message();
  EXPECT_TRUE(admin->is_admin);
  EXPECT_FALSE(admin->has_proxy_header);
  EXPECT_TRUE(parse_listen_setting("localhost:1,proxy")->has_proxy_header);
  EXPECT_EQ(admin->mode, 0600U);
  const auto grpc = parse_listen_setting("[::]:1,protocols=http2+grpc");
  ASSERT_TRUE(grpc.ok());
  EXPECT_FALSE(grpc->protocols.http1);
  EXPECT_TRUE(grpc->protocols.http2);
  EXPECT_TRUE(grpc->protocols.grpc);
  EXPECT_FALSE(grpc->is_admin);
  EXPECT_TRUE(parse_listen_setting("localhost:1")->protocols.http1);
}

TEST(ListenSetting, TakesTlsWithTheFlagsFilesOrItsOwn) {
  const auto plain = parse_listen_setting("[::]:1");
  EXPECT_FALSE(plain->has_tls);
  const auto flags = parse_listen_setting("[::]:1,tls");
  EXPECT_TRUE(flags->has_tls);
  EXPECT_EQ(flags->tls_certificate, "");
  const auto own =
      parse_listen_setting("[::]:1,cert=a=1.pem,key=a.key,client-ca=ca.pem,client-cert=optional");
  ASSERT_TRUE(own.ok()) << own.status().message();
  EXPECT_TRUE(own->has_tls);
  EXPECT_EQ(own->tls_certificate, "a=1.pem");
  EXPECT_EQ(own->tls_key, "a.key");
  EXPECT_EQ(own->tls_client_ca, "ca.pem");
  EXPECT_EQ(own->tls_client_certificate, "optional");
}

TEST(ListenSetting, RefusesWhatItDoesNotKnowByName) {
  for (const char* text :
       {"localhost:1,", "localhost:1,,admin", "localhost:1,admin=yes", "localhost:1,speed=9",
        "localhost:1,mode=0600", "unix:/a,mode=rw", "unix:/a,mode=1777", "unix:/a,mode",
        "localhost:1,proxy=v1", "localhost:1,tls=no", "localhost:1,cert=a.pem",
        "localhost:1,key=a.key", "localhost:1,client-cert=maybe", "localhost:1,protocols=http3",
        "localhost:1,protocols=", ",admin"}) {
    EXPECT_FALSE(parse_listen_setting(text).ok()) << text;
  }
  EXPECT_NE(parse_listen_setting("localhost:1,speed=9").status().message().find("speed=9"),
            std::string::npos);
}

}  // namespace
}  // namespace slipway::cli
