// The official C++ gRPC server, callback API, answering an empty message by an empty message.
//
//   grpc_empty PORT
#include <grpcpp/grpcpp.h>

#include <string>

#include "grpc_empty.grpc.pb.h"

namespace {

class Nothing final : public bench::Nothing::CallbackService {
  grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context, const bench::Empty*,
                                 bench::Empty*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Nothing service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.BuildAndStart()->Wait();
  return 0;
}
