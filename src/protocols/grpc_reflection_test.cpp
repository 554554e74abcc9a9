#include "protocols/grpc_reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpc/reflection/v1/reflection.pb.h>
#include <gtest/gtest.h>

#include "protocols/grpc_fakes_test.h"

namespace slipway::protocols {
namespace {

namespace v1 = grpc::reflection::v1;

class GrpcReflectionTest : public testing::Test {
 protected:
  v1::ServerReflectionResponse ask(const v1::ServerReflectionRequest& request) {
    v1::ServerReflectionResponse response;
    const Result<std::string> answer = reflection_.answer(request.SerializeAsString());
    EXPECT_TRUE(answer.ok() && response.ParseFromString(answer.value()));
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
    EXPECT_EQ(response.valid_host(), request.host());
    return response;
  }
  v1::ServerReflectionResponse symbol(const std::string& name) {
    v1::ServerReflectionRequest request;
    request.set_file_containing_symbol(name);
    return ask(request);
  }
  GrpcReflection reflection_;
};

TEST_F(GrpcReflectionTest, ListsTheServices) {
  v1::ServerReflectionRequest request;
  request.set_host("h");
  request.set_list_services("*");
  const auto response = ask(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                       "grpc.reflection.v1alpha.ServerReflection", "inference.GRPCInferenceService",
                       "org.pytorch.serve.grpc.inference.InferenceAPIsService",
                       "org.pytorch.serve.grpc.management.ManagementAPIsService",
                       "tensorflow.serving.ModelService", "tensorflow.serving.PredictionService"}));
}

/// Knows health everywhere, and inference on the second listener.
class SomeServices final : public transport::GrpcHandler {
 public:
  Method method(std::string_view path, uint32_t listener) const override {
    const bool known = path.starts_with("/grpc.health.v1.Health/") ||
                       (listener == 1 && path == "/inference.GRPCInferenceService/ModelInfer");
    return known ? Method::kUnary : Method::kUnknown;
  }
  void handle(transport::GrpcExchange&) override {}
  std::unique_ptr<transport::GrpcCallHandler> open(std::shared_ptr<transport::GrpcCall>) override {
    return nullptr;
  }
};

TEST_F(GrpcReflectionTest, ListsWhatTheListenerServes) {
  const SomeServices served;
  reflection_.set_served(served);
  v1::ServerReflectionRequest request;
  request.set_list_services("*");
  const auto names = [&](uint32_t listener) {
    v1::ServerReflectionResponse response;
    EXPECT_TRUE(response.ParseFromString(
        reflection_.answer(request.SerializeAsString(), listener).value()));
    std::vector<std::string> listed;
    for (const auto& service : response.list_services_response().service()) {
      listed.push_back(service.name());
    }
    return listed;
  };
  EXPECT_EQ(names(0), (std::vector<std::string>{"grpc.health.v1.Health"}));
  EXPECT_EQ(names(1),
            (std::vector<std::string>{"grpc.health.v1.Health", "inference.GRPCInferenceService"}));
}

/// protobuf's own descriptor pool takes the files and finds in them what was asked for.
TEST_F(GrpcReflectionTest, GivesTheFileOfEachSymbol) {
  for (const std::string name :
       {"inference.GRPCInferenceService", "inference.GRPCInferenceService.ModelInfer",
        "inference.ModelInferRequest", "inference.ModelInferRequest.InferInputTensor",
        "inference.ModelInferRequest.inputs", "inference.InferParameter.parameter_choice",
        "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING", "grpc.reflection.v1.ErrorResponse",
        "grpc.reflection.v1alpha.ServerReflection"}) {
    const auto response = symbol(name);
    ASSERT_EQ(response.file_descriptor_response().file_descriptor_proto_size(), 1) << name;
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(response.file_descriptor_response().file_descriptor_proto(0)));
    google::protobuf::DescriptorPool pool;
    ASSERT_NE(pool.BuildFile(file), nullptr);
    EXPECT_NE(pool.FindFileContainingSymbol(name), nullptr) << name;
    v1::ServerReflectionRequest by_name;
    by_name.set_file_by_filename(file.name());
    EXPECT_EQ(ask(by_name).file_descriptor_response().file_descriptor_proto(0),
              response.file_descriptor_response().file_descriptor_proto(0));
  }
}

TEST_F(GrpcReflectionTest, SaysWhatItDoesNotFind) {
  constexpr int kNotFound = static_cast<int>(StatusCode::kNotFound);
  EXPECT_EQ(symbol("inference.Nothing").error_response().error_code(), kNotFound);
  EXPECT_EQ(symbol("").error_response().error_code(), kNotFound);
  v1::ServerReflectionRequest request;
  request.set_file_by_filename("nothing.proto");
  EXPECT_EQ(ask(request).error_response().error_code(), kNotFound);
  EXPECT_NE(ask(request).error_response().error_message().find("nothing.proto"), std::string::npos);
  request.mutable_file_containing_extension()->set_containing_type("inference.InferParameter");
  request.mutable_file_containing_extension()->set_extension_number(9);
  EXPECT_EQ(ask(request).error_response().error_code(), kNotFound);
  request.set_all_extension_numbers_of_type("inference.Nothing");
  EXPECT_EQ(ask(request).error_response().error_code(), kNotFound);
  request.set_all_extension_numbers_of_type("inference.InferParameter");
  EXPECT_EQ(ask(request).all_extension_numbers_response().base_type_name(),
            "inference.InferParameter");
  EXPECT_EQ(ask(request).all_extension_numbers_response().extension_number_size(), 0);
}

TEST_F(GrpcReflectionTest, RefusesMalformedRequests) {
  EXPECT_FALSE(reflection_.answer("\x1A\x05x").ok());
  EXPECT_FALSE(reflection_.answer("").ok()) << "it asks for nothing";
  v1::ServerReflectionRequest large;
  large.set_host(std::string(70'000, 'x'));
  large.set_list_services("");
  EXPECT_FALSE(reflection_.answer(large.SerializeAsString()).ok());
}

TEST_F(GrpcReflectionTest, AnswersEachMessageOfACall) {
  for (const std::string version : {"v1", "v1alpha"}) {
    const std::string path =
        "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo";
    EXPECT_EQ(reflection_.method(path, 0), transport::GrpcHandler::Method::kStreaming);
    const auto call = std::make_shared<FakeGrpcCall>(path);
    const auto stream = reflection_.open(call);
    v1::ServerReflectionRequest request;
    request.set_file_containing_symbol("inference.ModelInferRequest");
    int taken = 0;
    while (stream->on_message(request.SerializeAsString())) ++taken;
    EXPECT_GT(taken, 10);
    EXPECT_LT(taken, 2000) << "the client is held back";
    call->take_all();
    stream->on_writable();
    EXPECT_EQ(call->resumed, 1);
    stream->on_end();
    EXPECT_TRUE(call->finished && call->final_status.ok());
    const auto bad = std::make_shared<FakeGrpcCall>(path);
    reflection_.open(bad)->on_message("\xFF");
    EXPECT_EQ(bad->final_status.code(), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(reflection_.method("/grpc.reflection.v2.ServerReflection/ServerReflectionInfo", 0),
            transport::GrpcHandler::Method::kUnknown);
}

}  // namespace
}  // namespace slipway::protocols
