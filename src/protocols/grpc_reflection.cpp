#include "protocols/grpc_reflection.h"

#include <fmt/format.h>
#include <grpc/reflection/v1/reflection.pb.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "protocols/internal/proto_descriptors.h"
#include "protocols/internal/proto_fields.h"

namespace slipway::protocols {
namespace {

namespace v1 = grpc::reflection::v1;

constexpr std::string_view kMethods[] = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

constexpr size_t kRequestBytesMax = 64 * 1024;  // a parsed message takes many times its bytes
constexpr uint64_t kQueuedBytesMax = 1U << 20;

/// Field numbers of descriptor.proto.
enum FileField : uint32_t { kFileMessage = 4, kFileEnum = 5, kFileService = 6 };
enum MessageField : uint32_t { kField = 2, kNested = 3, kEnum = 4, kOneof = 8 };
constexpr uint32_t kEnumValue = 2;
constexpr uint32_t kServiceMethod = 2;

/// In each descriptor that has one, field 1 is the name.
std::string_view text_field(std::string_view message, uint32_t number) {
  std::string_view text;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.is(number, ProtoFields::kBytes)) text = fields.bytes();
  }
  return text;
}

std::string qualified(const std::string& scope, std::string_view message) {
  const std::string_view name = text_field(message, 1);
  return scope.empty() ? std::string(name) : fmt::format("{}.{}", scope, name);
}

v1::ErrorResponse error(StatusCode code, std::string message) {
  v1::ErrorResponse made;
  made.set_error_code(static_cast<int>(code));
  made.set_error_message(std::move(message));
  return made;
}

}  // namespace

GrpcReflection::GrpcReflection() {
  silence_protobuf();
  // A FileDescriptorSet: files in field 1.
  for (ProtoFields files(proto_descriptors()); files.next();) {
    if (files.is(1, ProtoFields::kBytes)) index_file(files.bytes());
  }
  CHECK(!services_.empty());
}

void GrpcReflection::index_file(std::string_view file) {
  files_.emplace(text_field(file, 1), file);
  const std::string package(text_field(file, 2));
  for (ProtoFields fields(file); fields.next();) {
    if (fields.kind() != ProtoFields::kBytes) continue;
    switch (fields.number()) {
      case kFileMessage: index_types(fields.bytes(), package, file); break;
      case kFileEnum: symbols_.emplace(qualified(package, fields.bytes()), file); break;
      case kFileService: {
        const std::string service = qualified(package, fields.bytes());
        std::vector<std::string>& paths = services_[service];
        symbols_.emplace(service, file);
        for (ProtoFields methods(fields.bytes()); methods.next();) {
          if (!methods.is(kServiceMethod, ProtoFields::kBytes)) continue;
          symbols_.emplace(qualified(service, methods.bytes()), file);
          paths.push_back(fmt::format("/{}/{}", service, text_field(methods.bytes(), 1)));
        }
        break;
      }
      default: break;
    }
  }
}

void GrpcReflection::index_types(std::string_view message, const std::string& scope,
                                 std::string_view file) {
  std::vector<std::pair<std::string_view, std::string>> open = {{message, scope}};
  while (!open.empty()) {
    const auto [descriptor, outer] = std::move(open.back());
    open.pop_back();
    const std::string name = qualified(outer, descriptor);
    symbols_.emplace(name, file);
    types_.emplace(name, file);
    for (ProtoFields fields(descriptor); fields.next();) {
      if (fields.kind() != ProtoFields::kBytes) continue;
      switch (fields.number()) {
        case kNested: open.emplace_back(fields.bytes(), name); break;
        case kField:
        case kOneof: symbols_.emplace(qualified(name, fields.bytes()), file); break;
        case kEnum:
          symbols_.emplace(qualified(name, fields.bytes()), file);
          for (ProtoFields values(fields.bytes()); values.next();) {
            if (!values.is(kEnumValue, ProtoFields::kBytes)) continue;
            symbols_.emplace(qualified(name, values.bytes()), file);
          }
          break;
        default: break;
      }
    }
  }
}

