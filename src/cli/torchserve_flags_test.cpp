#include "cli/torchserve_flags.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/properties.h"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

std::string config(const std::string& text) {
  const fs::path path = fs::temp_directory_path() / "slipway_torchserve.properties";
  std::ofstream(path) << text;
  return path.string();
}

TEST(TorchServeFlags, TheCommandLineOfItsDocumentationIsTaken) {
  const auto out = translate_torchserve_flags({"serve", "--compat=torchserve", "--start", "--ncs",
                                               "--model-store", "store", "--models",
                                               "iris=iris.mar", "wine=wine.joblib"});
  ASSERT_TRUE(out.ok()) << out.status().message();
  EXPECT_EQ(
      *out,
      (Arguments{
          "serve", "--model-store", "store", "--listen=127.0.0.1:8080,compat=torchserve",
          "--listen=127.0.0.1:8081,admin", "--listen=127.0.0.1:8082,compat=torchserve-metrics",
          "--listen=127.0.0.1:7070,compat=torchserve", "--listen=127.0.0.1:7071,admin",
          "--compat=torchserve,torchserve-management,torchserve-metrics", "store/iris.mar",
          "--model=wine=store/wine.joblib", "--token-file=key_file.json", "--no-model-api"}));
}

TEST(TorchServeFlags, AConfigurationFileSaysTheRest) {
  const std::string file = config(
      "# a comment\n"
      "inference_address=http://0.0.0.0:9080\n"
      "management_address = https://0.0.0.0:9081\n"
      "metrics_address=http://0.0.0.0:9080\n"
      "grpc_inference_port=9070\n"
      "grpc_management_port=9071\n"
      "certificate_file=a.pem\nprivate_key_file=b.pem\n"
      "model_store=/store\nload_models=all\n"
      "allowed_urls=https://models\\.example\\.com/iris/.*,(http|https)://.*\n"
      "disable_token_authorization=true\nenable_model_api=true\n"
      "default_response_timeout=30\nmax_request_size=1000\njob_queue_size=10\n"
      "token_expiration_min=5\nmodels={\\\n  \"iris\": {}}\n");
  const auto out = translate_torchserve_flags(
      {"serve", "--compat", "torchserve,kserve-v2", "--ts-config=" + file, "--foreground"});
  ASSERT_TRUE(out.ok()) << out.status().message();
  EXPECT_EQ(*out,
            (Arguments{"serve", "--model-store=/store",
                       "--listen=0.0.0.0:9080,compat=torchserve+kserve-v2+torchserve-metrics",
                       "--listen=0.0.0.0:9081,tls,compat=torchserve-management",
                       "--listen=127.0.0.1:9070,compat=torchserve+kserve-v2",
                       "--listen=127.0.0.1:9071,admin",
                       "--compat=torchserve,kserve-v2,torchserve-management,torchserve-metrics",
                       "--tls-cert=a.pem", "--tls-key=b.pem", "/store",
                       "--allow-url=https://models.example.com/iris/", "--token-expiry=300s",
                       "--queue-timeout=30s", "--max-body=1000", "--queue-max=10"}));
}

TEST(TorchServeFlags, WithoutTheDialectOrItsFlagsNothingChanges) {
  const Arguments other = {"serve", "--compat=simple", "--models", "all"};
  EXPECT_EQ(*translate_torchserve_flags(other), other);
  const Arguments own = {"serve", "--compat=torchserve", "--model-store=s", "iris.mar"};
  EXPECT_EQ(*translate_torchserve_flags(own), own);
}

TEST(TorchServeFlags, MistakesAreNamed) {
  for (const Arguments& wrong :
       {Arguments{"--stop"}, Arguments{"--models"}, Arguments{"--models", "a.mar"},
        Arguments{"--ts-config", "/does/not/exist"},
        Arguments{"--model-store", "s", "--models", "../a.mar"},
        Arguments{"--ts-config", config("inference_address=8080")},
        Arguments{"--ts-config", config("inference_address=https://0.0.0.0:1")},
        Arguments{"--ts-config", config("keystore=a.p12")},
        Arguments{"--ts-config", config("job_queue_size=many")}}) {
    Arguments arguments = {"serve", "--compat=torchserve"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    const auto out = translate_torchserve_flags(arguments);
    EXPECT_EQ(out.status().code() == StatusCode::kInvalidArgument ||
                  out.status().code() == StatusCode::kNotFound,
              true)
        << wrong.back();
  }
}

TEST(Properties, AreReadAsJavaDoes) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_properties("! x\n a = b=c \nd:e\nf g\nh\n\ni=1\\\n  2\\\n 3\nj=\\"),
            (Pairs{{"a", "b=c"}, {"d", "e"}, {"f", "g"}, {"h", ""}, {"i", "123"}, {"j", ""}}));
}

}  // namespace
}  // namespace slipway::cli
