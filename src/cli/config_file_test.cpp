#include "cli/config_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace slipway::cli {
namespace {

const std::vector<Setting>& settings() {
  static const std::vector<Setting> kSettings = {
      {.name = "paths", .is_list = true, .is_positional = true},
      {.name = "port", .environment = "SLIPWAY_TEST_PORT"},
      {.name = "access-log", .environment = "SLIPWAY_TEST_ACCESS_LOG"},
      {.name = "json", .is_flag = true},
      {.name = "listen", .is_list = true},
  };
  return kSettings;
}

Result<ConfigArguments> read(const std::string& text) {
  const std::string path = testing::TempDir() + "config_file_test.yaml";
  std::ofstream(path) << text;
  return read_config_file(path, settings());
}

TEST(ConfigFileTest, SettingsBecomeFlagsAndPaths) {
  const ConfigArguments arguments =
      read("port: 9000\npaths: [a.joblib, b/]\naccess_log: /tmp/x\njson: true\n").value();
  EXPECT_EQ(arguments.flags,
            (std::vector<std::string>{"--port=9000", "--access-log=/tmp/x", "--json"}));
  EXPECT_EQ(arguments.positionals, (std::vector<std::string>{"a.joblib", "b/"}));
}

TEST(ConfigFileTest, AListOfMapsBecomesFlagsWithTheirParts) {
  const ConfigArguments arguments = read(
                                        "listeners:\n"
                                        "  - localhost:1,tls\n"
                                        "  - {address: 'unix:/a b', mode: 0600, admin: true}\n"
                                        "  - {protocols: [http2, grpc], address: '[::]:2', "
                                        "admin: false, client_ca: a.pem}\n")
                                        .value();
  EXPECT_EQ(arguments.flags, (std::vector<std::string>{
                                 "--listen=localhost:1,tls", "--listen=unix:/a b,mode=0600,admin",
                                 "--listen=[::]:2,protocols=http2+grpc,client-ca=a.pem"}));
  EXPECT_FALSE(read("listeners: [{mode: 0600}]\n").ok());
  EXPECT_FALSE(read("listeners: [{address: a, mode: '1,admin'}]\n").ok());
  EXPECT_FALSE(read("listeners: [[a]]\n").ok());
}

TEST(ConfigFileTest, AnUnknownSettingIsRefusedWithItsLineAndAHint) {
  const Status status = read("port: 1\nprot: 2\n").status();
  EXPECT_NE(status.message().find("line 2: unknown setting 'prot'; did you mean 'port'?"),
            std::string::npos)
      << status.message();
}

TEST(ConfigFileTest, WrongShapesAreRefused) {
  EXPECT_FALSE(read("port: [1, 2]\n").ok());
  EXPECT_FALSE(read("json: maybe\n").ok());
  EXPECT_FALSE(read("- port\n").ok());
  EXPECT_FALSE(read("port: {a: 1\n").ok());
  EXPECT_TRUE(read("").ok());
}

TEST(ConfigFileTest, AnEnvironmentVariableWinsOverTheFile) {
  ASSERT_EQ(::setenv("SLIPWAY_TEST_PORT", "1", 1), 0);
  EXPECT_TRUE(read("port: 9000\n").value().flags.empty());
  ::unsetenv("SLIPWAY_TEST_PORT");
}

}  // namespace
}  // namespace slipway::cli
