// A service with small models, asked over gRPC by messages that protobuf itself writes and reads.
#pragma once

#include <inference.pb.h>

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "protocols/grpc_fakes_test.h"
#include "protocols/service_harness_test.h"

namespace slipway::protocols {

class RpcHarness : public ServiceHarness {
 protected:
  static constexpr std::string_view kService = "/inference.GRPCInferenceService/";

  /// The answer; empty if the call failed.
  template <typename Response>
  Response ask(std::string_view method, const google::protobuf::MessageLite& request,
               std::vector<transport::HttpHeader> metadata = {}) {
    return ask_bytes<Response>(method, request.SerializeAsString(), std::move(metadata));
  }
  template <typename Response>
  Response ask_bytes(std::string_view method, std::string message,
                     std::vector<transport::HttpHeader> metadata = {}) {
    path_ = std::string(kService) + std::string(method);
    call_.prepare(path_, std::move(message), std::move(metadata));
    handler_->handle(call_);
    call_.wait();
    Response response;
    EXPECT_TRUE(response.ParseFromString(call_.answer().message));
    return response;
  }
  inference::ModelInferResponse infer(const inference::ModelInferRequest& request) {
    return ask<inference::ModelInferResponse>("ModelInfer", request);
  }
  StatusCode code() { return call_.answer().status.code(); }
  std::string error() { return call_.answer().status.message(); }
  std::string trailing(std::string_view name) {
    for (const auto& [key, value] : call_.answer().trailing_metadata) {
      if (key == name) return value;
    }
    return {};
  }

  static inference::ModelInferRequest request(const std::string& model = "iris") {
    inference::ModelInferRequest made;
    made.set_model_name(model);
    return made;
  }
  static inference::ModelInferRequest::InferInputTensor& add_input(
      inference::ModelInferRequest& request, const std::string& name, const std::string& datatype,
      std::initializer_list<int64_t> shape) {
    auto& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype(datatype);
    for (const int64_t dimension : shape) input.add_shape(dimension);
    return input;
  }
  static void fill(inference::ModelInferRequest::InferInputTensor& input,
                   std::initializer_list<double> values) {
    for (const double value : values) input.mutable_contents()->add_fp64_contents(value);
  }
  /// One row of iris as typed FP64.
  static inference::ModelInferRequest one_row() {
    inference::ModelInferRequest made = request();
    fill(add_input(made, "x", "FP64", {1, 4}), {5.1, 3.5, 1.4, 0.2});
    return made;
  }
  template <typename T>
  static std::string bytes_of(std::initializer_list<T> values) {
    std::string bytes;
    for (const T value : values) {
      char raw[sizeof(T)];
      std::memcpy(raw, &value, sizeof(T));
      bytes.append(raw, sizeof(T));
    }
    return bytes;
  }

  transport::GrpcHandler* handler_ = nullptr;
  FakeGrpcExchange call_;
  std::string path_;
};

}  // namespace slipway::protocols
