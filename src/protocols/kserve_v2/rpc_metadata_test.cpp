// Health, metadata and the model repository over gRPC.
#include <gtest/gtest.h>

#include "protocols/kserve_v2/fake_control_test.h"
#include "protocols/kserve_v2/rpc_harness_test.h"

namespace slipway::protocols {
namespace {

class RpcMetadata : public RpcHarness {
 protected:
  RpcMetadata() {
    ServiceOptions options;
    options.version = "1.2.3";
    options.admin_token = "s3cret";
    start(options, nullptr);
    service_->set_control(&control_);
    serve({{"iris", serving::iris_executable()}, {"mixed", serving::mixed_executable()}});
    handler_ = &service_->grpc_handler();
  }
  bool ready(const std::string& name, const std::string& version = "") {
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    return ask<inference::ModelReadyResponse>("ModelReady", request).ready();
  }
  void change(std::string_view method, std::vector<transport::HttpHeader> metadata) {
    inference::RepositoryModelLoadRequest request;  // the other one is the same on the wire
    request.set_model_name("iris");
    ask<inference::RepositoryModelLoadResponse>(method, request, std::move(metadata));
  }

  FakeControl control_;
};

TEST_F(RpcMetadata, KnowsItsMethodsAndNoOthers) {
  using Method = transport::GrpcHandler::Method;
  for (const std::string_view name :
       {"ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer",
        "RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"}) {
    EXPECT_EQ(handler_->method(std::string(kService) + std::string(name), 0), Method::kUnary)
        << name;
  }
  for (const std::string_view path :
       {"/inference.GRPCInferenceService/", "/inference.GRPCInferenceService/ModelInfers", "",
        "/inference.GRPCInferenceService", "inference.GRPCInferenceService/ModelInfer"}) {
    EXPECT_EQ(handler_->method(path, 0), Method::kUnknown) << path;
  }
}

TEST_F(RpcMetadata, TellsWhetherItIsLiveAndReady) {
  const inference::ServerLiveRequest nothing;
  EXPECT_TRUE(ask<inference::ServerLiveResponse>("ServerLive", nothing).live());
  EXPECT_TRUE(ask<inference::ServerReadyResponse>("ServerReady", nothing).ready());
  EXPECT_TRUE(ready("iris"));
  EXPECT_TRUE(ready("iris", "1"));
  EXPECT_FALSE(ready("iris", "2"));
  EXPECT_FALSE(ready("rose"));
  EXPECT_EQ(code(), StatusCode::kOk);
  service_->set_draining();
  EXPECT_TRUE(ask<inference::ServerLiveResponse>("ServerLive", nothing).live());
  EXPECT_FALSE(ask<inference::ServerReadyResponse>("ServerReady", nothing).ready());
  EXPECT_FALSE(ready("iris"));
}

TEST_F(RpcMetadata, IsNotReadyWithoutModels) {
  start({}, nullptr);
  handler_ = &service_->grpc_handler();
  const inference::ServerReadyRequest nothing;
  EXPECT_FALSE(ask<inference::ServerReadyResponse>("ServerReady", nothing).ready());
  EXPECT_EQ(code(), StatusCode::kOk);
  EXPECT_FALSE(ready("iris"));
}

TEST_F(RpcMetadata, DescribesServerAndModels) {
  const auto server =
      ask<inference::ServerMetadataResponse>("ServerMetadata", inference::ServerMetadataRequest());
  EXPECT_EQ(server.name(), "slipway");
  EXPECT_EQ(server.version(), "1.2.3");
  EXPECT_EQ(server.extensions_size(), 10);
  inference::ModelMetadataRequest request;
  request.set_name("mixed");
  const auto model = ask<inference::ModelMetadataResponse>("ModelMetadata", request);
  EXPECT_EQ(model.name(), "mixed");
  EXPECT_EQ(model.platform(), "slipway_sklearn");
  ASSERT_EQ(model.versions_size(), 1);
  EXPECT_EQ(model.versions(0), "1");
  ASSERT_EQ(model.inputs_size(), 2);
  EXPECT_EQ(model.inputs(0).name(), "age");
  EXPECT_EQ(model.inputs(0).datatype(), "FP64");
  EXPECT_EQ(model.inputs(0).shape(0), -1);
  EXPECT_EQ(model.inputs(0).shape(1), 1);
  EXPECT_EQ(model.inputs(1).datatype(), "BYTES");
  ASSERT_EQ(model.outputs_size(), 3);
  EXPECT_EQ(model.outputs(2).shape(1), 2);
  request.set_name("rose");
  ask<inference::ModelMetadataResponse>("ModelMetadata", request);
  EXPECT_EQ(code(), StatusCode::kNotFound);
}

TEST_F(RpcMetadata, RefusesMalformedAndOversizedRequests) {
  for (const std::string_view method : {"ModelReady", "ModelMetadata", "RepositoryIndex"}) {
    ask_bytes<inference::ModelMetadataResponse>(method, "\x0A\x05x");
    EXPECT_EQ(code(), StatusCode::kInvalidArgument) << method;
    ask_bytes<inference::ModelMetadataResponse>(method, "\x0A\x01\xFF");
    EXPECT_EQ(code(), StatusCode::kInvalidArgument) << method << ", not UTF-8";
    inference::ModelReadyRequest large;
    large.set_name(std::string(70'000, 'x'));
    ask<inference::ModelMetadataResponse>(method, large);
    EXPECT_EQ(code(), StatusCode::kInvalidArgument) << method;
    EXPECT_NE(error().find("too large"), std::string::npos);
  }
}

TEST_F(RpcMetadata, ListsTheRepository) {
  using serving::VersionState;
  control_.statuses = {{"iris", "1", "", {}, VersionState::kAvailable, ""},
                       {"iris", "2", "", invalid_argument("cut off"), VersionState::kEnd, "x"}};
  inference::RepositoryIndexRequest request;
  auto index = ask<inference::RepositoryIndexResponse>("RepositoryIndex", request);
  ASSERT_EQ(index.models_size(), 2);
  EXPECT_EQ(index.models(0).state(), "READY");
  EXPECT_EQ(index.models(1).state(), "UNAVAILABLE");
  EXPECT_EQ(index.models(1).reason(), "cut off");
  request.set_ready(true);
  index = ask<inference::RepositoryIndexResponse>("RepositoryIndex", request);
  EXPECT_EQ(index.models_size(), 1);
  service_->set_control(nullptr);
  ask<inference::RepositoryIndexResponse>("RepositoryIndex", request);
  EXPECT_EQ(code(), StatusCode::kUnavailable);
}

TEST_F(RpcMetadata, ChangesModelsForWhoBringsTheTokenOnly) {
  for (const std::string_view method : {"RepositoryModelLoad", "RepositoryModelUnload"}) {
    change(method, {});
    EXPECT_EQ(code(), StatusCode::kPermissionDenied);
    change(method, {{"authorization", "Bearer wrong"}});
    EXPECT_EQ(code(), StatusCode::kPermissionDenied);
  }
  EXPECT_TRUE(control_.calls.empty());
  change("RepositoryModelLoad", {{"authorization", "Bearer s3cret"}});
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  EXPECT_TRUE(call_.deferred());
  change("RepositoryModelUnload", {{"authorization", "Bearer s3cret"}});
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  EXPECT_EQ(control_.calls, (std::vector<std::string>{"load iris", "unload iris"}));
  control_.outcome = not_found("there is no such model");
  change("RepositoryModelLoad", {{"authorization", "Bearer s3cret"}});
  EXPECT_EQ(code(), StatusCode::kNotFound);
}

TEST_F(RpcMetadata, ChangesModelsOnTheAdminListener) {
  service_->admin_handler(true);
  handler_ = &service_->admin_grpc_handler();
  change("RepositoryModelLoad", {});
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  change("RepositoryModelLoad", {{"origin", "http://evil.example"}});
  EXPECT_EQ(code(), StatusCode::kPermissionDenied);
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("iris");
  (*request.mutable_parameters())["config"].set_string_param(R"({"backend":"onnxruntime"})");
  ask<inference::RepositoryModelLoadResponse>("RepositoryModelLoad", request);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  request.clear_parameters();
  (*request.mutable_parameters())["file:1/model.pkl"].set_bytes_param("x");
  ask<inference::RepositoryModelLoadResponse>("RepositoryModelLoad", request);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(error(), "Load parameter 'config' must be specified for model file override");
  (*request.mutable_parameters())["config"].set_string_param("{}");
  ask<inference::RepositoryModelLoadResponse>("RepositoryModelLoad", request);
  EXPECT_EQ(code(), StatusCode::kOk) << error();
  EXPECT_EQ(control_.calls.back(), "load_files iris 1/model.pkl=x");
  (*request.mutable_parameters())["file:1/model.pkl"].set_string_param("x");
  ask<inference::RepositoryModelLoadResponse>("RepositoryModelLoad", request);
  EXPECT_EQ(code(), StatusCode::kInvalidArgument);
  EXPECT_NE(error().find("must have bytes type"), std::string::npos) << error();
  inference::RepositoryModelUnloadRequest unload;
  unload.set_model_name("iris");
  (*unload.mutable_parameters())["unload_dependents"].set_bool_param(false);
  ask<inference::RepositoryModelUnloadResponse>("RepositoryModelUnload", unload);
  EXPECT_EQ(code(), StatusCode::kOk) << error();
}

}  // namespace
}  // namespace slipway::protocols
