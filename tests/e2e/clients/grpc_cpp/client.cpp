// One round of calls with the official C++ client: what each gave, as JSON.
//
//   client HOST:PORT
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "inference.grpc.pb.h"

namespace {

using inference::ModelInferRequest;

constexpr double kRow[] = {5.1, 3.5, 1.4, 0.2};

ModelInferRequest request(const std::string& model, bool raw) {
  ModelInferRequest made;
  made.set_model_name(model);
  made.set_id("cpp");
  auto& input = *made.add_inputs();
  input.set_name("x");
  input.set_datatype("FP64");
  input.add_shape(1);
  input.add_shape(4);
  if (raw) {
    made.add_raw_input_contents(kRow, sizeof(kRow));
  } else {
    for (const double value : kRow) input.mutable_contents()->add_fp64_contents(value);
  }
  return made;
}

struct Answer {
  grpc::Status status;
  inference::ModelInferResponse response;
};

Answer infer(inference::GRPCInferenceService::Stub& stub, const ModelInferRequest& request,
             bool compressed = false, int seconds = 20) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
  if (compressed) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  Answer answer;
  answer.status = stub.ModelInfer(&context, request, &answer.response);
  return answer;
}

int stream(inference::GRPCInferenceService::Stub& stub) {
  grpc::ClientContext context;
  const auto call = stub.ModelStreamInfer(&context);
  for (int i = 0; i < 50; ++i) call->Write(request("iris", true));
  call->WritesDone();
  inference::ModelStreamInferResponse answer;
  int streamed = 0;
  while (call->Read(&answer)) streamed += answer.error_message().empty() ? 1 : 0;
  return call->Finish().ok() ? streamed : -1;
}

}  // namespace

int main(int, char** arguments) {
  const auto stub = inference::GRPCInferenceService::NewStub(
      grpc::CreateChannel(arguments[1], grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  inference::ModelReadyRequest ready_request;
  ready_request.set_name("iris");
  inference::ModelReadyResponse ready;
  if (!stub->ModelReady(&context, ready_request, &ready).ok()) return 1;
  const Answer typed = infer(*stub, request("iris", false));
  const Answer raw = infer(*stub, request("iris", true), true);
  if (!typed.status.ok() || !raw.status.ok()) return 1;
  std::printf(
      "{\"ready\": %s, \"typed\": \"%s\", \"id\": \"%s\", \"raw\": \"%s\", \"unknown\": %d, "
      "\"late\": %d, \"streamed\": %d}\n",
      ready.ready() ? "true" : "false",
      typed.response.outputs(0).contents().bytes_contents(0).c_str(), typed.response.id().c_str(),
      raw.response.raw_output_contents(0).substr(4).c_str(),
      infer(*stub, request("rose", false)).status.error_code(),
      infer(*stub, request("iris", false), false, -1).status.error_code(), stream(*stub));
  return 0;
}