bool GrpcReflection::is_served(const std::vector<std::string>& methods, uint32_t listener) const {
  return served_ == nullptr || std::ranges::any_of(methods, [&](const std::string& path) {
           return served_->method(path, listener) != Method::kUnknown;
         });
}

Result<std::string> GrpcReflection::answer(std::string_view request_bytes,
                                           uint32_t listener) const {
  v1::ServerReflectionResponse response;
  v1::ServerReflectionRequest& request = *response.mutable_original_request();
  if (request_bytes.size() > kRequestBytesMax ||
      !request.ParseFromArray(request_bytes.data(), static_cast<int>(request_bytes.size()))) {
    return invalid_argument("the ServerReflectionRequest is malformed protobuf, or too large");
  }
  response.set_valid_host(request.host());
  const auto give_file = [&](const auto& known, const std::string& name, std::string_view what) {
    const auto found = known.find(name);
    if (found == known.end()) {
      *response.mutable_error_response() =
          error(StatusCode::kNotFound, fmt::format("{} is not known: {}", what, name));
      return;
    }
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(found->second.data(),
                                                                           found->second.size());
  };
  switch (request.message_request_case()) {
    case v1::ServerReflectionRequest::kFileByFilename:
      give_file(files_, request.file_by_filename(), "the file");
      break;
    case v1::ServerReflectionRequest::kFileContainingSymbol:
      give_file(symbols_, request.file_containing_symbol(), "the symbol");
      break;
    case v1::ServerReflectionRequest::kFileContainingExtension:
      *response.mutable_error_response() =
          error(StatusCode::kNotFound,
                fmt::format("there is no extension {} of {}",
                            request.file_containing_extension().extension_number(),
                            request.file_containing_extension().containing_type()));
      break;
    case v1::ServerReflectionRequest::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      if (types_.contains(type)) {  // none of ours has extensions
        response.mutable_all_extension_numbers_response()->set_base_type_name(type);
      } else {
        *response.mutable_error_response() =
            error(StatusCode::kNotFound, fmt::format("the type is not known: {}", type));
      }
      break;
    }
    case v1::ServerReflectionRequest::kListServices:
      for (const auto& [name, methods] : services_) {
        if (!is_served(methods, listener)) continue;
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case v1::ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      return invalid_argument("the ServerReflectionRequest asks for nothing");
  }
  return response.SerializeAsString();
}

/// One call: each message is answered by one.
class GrpcReflection::Stream final : public transport::GrpcCallHandler {
 public:
  Stream(const GrpcReflection& reflection, std::shared_ptr<transport::GrpcCall> call)
      : reflection_(reflection), call_(std::move(call)), listener_(call_->request().listener) {}

  bool on_message(std::string_view message) override {
    Result<std::string> answer = reflection_.answer(message, listener_);
    if (!answer.ok()) {
      call_->finish(answer.status(), {});
      return true;
    }
    call_->send(std::move(answer).value());
    held_back_ = call_->queued_bytes() > kQueuedBytesMax;
    return !held_back_;
  }
  void on_end() override { call_->finish(Status(), {}); }
  void on_writable() override {
    if (std::exchange(held_back_, false)) call_->resume();
  }
  void on_cancel() override {}

 private:
  const GrpcReflection& reflection_;
  const std::shared_ptr<transport::GrpcCall> call_;
  const uint32_t listener_;
  bool held_back_ = false;  // until more is sent
};

transport::GrpcHandler::Method GrpcReflection::method(std::string_view path,
                                                      uint32_t /*listener*/) const {
  return std::ranges::find(kMethods, path) != std::end(kMethods) ? Method::kStreaming
                                                                 : Method::kUnknown;
}

void GrpcReflection::handle(transport::GrpcExchange&) { CHECK(false); }  // it has streams only

std::unique_ptr<transport::GrpcCallHandler> GrpcReflection::open(
    std::shared_ptr<transport::GrpcCall> call) {
  return std::make_unique<Stream>(*this, std::move(call));
}

}  // namespace slipway::protocols
